package io.mirrorbootstrap.wire;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.DatabaseId;

/** What a source says in a text message: one JSON object. */
public sealed interface Control {

    /** Asks to send this snapshot, going on where an earlier link broke, if that is possible. */
    record Open(Announcement snapshot) implements Control {
    }

    /** Drops the transfer of this database and its partial file. */
    record Abort(DatabaseId database) implements Control {
    }
}
