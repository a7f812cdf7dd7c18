package io.mirrorbootstrap.source;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

import io.mirrorbootstrap.wire.AddressBlock;

/**
 * The value of {@code no_proxy}, as curl reads it: names, which also stand for all names below them, addresses, blocks of
 * them (CIDR), each perhaps with a port, with commas or spaces between; {@code *} alone is all.
 */
final class NoProxy {

    private static final List<AddressBlock> LOOPBACK = Stream.of("127.0.0.0/8", "::1").map(AddressBlock::parse)
            .flatMap(Optional::stream).toList();

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
        String name = withoutDot(host.toLowerCase(Locale.ROOT));
        return name.equals("localhost") || name.endsWith(".localhost")
                || LOOPBACK.stream().anyMatch(block -> block.contains(host));
    }

    private static boolean names(String entry, String host, int port) {
        int colon = entry.lastIndexOf(':');
        boolean withPort = colon > 0 && entry.substring(colon + 1).matches("\\d+")
                && (entry.indexOf(':') == colon || entry.charAt(colon - 1) == ']');
        if (withPort && !entry.substring(colon + 1).equals(String.valueOf(port))) {
            return false;
        }
        String name = withoutDot((withPort ? entry.substring(0, colon) : entry).replaceAll("[\\[\\]]", ""));
        if (AddressBlock.isAddress(host)) {
            return AddressBlock.parse(name).filter(block -> block.contains(host)).isPresent();
        }
        String domain = name.replaceFirst("^\\*?\\.", "");
        return !domain.isEmpty() && (host.equals(domain) || host.endsWith("." + domain));
    }

    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }
}
