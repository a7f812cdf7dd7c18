package io.mirrorbootstrap.snapshot;

import java.nio.file.Path;

/** The answer to a source that wishes to send a snapshot. */
public sealed interface OpenOutcome {

    /**
     * Send from byte {@code offset}.
     *
     * @param crc32c of the bytes before, as they are here
     */
    record Opened(long offset, Crc32c crc32c) implements OpenOutcome {
    }

    /**
     * The transfer of an earlier process is being read back, {@code bytesRead} of {@code bytesKept} bytes so far: the
     * caller asks again at once, as often as this is the answer. It is given now and then so that no thread is taken for
     * minutes.
     */
    record Verifying(long bytesRead, long bytesKept) implements OpenOutcome {
    }

    /** The disk is at work for this database: the caller asks again in a while, without keeping a thread. */
    record Busy() implements OpenOutcome {
    }

    /** This very snapshot is already here; to a source that {@linkplain Source#yields yields}, whichever is. */
    record AlreadyCommitted(CommittedSnapshot snapshot, Path path) implements OpenOutcome {
    }

    /** Not now, or never. */
    record Refused(Refusal refusal) implements OpenOutcome {
    }
}
