package io.mirrorbootstrap;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** Ports that a test tells a program to listen on later. */
public final class FreePort {

    /** Below those that the kernel gives to connections, any of which could take the port in between. */
    private static final int FROM = 10_000;
    private static final int TO = 32_768;

    private static final Set<Integer> TAKEN = ConcurrentHashMap.newKeySet();

    private FreePort() {
    }

    /** One on which nothing listens, and which is given once. */
    public static int take() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(FROM, TO);
            try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                if (TAKEN.add(free.getLocalPort())) {
                    return port;
                }
            } catch (BindException e) {
                continue; // another one
            }
        }
    }
}
