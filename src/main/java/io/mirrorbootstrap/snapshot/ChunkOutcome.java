package io.mirrorbootstrap.snapshot;

import java.nio.file.Path;

/** What became of one whole chunk. */
public sealed interface ChunkOutcome {

    /** Accepted, more is to come; both in bytes, {@code durableBytes} at most {@code bytesDone}. */
    record Pending(long bytesDone, long durableBytes) implements ChunkOutcome {
    }

    /** It was the last one, and the snapshot is committed. */
    record Committed(CommittedSnapshot snapshot, Path path) implements ChunkOutcome {
    }

    /**
     * Nothing has become of it yet, because the disk is at work for this database: the caller finishes it again in a
     * while, or cancels it, without keeping a thread.
     */
    record Busy() implements ChunkOutcome {
    }

    /** Not accepted: no byte of it remains. */
    record Refused(Refusal refusal) implements ChunkOutcome {
    }
}
