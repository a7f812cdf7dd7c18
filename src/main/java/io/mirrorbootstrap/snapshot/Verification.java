package io.mirrorbootstrap.snapshot;

import java.util.Optional;

/** How the file of a committed snapshot compares with its manifest. */
public sealed interface Verification {

    /** It has the bytes that its manifest says. */
    record Right(CommittedSnapshot snapshot) implements Verification {
    }

    /**
     * It has others.
     *
     * @param snapshot what the manifest says
     * @param bytes how many bytes the file has
     * @param crc32c of these; empty where their number tells already, so that they were not read
     */
    record Different(CommittedSnapshot snapshot, long bytes, Optional<Crc32c> crc32c) implements Verification {
    }

    /** There is no snapshot, or no manifest that says what it is. */
    record None() implements Verification {
    }

    /** As often as it was read, another took its place meanwhile. */
    record Replaced() implements Verification {
    }
}
