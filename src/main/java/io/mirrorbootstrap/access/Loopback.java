package io.mirrorbootstrap.access;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** Names and addresses of this machine alone. Any thread. */
public final class Loopback {

    private static final Pattern ADDRESS = Pattern.compile("127(\\.\\d{1,3}){3}|\\[?::1]?");

    private Loopback() {
    }

    /** Whether {@code host}, which an operator or a user names, is at this machine's own address. May ask a name server. */
    public static boolean isAddressOf(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** Whether {@code host} is spelled as this machine is. Asks no name server: an attacker may run it. */
    static boolean isSpelledBy(String host) {
        return host.equalsIgnoreCase("localhost") || ADDRESS.matcher(host).matches();
    }
}
