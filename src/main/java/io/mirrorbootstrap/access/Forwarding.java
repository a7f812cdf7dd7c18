package io.mirrorbootstrap.access;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.AddressBlock;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.core.net.SocketAddress;

/**
 * What a proxy before the sidecar says about the caller for whom it speaks: {@code X-Forwarded-For}, {@code -Proto} and {@code -Host}, or
 * {@code Forwarded} (RFC 7239). It counts only from an address that the operator trusts, and only what the last such proxy has
 * added. Limits for strangers count connections all the same. Any thread.
 * <p>
 * Not Quarkus' own (quarkus.http.proxy): it trusts all where none is named, takes the first address of a list, which a
 * caller can forge through an honest proxy, and writes the header {@code Host} anew before the handshake is looked at.
 */
@ApplicationScoped
class Forwarding {

    private static final String KEY = "mirror-bootstrap.trusted-proxies";
    private static final String FORWARDED = "Forwarded";
    private static final String FOR = "X-Forwarded-For";
    private static final String PROTO = "X-Forwarded-Proto";
    private static final String HOST = "X-Forwarded-Host";

    /** An element of which nothing is known. It hides those before it: they are not what the last proxy has added. */
    private static final String UNREADABLE = "?";

    /** An address as it stands in a list, perhaps with a port: in brackets where it is of IPv6 and has one. */
    private static final Pattern NODE = Pattern.compile("\\[(.*)](?::\\w+)?|([^:]*):\\w+|(.*)");

    /** A field of {@code Forwarded}; a value may stand in quotes. */
    private static final Pattern FIELD = Pattern.compile("(?<!\\w)(\\w++)=(?:\"([^\"]*)\"|([^;,\\s\"]*))");

    private final List<AddressBlock> trusted = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();

    Forwarding(AccessSettings settings) {
        settings.trustedProxies().orElse(List.of()).forEach(
                block -> AddressBlock.parse(block.strip()).ifPresentOrElse(trusted::add, () -> wrong.add(block)));
    }

    void check(@Observes StartupEvent event) {
        wrong.stream().findFirst().ifPresent(block -> {
            throw new ConfigurationException(KEY + " has " + Text.quoted(block)
                    + ", it must be addresses or blocks of them, as in 10.0.0.7 or fd00::/8");
        });
    }

    /**
     * How a request was made, before any proxy that is trusted.
     *
     * @param host the host it was made to; empty where that is not known
     * @param tls whether it was encrypted
     * @param source the address it came from, for the log: that of the connection where no other is known
     */
    record Seen(Optional<HostAndPort> host, boolean tls, String source) {
    }

    /** How {@code request} was made. */
    Seen seen(HttpServerRequest request) {
        SocketAddress peer = request.connection().remoteAddress();
        Optional<HostAndPort> host = Optional.ofNullable(request.authority());
        boolean two = request.headers().contains(FORWARDED) && (request.headers().contains(FOR)
                || request.headers().contains(PROTO) || request.headers().contains(HOST));
        if (peer == null || peer.hostAddress() == null || !isTrusted(peer.hostAddress()) || two) { // of two, one is not the proxy's
            return new Seen(host, request.isSSL(), String.valueOf(peer));
        }
        List<String> elements = list(request, FORWARDED);
        Optional<String> last = elements.stream().reduce((one, next) -> next);
        List<String> sources = elements.isEmpty()
                ? list(request, FOR)
                : elements.stream().map(element -> field(element, "for").orElse("")).toList();
        Optional<String> proto = last.isPresent() ? field(last.get(), "proto") : last(request, PROTO);
        Optional<String> named = last.isPresent() ? field(last.get(), "host") : last(request, HOST);
        return new Seen(named.map(name -> HostAndPort.parseAuthority(name, -1)).or(() -> host),
                proto.map(scheme -> scheme.toLowerCase(Locale.ROOT).matches("https|wss")).orElse(request.isSSL()),
                source(sources).map(address -> address + " by " + peer).orElse(String.valueOf(peer)));
    }

    /** The last address that is no trusted proxy: any caller may have written what stands before it. */
    private Optional<String> source(List<String> nodes) {
        List<String> backwards = new ArrayList<>(nodes);
        Collections.reverse(backwards);
        Optional<String> known = Optional.empty();
        for (String node : backwards) {
            String address = address(node);
            if (!AddressBlock.isAddress(address)) {
                return known;
            }
            known = Optional.of(address);
            if (!isTrusted(address)) {
                return known;
            }
        }
        return known;
    }

    private boolean isTrusted(String address) {
        return trusted.stream().anyMatch(block -> block.contains(address));
    }

    private static String address(String node) {
        if (AddressBlock.isAddress(node)) {
            return node;
        }
        Matcher parts = NODE.matcher(node);
        return !parts.matches()
                ? ""
                : parts.group(1) != null ? parts.group(1) : parts.group(2) != null ? parts.group(2) : node;
    }

    private static Optional<String> field(String element, String name) {
        Matcher field = FIELD.matcher(element);
        while (field.find()) {
            if (field.group(1).equalsIgnoreCase(name)) {
                return Optional.of(field.group(2) != null ? field.group(2) : field.group(3));
            }
        }
        return Optional.empty();
    }

    private static Optional<String> last(HttpServerRequest request, String name) {
        return list(request, name).stream().reduce((one, next) -> next);
    }

    /** The elements of a list, which may be spread over several fields. */
    private static List<String> list(HttpServerRequest request, String name) {
        List<String> elements = new ArrayList<>();
        for (String field : request.headers().getAll(name)) {
            elements.addAll(name.equals(FORWARDED) ? elements(field) : List.of(field.split(",")));
        }
        elements.replaceAll(String::strip);
        elements.removeIf(String::isEmpty);
        return elements;
    }

    /**
     * The elements of a field of {@code Forwarded}, where commas may stand in quotes. A proxy appends whole elements: with an odd number of
     * quotes somebody before it has left one open, and what would be in quotes and what not is turned around.
     */
    private static List<String> elements(String field) {
        List<String> elements = new ArrayList<>();
        boolean quoted = false;
        int start = 0;
        for (int i = 0; i <= field.length(); i++) {
            quoted ^= i < field.length() && field.charAt(i) == '"';
            if (i == field.length() || field.charAt(i) == ',' && !quoted) {
                elements.add(field.substring(start, i));
                start = i + 1;
            }
        }
        return quoted ? List.of(UNREADABLE) : elements;
    }
}
