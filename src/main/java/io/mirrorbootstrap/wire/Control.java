package io.mirrorbootstrap.wire;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.DatabaseId;

/** What a source says in a text message: one JSON object. */
public sealed interface Control {

    /**
     * Asks to send this snapshot, going on where an earlier link broke, if that is possible.
     *
     * @param offersZstd whether chunks may be compressed, if the sidecar takes that
     */
    record Open(Announcement snapshot, boolean offersZstd) implements Control {

        /** Without an offer. */
        public Open(Announcement snapshot) {
            this(snapshot, false);
        }
    }

    /** Drops the transfer of this database and its partial file. */
    record Abort(DatabaseId database) implements Control {
    }
}
