package io.mirrorbootstrap.snapshot;

import java.nio.ByteBuffer;
import java.util.Optional;

/** A chunk that is refused, whatever its payload. */
final class RefusedChunk implements IncomingChunk {

    private final Events events;
    private final Principal who;
    private final Refusal refusal;
    private final Optional<Throwable> cause;

    RefusedChunk(Events events, Principal who, Refusal refusal) {
        this(events, who, refusal, Optional.empty());
    }

    RefusedChunk(Events events, Principal who, Refusal refusal, Optional<Throwable> cause) {
        this.events = events;
        this.who = who;
        this.refusal = refusal;
        this.cause = cause;
    }

    @Override
    public void write(ByteBuffer slice) {
        slice.position(slice.limit());
    }

    @Override
    public ChunkOutcome finish(boolean done, Optional<Crc32c> chunkCrc32c, Optional<String> position) {
        return new ChunkOutcome.Refused(events.refused(who, refusal, cause));
    }

    @Override
    public boolean mayTakeLong(boolean done) {
        return false;
    }

    @Override
    public boolean isRefused() {
        return true;
    }

    @Override
    public void cancel() {
        // nothing was begun
    }
}
