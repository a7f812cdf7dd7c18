package io.mirrorbootstrap.wire;

/** The path and the subprotocol, the same for source and sidecar. */
public final class Protocol {

    /** The path of the WebSocket. */
    public static final String PATH = "/v1/bootstrap";

    /** The WebSocket subprotocol: version 1. */
    public static final String SUBPROTOCOL = "mirror-bootstrap.v1";

    private Protocol() {
    }
}
