package io.mirrorbootstrap.wire;

/** Where and how both sides meet. */
public final class Protocol {

    /** The path of the WebSocket. */
    public static final String PATH = "/v1/bootstrap";

    /** The WebSocket subprotocol: version 1. */
    public static final String SUBPROTOCOL = "mirror-bootstrap.v1";

    private Protocol() {
    }
}
