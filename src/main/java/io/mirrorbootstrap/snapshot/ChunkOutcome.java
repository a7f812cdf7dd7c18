package io.mirrorbootstrap.snapshot;

import java.nio.file.Path;

/** The result for one whole chunk. */
public sealed interface ChunkOutcome {

    /** Accepted, and not the last one; both in bytes, {@code durableBytes} at most {@code bytesDone}. */
    record Pending(long bytesDone, long durableBytes) implements ChunkOutcome {
    }

    /** It was the last one, and the snapshot is committed. */
    record Committed(CommittedSnapshot snapshot, Path path) implements ChunkOutcome {
    }

    /**
     * Not finished, because the disk is at work for this database: the caller finishes it again in a while, or cancels it,
     * without keeping a thread.
     */
    record Busy() implements ChunkOutcome {
    }

    /** Not accepted: no byte of it remains. */
    record Refused(Refusal refusal) implements ChunkOutcome {
    }
}
