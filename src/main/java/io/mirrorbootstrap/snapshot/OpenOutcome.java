package io.mirrorbootstrap.snapshot;

import java.nio.file.Path;

/** What became of the wish to send a snapshot. */
public sealed interface OpenOutcome {

    /** Send from byte {@code offset}. */
    record Opened(long offset) implements OpenOutcome {
    }

    /** This very snapshot is already here. */
    record AlreadyCommitted(CommittedSnapshot snapshot, Path path) implements OpenOutcome {
    }

    /** Not now, or never. */
    record Refused(Refusal refusal) implements OpenOutcome {
    }
}
