package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.SmallFile;

import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that say which sidecars a snapshot is sent to. */
final class Targets {

    private static final String URL = "--url";
    private static final String URL_FILE = "--url-file";
    private static final String EVERY_ADDRESS = "--every-address";

    /** Each has a thread, an event loop and some memory. */
    private static final int MOST = 64;

    /** It is not sent to. */
    private static final int ANY_PORT = 9;

    private static final int MOST_FILE_BYTES = 256 * 1024;

    private static final char COMMENT = '#';

    @Option(names = URL, paramLabel = "URL", split = "\\s+", hideParamSyntax = true, description = "The sidecar: http://, https://, "
            + "ws:// or wss://, host, port (default: the scheme's) and, behind a proxy that has one, a base path. Given several times, "
            + "it is sent to all of them at once. Default: $MIRROR_BOOTSTRAP_URL, one or several with blanks between them.")
    private List<Endpoint> urls = List.of();

    @Option(names = URL_FILE, paramLabel = "FILE", description = "Has the URLs of further sidecars, one a line, with empty lines and lines that begin with #. Read at the start.")
    private Optional<Path> file;

    @Option(names = EVERY_ADDRESS, description = "Sends to all addresses that the names in the URLs have at the start, each of which is "
            + "another sidecar: the Pods behind a headless Service.")
    private boolean everyAddress;

    /**
     * One of them.
     *
     * @param name which it is, in a few words: host and port, or an address and the port
     * @param address the one at which it is met; empty: any that the host has
     */
    record Target(String name, Endpoint endpoint, Optional<InetAddress> address) {
    }

    /**
     * Which they are, at least one.
     *
     * @throws ParameterException when there is none, there are too many, one is there twice, or a file cannot be used
     */
    List<Target> all(CommandLine command) {
        List<Endpoint> endpoints = new ArrayList<>(urls);
        endpoints.addAll(ofFile(command));
        if (endpoints.isEmpty()) {
            throw new ParameterException(command, file.isPresent()
                    ? URL_FILE + " " + file.get() + " has no URL"
                    : "Missing required option: '--url=URL'");
        }
        Map<String, Target> all = new LinkedHashMap<>();
        for (Endpoint endpoint : endpoints) {
            if (everyAddress) {
                addresses(command, endpoint).forEach(address -> all.putIfAbsent(endpoint.place(address),
                        new Target(endpoint.place(address), endpoint, Optional.of(address))));
            } else if (all.put(endpoint.place().toLowerCase(Locale.ROOT),
                    new Target(endpoint.place(), endpoint, Optional.empty())) != null) {
                throw new ParameterException(command, URL + ": " + endpoint.place()
                        + " is there twice: the second link would take over from the first");
            }
        }
        if (all.size() > MOST) {
            throw new ParameterException(command, all.size() + " sidecars are named, at most " + MOST + " may be");
        }
        return List.copyOf(all.values());
    }

    private List<Endpoint> ofFile(CommandLine command) {
        if (file.isEmpty()) {
            return List.of();
        }
        List<Endpoint> read = new ArrayList<>();
        try {
            String lines = new String(SmallFile.readOnce(file.get(), MOST_FILE_BYTES), StandardCharsets.UTF_8);
            for (String line : lines.split("\n")) {
                String url = line.strip();
                if (!url.isEmpty() && url.charAt(0) != COMMENT) {
                    read.add(Endpoint.parse(url));
                }
            }
            return read;
        } catch (IOException | IllegalArgumentException e) {
            throw new ParameterException(command,
                    URL_FILE + ": " + (e instanceof IOException ? "" : file.get() + " cannot be used: ")
                            + e.getMessage(),
                    e);
        }
    }

    private static List<InetAddress> addresses(CommandLine command, Endpoint endpoint) {
        try {
            List<InetAddress> all = endpoint.addresses();
            List<InetAddress> met = all.stream().filter(Targets::hasRoute).toList();
            List<InetAddress> one = ofOneFamily(met.isEmpty() ? all : met);
            if (one.size() < all.size()) {
                command.getErr().println(EVERY_ADDRESS + ": " + endpoint.place()
                        + " has addresses of IPv4 and of IPv6, by which each sidecar would be met twice: it is sent to those of one kind, "
                        + one.size() + " of " + all.size());
            }
            return one;
        } catch (IOException e) {
            throw new ParameterException(command, EVERY_ADDRESS + ": no address of " + endpoint.place() + " is known: "
                    + Text.readable(String.valueOf(e.getMessage())), e);
        }
    }

    /** Where a name has addresses of both kinds, each sidecar behind it has one of each: the kind of which there are more, else of the first. */
    static List<InetAddress> ofOneFamily(List<InetAddress> all) {
        Map<Class<?>, List<InetAddress>> families = all.stream()
                .collect(Collectors.groupingBy(InetAddress::getClass, LinkedHashMap::new, Collectors.toList()));
        return families.values().stream().reduce((first, next) -> next.size() > first.size() ? next : first)
                .orElseThrow();
    }

    /** Whether this machine can reach addresses of this kind at all; nothing is sent. */
    private static boolean hasRoute(InetAddress address) {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(address, ANY_PORT));
            return true;
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    /** Whether each address of a name is another one. */
    boolean isEveryAddress() {
        return everyAddress;
    }
}
