package io.mirrorbootstrap.snapshot;

import java.util.Optional;

/** How the records beside a snapshot are written to disk; the domain says what and when, not in which format. */
public interface RecordFormat {

    /** The manifest of a committed snapshot. */
    byte[] manifest(Manifest manifest);

    /** Reads a manifest; empty when the bytes are none. */
    Optional<Manifest> manifest(byte[] bytes);

    /** A durable point in a transfer. */
    byte[] checkpoint(Checkpoint checkpoint);

    /** Reads a checkpoint; empty when the bytes are none. */
    Optional<Checkpoint> checkpoint(byte[] bytes);
}
