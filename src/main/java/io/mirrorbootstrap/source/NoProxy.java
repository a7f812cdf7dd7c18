package io.mirrorbootstrap.source;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import io.netty.util.NetUtil;

/**
 * The value of {@code no_proxy}, as curl reads it: names, which also stand for all names below them, addresses, blocks of
 * them (CIDR), each perhaps with a port, with commas or spaces between; {@code *} alone is all.
 */
final class NoProxy {

    private final List<String> entries;

    NoProxy(String list) {
        this.entries = Arrays.stream(list.toLowerCase(Locale.ROOT).split("[,\\s]+")).filter(entry -> !entry.isEmpty())
                .toList();
    }

    /** Whether {@code endpoint} is one of them. Asks no name server. */
    boolean names(Endpoint endpoint) {
        String host = withoutDot(endpoint.host().toLowerCase(Locale.ROOT).replaceFirst("%.*", ""));
        return entries.equals(List.of("*")) || entries.stream().anyMatch(entry -> names(entry, host, endpoint.port()));
    }

    /** Whether {@code host} is this machine by its spelling. Asks no name server. */
    static boolean isLoopback(String host) {
        byte[] address = address(host);
        String name = withoutDot(host.toLowerCase(Locale.ROOT));
        return address == null
                ? name.equals("localhost") || name.endsWith(".localhost")
                : address.length == 4 ? address[0] == 127 : Arrays.equals(address, address("::1"));
    }

    private static boolean names(String entry, String host, int port) {
        int colon = entry.lastIndexOf(':');
        boolean withPort = colon > 0 && entry.substring(colon + 1).matches("\\d+")
                && (entry.indexOf(':') == colon || entry.charAt(colon - 1) == ']');
        if (withPort && !entry.substring(colon + 1).equals(String.valueOf(port))) {
            return false;
        }
        String name = withoutDot((withPort ? entry.substring(0, colon) : entry).replaceAll("[\\[\\]]", ""));
        byte[] address = address(host);
        if (address != null) {
            return contains(name, address);
        }
        String domain = name.replaceFirst("^\\*?\\.", "");
        return !domain.isEmpty() && (host.equals(domain) || host.endsWith("." + domain));
    }

    /** @param block an address, or one with how many of its bits count */
    private static boolean contains(String block, byte[] address) {
        int slash = block.indexOf('/');
        byte[] network = address(slash < 0 ? block : block.substring(0, slash));
        String length = slash < 0 ? "" : block.substring(slash + 1);
        if (network == null || network.length != address.length || !length.matches("\\d{0,3}")) {
            return false;
        }
        int bits = length.isEmpty() ? 8 * address.length : Integer.parseInt(length);
        if (bits > 8 * address.length) {
            return false;
        }
        for (int i = 0; i < bits; i++) {
            if (((network[i / 8] ^ address[i / 8]) >> 7 - i % 8 & 1) != 0) {
                return false;
            }
        }
        return true;
    }

    private static byte[] address(String text) {
        return NetUtil.createByteArrayFromIpAddressString(text);
    }

    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }
}
