package io.mirrorbootstrap.mirror;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.IncomingChunk;

/** A chunk that keeps its receiver in use until the chunk has ended. Threads as for the chunk. */
final class UsingChunk implements IncomingChunk {

    private final IncomingChunk chunk;
    private final Runnable whenAccepted;
    private final Runnable whenEnded;
    private final AtomicBoolean inUse = new AtomicBoolean(true);

    /**
     * @param whenAccepted is called when the chunk counts, before its end
     * @param whenEnded is called once
     */
    UsingChunk(IncomingChunk chunk, Runnable whenAccepted, Runnable whenEnded) {
        this.chunk = chunk;
        this.whenAccepted = whenAccepted;
        this.whenEnded = whenEnded;
    }

    @Override
    public void write(ByteBuffer slice) {
        chunk.write(slice);
    }

    @Override
    public ChunkOutcome finish(boolean done, Optional<Crc32c> chunkCrc32c, Optional<String> position) {
        boolean ended = true;
        try {
            ChunkOutcome outcome = chunk.finish(done, chunkCrc32c, position);
            ended = !(outcome instanceof ChunkOutcome.Busy);
            if (outcome instanceof ChunkOutcome.Pending || outcome instanceof ChunkOutcome.Committed) {
                whenAccepted.run();
            }
            return outcome;
        } finally {
            if (ended) {
                end();
            }
        }
    }

    @Override
    public boolean mayTakeLong(boolean done) {
        return chunk.mayTakeLong(done);
    }

    @Override
    public void cancel() {
        try {
            chunk.cancel();
        } finally {
            end();
        }
    }

    private void end() {
        if (inUse.compareAndSet(true, false)) {
            whenEnded.run();
        }
    }
}
