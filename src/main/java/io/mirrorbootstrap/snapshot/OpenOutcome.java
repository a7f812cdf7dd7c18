package io.mirrorbootstrap.snapshot;

import java.nio.file.Path;

/** What became of the wish to send a snapshot. */
public sealed interface OpenOutcome {

    /** Send from byte {@code offset}. */
    record Opened(long offset) implements OpenOutcome {
    }

    /**
     * What an earlier process left is being read back, {@code bytesRead} of {@code bytesKept} bytes so far: ask again at
     * once, as often as this is the answer. It comes now and then so that no thread is taken for minutes.
     */
    record Verifying(long bytesRead, long bytesKept) implements OpenOutcome {
    }

    /** The disk is at work for this database: ask again in a while, without keeping a thread. */
    record Busy() implements OpenOutcome {
    }

    /** This very snapshot is already here. */
    record AlreadyCommitted(CommittedSnapshot snapshot, Path path) implements OpenOutcome {
    }

    /** Not now, or never. */
    record Refused(Refusal refusal) implements OpenOutcome {
    }
}
