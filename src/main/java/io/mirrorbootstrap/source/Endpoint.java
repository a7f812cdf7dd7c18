package io.mirrorbootstrap.source;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.wire.Protocol;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;

/**
 * Where a sidecar is met: the one understanding of a URL that all who speak to it have.
 *
 * @param host name or address as it is looked up: without brackets, of an address perhaps with its zone ({@code fe80::1%eth0})
 * @param port 1 to 65535
 * @param tls whether the connection is encrypted
 * @param base the path below which the sidecar's own paths are; empty, or with a slash before and none behind
 * @param query what each request has behind its path, for a proxy in between; with its question mark, or empty
 */
public record Endpoint(String host, int port, boolean tls, String base, String query) {

    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;
    private static final int MAX_SUGGESTION = 100;
    private static final String MIRRORS = "/v1/mirrors/";

    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://(.*)");

    /** Names as Docker and Compose give them have underscores, which {@link URI} takes for no host. */
    private static final Pattern AUTHORITY = Pattern
            .compile("(?:\\[([0-9A-Fa-f:.]+)(?:%(?:25)?([A-Za-z0-9._~-]+))?]|([A-Za-z0-9._-]+))(?::(\\d*))?");

    /** What comes before the last at sign may be a password, and is shown to nobody. */
    private static final Pattern SECRET = Pattern.compile("^([A-Za-z][A-Za-z0-9+.-]*://)?.*@", Pattern.DOTALL);
    private static final Pattern QUERY = Pattern.compile("\\?.*", Pattern.DOTALL);

    /**
     * Reads a URL: {@code ws}, {@code wss}, {@code http} or {@code https}; the port defaults to the scheme's. Its path is
     * what the sidecar's own paths begin with, with or without a slash at its end; {@value Protocol#PATH} at its end is not
     * counted.
     *
     * @throws IllegalArgumentException when it is none, with a message for a person, in which no password is
     */
    public static Endpoint parse(String url) {
        String shown = "'" + QUERY.matcher(SECRET.matcher(url).replaceFirst("$1…@")).replaceFirst("?…") + "'";
        if (!url.chars().allMatch(c -> c > ' ' && c <= '~')) {
            throw new IllegalArgumentException(shown + " is not a URL: it must have printable ASCII characters only; "
                    + "a host name of others has a form that begins with xn--, a path has them as %XX");
        }
        Matcher split = SCHEME.matcher(url);
        if (!split.matches() || !split.group(1).toLowerCase(Locale.ROOT).matches("wss?|https?")) {
            throw new IllegalArgumentException(shown
                    + " must begin with http://, https://, ws:// or wss://, as in http://" + suggestion(url));
        }
        boolean tls = split.group(1).toLowerCase(Locale.ROOT).matches("wss|https");
        String rest = split.group(2);
        int end = end(rest);
        String authority = rest.substring(0, end);
        if (authority.contains("@") || rest.contains("#")) {
            throw new IllegalArgumentException(shown + " must not contain a user name or a fragment");
        }
        Matcher parts = AUTHORITY.matcher(authority);
        if (!parts.matches()) {
            throw new IllegalArgumentException(shown + " is not a URL: "
                    + (authority.isEmpty() || authority.startsWith(":")
                            ? "it names no host"
                            : "'" + authority + "' is no host, or its port is not a number"));
        }
        String number = parts.group(4);
        int port = number == null || number.isEmpty() ? tls ? HTTPS_PORT : HTTP_PORT : port(number);
        if (port < 1 || port > 0xFFFF) {
            throw new IllegalArgumentException("the port of " + shown + " must be from 1 to 65535");
        }
        URI path;
        try {
            path = new URI("http://host" + rest.substring(end));
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(shown + " is not a URL: its path has an error: " + e.getReason(), e);
        }
        return new Endpoint(host(parts), port, tls, base(path.getRawPath()),
                path.getRawQuery() == null ? "" : "?" + path.getRawQuery());
    }

    /**
     * The addresses that the name has now; those of this machine's own are known without asking. Waits for the resolver, for as long as
     * that likes.
     *
     * @throws UnknownHostException when it has none
     */
    public List<InetAddress> addresses() throws UnknownHostException {
        return Dialer.resolved(host);
    }

    /** The host and the port, as they stand in a URL, and the base path, if there is one. */
    public String place() {
        return name() + ":" + port + base;
    }

    /** As {@link #place}, of one of its addresses. */
    public String place(InetAddress address) {
        return inUrl(address.getHostAddress()) + ":" + port + base;
    }

    /** The host as it stands in a URL or in the header {@code Host}: a zone means something on this machine only. */
    String name() {
        int zone = host.indexOf('%');
        String name = zone < 0 ? host : host.substring(0, zone);
        boolean isRooted = name.endsWith(".") && !name.contains(":");
        return isRooted ? name.substring(0, name.length() - 1) : inUrl(name);
    }

    /** A name or an address as it stands in front of a port. */
    public static String inUrl(String host) {
        return host.contains(":") ? "[" + host + "]" : host;
    }

    /** What the header {@code Host} says. */
    String authority() {
        return port == (tls ? HTTPS_PORT : HTTP_PORT) ? name() : name() + ":" + port;
    }

    /** A request for {@code path} of it, to be met at any of its addresses. */
    RequestOptions request(HttpMethod method, String path) {
        return new RequestOptions().setMethod(method).setHost(name()).setPort(port).setSsl(tls).setURI(path)
                .putHeader(HttpHeaders.HOST, authority());
    }

    /** Where a link is opened. */
    String link() {
        return base + Protocol.PATH + query;
    }

    /** Where the status of {@code database} is. */
    String mirror(DatabaseId database) {
        return base + MIRRORS + database + query;
    }

    /** Where the committed snapshot of {@code database} is. */
    String snapshot(DatabaseId database) {
        return base + MIRRORS + database + "/snapshot" + query;
    }

    /** Where its manifest is. */
    String manifest(DatabaseId database) {
        return base + MIRRORS + database + "/manifest" + query;
    }

    /** Where the statuses of all databases are. */
    String mirrors() {
        return base + MIRRORS.substring(0, MIRRORS.length() - 1) + query;
    }

    /** Where {@code database} is removed with its committed snapshot, too. */
    String mirrorWithSnapshot(DatabaseId database) {
        return mirror(database) + (query.isEmpty() ? "?" : "&") + "snapshot=true";
    }

    /** The address of the link as one would type it, but for a query, which may have a secret in it. */
    @Override
    public String toString() {
        return (tls ? "wss://" : "ws://") + name() + ":" + port + base + Protocol.PATH + (query.isEmpty() ? "" : "?…");
    }

    private static int end(String rest) {
        int end = 0;
        while (end < rest.length() && "/?#".indexOf(rest.charAt(end)) < 0) {
            end++;
        }
        return end;
    }

    /** What was given, if it is likely to be all but the scheme. */
    private static String suggestion(String url) {
        boolean bare = !SCHEME.matcher(url).matches() && AUTHORITY.matcher(url.substring(0, end(url))).matches();
        return bare && url.length() <= MAX_SUGGESTION && !url.contains("@") ? url : "localhost:8080";
    }

    private static String host(Matcher parts) {
        String address = parts.group(1);
        if (address == null) {
            return parts.group(3);
        }
        return parts.group(2) == null ? address : address + "%" + parts.group(2);
    }

    private static int port(String digits) {
        return digits.length() > 5 ? -1 : Integer.parseInt(digits);
    }

    private static String base(String path) {
        String base = withoutSlashes(path);
        return base.endsWith(Protocol.PATH)
                ? withoutSlashes(base.substring(0, base.length() - Protocol.PATH.length()))
                : base;
    }

    private static String withoutSlashes(String path) {
        int end = path.length();
        while (end > 0 && path.charAt(end - 1) == '/') {
            end--;
        }
        return path.substring(0, end);
    }
}
