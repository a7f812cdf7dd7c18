package io.mirrorbootstrap.snapshot;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A chunk whose payload is arriving, slice by slice. It counts as a whole or not at all: until {@link #finish} has
 * accepted it, the transfer is what it was before. Exactly one of {@code finish} and {@code cancel} ends it; a
 * {@code finish} that answers {@link ChunkOutcome.Busy} does not.
 * <p>
 * Worker only, one thread at a time. Failures of the disk do not surface from {@code write}: they are the outcome. That there is no
 * room any more does: the rest of a large chunk may come late, and what it holds is missing elsewhere.
 */
public interface IncomingChunk {

    /**
     * Takes the remaining bytes of {@code slice}, which are consumed.
     *
     * @param slice heap or direct, of any length
     * @throws RefusedException with {@link Refusal.InsufficientStorage}: the chunk is to be cancelled
     */
    void write(ByteBuffer slice);

    /**
     * The payload is complete.
     *
     * @param done whether it is the last chunk of the snapshot: if so, this returns only when the snapshot is committed
     *            or refused
     * @param chunkCrc32c the CRC-32C that the payload must have, where the source says it
     * @param position from where to follow the snapshot, where the source says it: it counts if the chunk does
     */
    ChunkOutcome finish(boolean done, Optional<Crc32c> chunkCrc32c, Optional<String> position);

    /** As {@link #finish(boolean, Optional, Optional)}, of a chunk that says no position. */
    default ChunkOutcome finish(boolean done, Optional<Crc32c> chunkCrc32c) {
        return finish(done, chunkCrc32c, Optional.empty());
    }

    /**
     * Whether {@link #finish} is likely to wait for the disk for long: then the caller goes on with other messages of the
     * source meanwhile.
     *
     * @param done the value that {@code finish} will get
     */
    boolean mayTakeLong(boolean done);

    /** Whether it is refused whatever its payload: then nobody needs to write that. */
    default boolean isRefused() {
        return false;
    }

    /** The rest will not come: nothing of the chunk remains. */
    void cancel();
}
