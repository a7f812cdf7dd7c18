package io.mirrorbootstrap.source;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a snapshot is that is read from a server of HTTP. Its query may be a secret, as that of a presigned URL is: it is part of no text
 * but the request.
 *
 * @param server where it is met
 * @param path begins with a slash
 * @param query with its question mark, or empty
 */
public record SourceUrl(Endpoint server, String path, String query) {

    private static final Pattern URL = Pattern.compile("(?i)https?://[^/?#]*([^?#]*)(\\?[^#]*)?(#.*)?");

    /** Whether a text is meant as a URL, not as the name of a file. */
    public static boolean isMeant(String text) {
        return text.regionMatches(true, 0, "http://", 0, "http://".length())
                || text.regionMatches(true, 0, "https://", 0, "https://".length());
    }

    /**
     * Reads a URL.
     *
     * @throws IllegalArgumentException when it is none, with a message for a person, in which there is neither password nor query
     */
    public static SourceUrl parse(String url) {
        Endpoint server = Endpoint.parse(url);
        Matcher parts = URL.matcher(url);
        if (!parts.matches()) {
            throw new IllegalArgumentException("it must begin with http:// or https://");
        }
        return new SourceUrl(server, parts.group(1).isEmpty() ? "/" : parts.group(1),
                parts.group(2) == null ? "" : parts.group(2));
    }

    /** What a request asks for. */
    String target() {
        return path + query;
    }

    /** The server, as scheme, host and, where it is not the scheme's, port. */
    public String origin() {
        return (server.tls() ? "https://" : "http://") + server.authority();
    }

    /** Whether what its server is shown can be read on the way there: it is neither encrypted nor for this machine itself. */
    public boolean isOpenToOthers() {
        return !server.tls() && !NoProxy.isLoopback(server.host());
    }

    /** What the bytes are named by: without the query, which is another each time the URL is signed. */
    String place() {
        return origin() + path;
    }

    /** As one would give it, without the query. */
    @Override
    public String toString() {
        return place() + (query.isEmpty() ? "" : "?…");
    }
}
