package io.mirrorbootstrap.link;

import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.TraceContext;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.Protocol;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;

/**
 * The opening handshake of a WebSocket, by RFC 6455, 4.2.1 and RFC 9110: whether a request is one, in whatever form that says it. Any
 * thread.
 */
final class Handshake {

    /** The one version there is. */
    static final String VERSION = "13";

    static final String VERSION_HEADER = "Sec-WebSocket-Version";

    private static final String KEY_HEADER = "Sec-WebSocket-Key";
    private static final String PROTOCOL_HEADER = "Sec-WebSocket-Protocol";
    private static final String WEBSOCKET = "websocket";
    private static final String UPGRADE = "Upgrade";
    private static final int KEY_BYTES = 16;

    private static final int BAD_REQUEST = 400;
    private static final int UPGRADE_REQUIRED = 426;

    private Handshake() {
    }

    /**
     * Why there will be no link, before the upgrade.
     *
     * @param status of HTTP
     */
    record Problem(int status, ErrorCode code, String message) {
    }

    /** What is wrong with the handshake of which this is the head, if anything. */
    static Optional<Problem> problem(HttpMethod method, HttpVersion version, MultiMap headers) {
        if (!method.equals(HttpMethod.GET) || list(headers, UPGRADE).stream().noneMatch(WEBSOCKET::equalsIgnoreCase)) {
            return Optional.of(new Problem(UPGRADE_REQUIRED, ErrorCode.UPGRADE_REQUIRED,
                    "this is where a source opens a WebSocket: the request must be a GET that asks for an upgrade"));
        }
        if (list(headers, "Connection").stream().noneMatch(UPGRADE::equalsIgnoreCase)) {
            return malformed("the header Connection must have Upgrade: a proxy in between may have taken it out");
        }
        if (version != HttpVersion.HTTP_1_1) {
            return malformed("the request must be one of HTTP/1.1: a proxy in between may speak an older one");
        }
        if (headers.getAll(HttpHeaders.HOST).size() != 1) {
            return malformed("the request must have one header Host");
        }
        List<String> versions = headers.getAll(VERSION_HEADER);
        if (versions.size() != 1 || !versions.get(0).strip().equals(VERSION)) {
            return Optional.of(new Problem(UPGRADE_REQUIRED, ErrorCode.UPGRADE_REQUIRED,
                    "the header " + VERSION_HEADER + " must be " + VERSION + ", once"));
        }
        List<String> keys = headers.getAll(KEY_HEADER);
        if (keys.size() != 1 || !isKey(keys.get(0).strip())) {
            return malformed(
                    "the header " + KEY_HEADER + " must be there once, with " + KEY_BYTES + " bytes as Base64");
        }
        List<String> offered = list(headers, PROTOCOL_HEADER);
        return offered.isEmpty() || offered.contains(Protocol.SUBPROTOCOL)
                ? Optional.empty()
                : Optional.of(new Problem(BAD_REQUEST, ErrorCode.PROTOCOL_VERSION_MISMATCH,
                        "the subprotocols offered are "
                                + Text.quoted(String.join(", ", offered)) + ", this sidecar speaks "
                                + Protocol.SUBPROTOCOL));
    }

    /** Writes what is said in {@code headers}, in which nothing is wrong, in the one form that Vert.x understands. */
    static void normalize(MultiMap headers) {
        headers.set(HttpHeaders.CONNECTION, UPGRADE).set(HttpHeaders.UPGRADE, WEBSOCKET);
        if (list(headers, PROTOCOL_HEADER).isEmpty()) {
            headers.remove(PROTOCOL_HEADER); // none is offered, so none may be chosen
        } else {
            headers.set(PROTOCOL_HEADER, Protocol.SUBPROTOCOL);
        }
    }

    /** Of which trace the source says that it is a part; what is malformed counts as nothing. */
    static Optional<TraceContext> trace(MultiMap headers) {
        return TraceContext.read(headers.getAll("traceparent"), headers.getAll("tracestate"));
    }

    private static Optional<Problem> malformed(String message) {
        return Optional.of(new Problem(BAD_REQUEST, ErrorCode.MALFORMED_HANDSHAKE, message));
    }

    private static boolean isKey(String key) {
        try {
            return Base64.getDecoder().decode(key).length == KEY_BYTES && key.length() == 4 * ((KEY_BYTES + 2) / 3);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The elements of a list, which may be spread over several fields. */
    private static List<String> list(MultiMap headers, String name) {
        return headers.getAll(name).stream().flatMap(field -> Arrays.stream(field.split(","))).map(String::strip)
                .filter(element -> !element.isEmpty()).toList();
    }
}
