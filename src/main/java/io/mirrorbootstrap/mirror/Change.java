package io.mirrorbootstrap.mirror;

import io.mirrorbootstrap.snapshot.DatabaseId;

/** A change of the status board. */
public sealed interface Change permits Mirror, Gone {

    /** Whose row has changed. */
    DatabaseId database();

    /** The number of the change: a higher one is a later one. */
    long change();
}
