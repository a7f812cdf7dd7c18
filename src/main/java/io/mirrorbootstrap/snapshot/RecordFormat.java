package io.mirrorbootstrap.snapshot;

import java.util.Optional;

/** The format of the records beside a snapshot; the domain decides their content and when they are written. */
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
