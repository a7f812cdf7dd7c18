package io.mirrorbootstrap.source;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

import io.mirrorbootstrap.wire.Protocol;

/**
 * Where a sidecar listens.
 *
 * @param host name or address, without brackets
 * @param port 1 to 65535
 * @param tls whether the link is encrypted
 * @param path the absolute path of the WebSocket, with its query if there is one
 */
public record Endpoint(String host, int port, boolean tls, String path) {

    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    /**
     * Reads an address: {@code ws}, {@code wss}, {@code http} or {@code https}; the port defaults to the scheme's, the
     * path to {@value Protocol#PATH}.
     *
     * @throws IllegalArgumentException when it is none, with a message for a person
     */
    public static Endpoint parse(String url) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("'" + url + "' is not a URL: " + e.getReason(), e);
        }
        boolean tls = switch (String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT)) {
            case "ws", "http" -> false;
            case "wss", "https" -> true;
            default -> throw new IllegalArgumentException("'" + url
                    + "' must begin with http://, https://, ws:// or wss://, as in http://localhost:8080");
        };
        if (uri.getHost() == null) {
            throw new IllegalArgumentException("'" + url + "' names no host, or its port is not a number");
        }
        if (uri.getUserInfo() != null || uri.getFragment() != null) {
            throw new IllegalArgumentException("'" + url + "' must not contain a user name or a fragment");
        }
        int port = uri.getPort() != -1 ? uri.getPort() : tls ? HTTPS_PORT : HTTP_PORT;
        if (port < 1 || port > 0xFFFF) {
            throw new IllegalArgumentException("the port of '" + url + "' must be from 1 to 65535");
        }
        String path = uri.getRawPath().isEmpty() || uri.getRawPath().equals("/") ? Protocol.PATH : uri.getRawPath();
        return new Endpoint(uri.getHost().replaceAll("[\\[\\]]", ""), port, tls,
                uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery());
    }

    /** The address as one would type it. */
    @Override
    public String toString() {
        String name = host.contains(":") ? "[" + host + "]" : host;
        return (tls ? "wss://" : "ws://") + name + ":" + port + path;
    }
}
