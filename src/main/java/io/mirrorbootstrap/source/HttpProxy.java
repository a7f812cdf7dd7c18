package io.mirrorbootstrap.source;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A proxy that is asked by {@code CONNECT} to lead on to the sidecar, for {@code http://} as for {@code https://}: a link is
 * no request that could be passed on, and {@code send} and {@code wait} take the same way.
 *
 * @param host name or address, without brackets
 * @param port 1 to 65535
 * @param login user and password, with a colon between; each character is a byte, as a proxy need not know UTF-8
 */
public record HttpProxy(String host, int port, Optional<String> login) {

    private static final Pattern URL = Pattern.compile("(?i:http://)?(?:(.*)@)?(.*?)/*");
    private static final Pattern OTHER_SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://.*", Pattern.DOTALL);

    /**
     * Reads the URL of a proxy: {@code http://[USER:PASSWORD@]HOST[:PORT]}; the port defaults to 80, what is no letter or
     * digit of USER and PASSWORD may stand as {@code %XX}.
     *
     * @throws IllegalArgumentException when it is none, with a message for a person, in which no password is
     */
    public static HttpProxy parse(String url) {
        Matcher other = OTHER_SCHEME.matcher(url);
        if (other.matches() && !other.group(1).equalsIgnoreCase("http")) {
            throw new IllegalArgumentException("a proxy of " + other.group(1).toLowerCase(Locale.ROOT)
                    + ":// cannot be used, it must be one of http://");
        }
        Matcher parts = URL.matcher(url);
        if (!parts.matches()) {
            throw new IllegalArgumentException("it is no URL");
        }
        Endpoint address = Endpoint.parse("http://" + parts.group(2));
        if (!address.base().isEmpty() || !address.query().isEmpty()) {
            throw new IllegalArgumentException("'" + parts.group(2) + "' has a path, which a proxy has not");
        }
        return new HttpProxy(address.host(), address.port(),
                Optional.ofNullable(parts.group(1)).map(HttpProxy::decoded));
    }

    /**
     * The proxy that an environment names for {@code endpoint}, by the rules of curl: {@code https_proxy} or
     * {@code http_proxy}, else {@code all_proxy}, but not for what {@code no_proxy} names; each in small letters, else in
     * capitals. Never for this machine itself, and not {@code HTTP_PROXY} where a web server may have made it of a header.
     *
     * @throws IllegalArgumentException when it names none, with a message for a person, in which no password is
     */
    public static Optional<HttpProxy> of(Map<String, String> environment, Endpoint endpoint) {
        boolean cgi = environment.containsKey("REQUEST_METHOD");
        List<String> names = Stream.of(endpoint.tls() ? "https_proxy" : "http_proxy", "all_proxy")
                .flatMap(name -> Stream.of(name, name.toUpperCase(Locale.ROOT)))
                .filter(name -> !(cgi && name.equals("HTTP_PROXY"))).toList();
        Optional<String> named = names.stream().filter(environment::containsKey).findFirst()
                .filter(name -> !environment.get(name).isBlank());
        String except = environment.getOrDefault("no_proxy", environment.getOrDefault("NO_PROXY", ""));
        if (named.isEmpty() || NoProxy.isLoopback(endpoint.host()) || new NoProxy(except).names(endpoint)) {
            return Optional.empty();
        }
        try {
            return Optional.of(parse(environment.get(named.get()).strip()));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the proxy in the environment variable " + named.get() + ": " + e.getMessage(), e);
        }
    }

    /** What asks it to lead on to {@code endpoint}. */
    String request(Endpoint endpoint) {
        String target = endpoint.name() + ":" + endpoint.port();
        return "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n"
                + login.map(secret -> "Proxy-Authorization: Basic "
                        + Base64.getEncoder().encodeToString(secret.getBytes(StandardCharsets.ISO_8859_1)) + "\r\n")
                        .orElse("")
                + "\r\n";
    }

    /** Without user and password. */
    @Override
    public String toString() {
        return "http://" + Endpoint.inUrl(host) + ":" + port;
    }

    private static String decoded(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream decoded = new ByteArrayOutputStream();
        for (int i = 0; i < encoded.length; i++) {
            int high = encoded[i] == '%' && i + 2 < encoded.length ? Character.digit(encoded[i + 1], 16) : -1;
            int low = high >= 0 ? Character.digit(encoded[i + 2], 16) : -1;
            decoded.write(low >= 0 ? high << 4 | low : encoded[i]);
            i += low >= 0 ? 2 : 0;
        }
        return decoded.toString(StandardCharsets.ISO_8859_1);
    }
}
