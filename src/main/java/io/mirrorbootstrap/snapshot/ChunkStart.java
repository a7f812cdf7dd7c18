package io.mirrorbootstrap.snapshot;

/**
 * The answer to a source that wishes to send a chunk. Only {@link Arriving} is final: after any other the caller asks
 * again.
 */
public sealed interface ChunkStart {

    /** The payload may come; a refused chunk, too, is answered at its end. */
    record Arriving(IncomingChunk chunk) implements ChunkStart {
    }

    /**
     * The chunk continues a transfer of an earlier process, which is being read back: the caller asks again at once, as
     * often as this is the answer. It is given now and then so that no thread is taken for minutes.
     */
    record Verifying() implements ChunkStart {
    }

    /** The disk is at work for this database: the caller asks again in a while, without keeping a thread. */
    record Busy() implements ChunkStart {
    }
}
