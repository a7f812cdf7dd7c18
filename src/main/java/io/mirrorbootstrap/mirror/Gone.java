package io.mirrorbootstrap.mirror;

import io.mirrorbootstrap.snapshot.DatabaseId;

/** A row has left the status board: nothing is known of its database any more. */
public record Gone(DatabaseId database, long change) implements Change {
}
