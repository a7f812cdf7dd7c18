package io.mirrorbootstrap.snapshot;

/** What became of the wish to send a chunk. Only {@link Arriving} ends it: after any other the caller asks again. */
public sealed interface ChunkStart {

    /** Its payload may come; a refusal, too, is told at its end. */
    record Arriving(IncomingChunk chunk) implements ChunkStart {
    }

    /**
     * It continues what an earlier process left, which is being read back: ask again at once, as often as this is the
     * answer. It comes now and then so that no thread is taken for minutes.
     */
    record Verifying() implements ChunkStart {
    }

    /** The disk is at work for this database: ask again in a while, without keeping a thread. */
    record Busy() implements ChunkStart {
    }
}
