package io.mirrorbootstrap.wire;

/** The paths, headers and the subprotocol, the same for source and sidecar. */
public final class Protocol {

    /** The path of the WebSocket. */
    public static final String PATH = "/v1/bootstrap";

    /** The WebSocket subprotocol: version 1. */
    public static final String SUBPROTOCOL = "mirror-bootstrap.v1";

    /** The header of a manifest that says how many snapshots the sidecar has others download now. */
    public static final String DOWNLOADS_HEADER = "Mirror-Bootstrap-Downloads";

    private Protocol() {
    }
}
