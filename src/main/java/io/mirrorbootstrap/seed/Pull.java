package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.SharedRate;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.Removal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** One attempt to bring a snapshot here that is offered, from where the transfer stands. One thread, which waits. */
final class Pull {

    /** Of the last one that was begun nothing is left when it ends early, and before its end nobody else has a turn. */
    private static final int CHUNK_BYTES = 1024 * 1024;

    /** As a link asks again where a database is busy. */
    private static final long BUSY_MILLIS = 50;

    private static final Duration WINDOW = Duration.ofMinutes(1);

    /** Of a window, where neither end caps the rate below it. */
    private static final int LEAST_BYTES = 256 * 1024;

    private final Mirrors mirrors;
    private final Source source;
    private final Offer offer;
    private final SharedRate.Share rate;
    private final int chunkBytes;
    private final Ending ending;
    private final BooleanSupplier isOthersTurn;
    private final LongSupplier nanoTime;
    private long from = -1;
    private long at;
    /** How long the provider was waited for in this window; the disk here, and the rate, have nothing to do with it. */
    private long windowNanos;
    private long windowBytes;
    /** Of the bytes up to {@link #at}, where the provider does not say what all have. */
    private Crc32c running = Crc32c.EMPTY;

    /** What has come of it. */
    sealed interface Outcome {

        /** It is here now. */
        record Committed() implements Outcome {
        }

        /** Something is here already: this, or what has come since its lack was seen. */
        record Here() implements Outcome {
        }

        /** What is here is being read or committed: whether this is wanted is known later. */
        record Busy() implements Outcome {
        }

        /** It is not wanted here, or is not what it was said to be. */
        record Refused(Refusal refusal) implements Outcome {
        }

        /** The provider could not be read from, or in drops only: what has come is kept. */
        record Cut(String why, boolean isSlow) implements Outcome {
        }

        /** Others have their turn; what has come is kept. */
        record MadeWay() implements Outcome {
        }

        /** What is read has become another: what has come is of no use, see {@link #drop}. */
        record Changed(String why) implements Outcome {
        }
    }

    /**
     * @param maxChunkBytes the operator's bound, in bytes
     * @param isOthersTurn asked between chunks
     * @param nanoTime a clock that only goes forward
     */
    Pull(Mirrors mirrors, Source source, Offer offer, SharedRate.Share rate, long maxChunkBytes, Ending ending,
            BooleanSupplier isOthersTurn, LongSupplier nanoTime) {
        this.mirrors = mirrors;
        this.source = source;
        this.offer = offer;
        this.rate = rate;
        this.ending = ending;
        this.isOthersTurn = isOthersTurn;
        this.nanoTime = nanoTime;
        this.chunkBytes = (int) Math.min(CHUNK_BYTES, maxChunkBytes);
    }

    /** Where it has begun, in bytes; below 0 where it was not let. */
    long from() {
        return from;
    }

    /** How far it has come, in bytes. */
    long at() {
        return at;
    }

    /** Brings it, for as long as that takes. */
    Outcome run() throws InterruptedException {
        boolean isEnding = true;
        try {
            Optional<Outcome> answer = open();
            Outcome outcome = answer.isPresent() ? answer.get() : pull();
            isEnding = false;
            return outcome;
        } finally {
            mirrors.disconnected(source, isEnding ? KeptReason.PROCESS_ENDING : KeptReason.LINK_LOST);
        }
    }

    /** @return empty when it may come */
    private Optional<Outcome> open() throws InterruptedException {
        OpenOutcome outcome = mirrors.open(source, offer.announcement());
        while (outcome instanceof OpenOutcome.Verifying) {
            ending.sleep(0);
            outcome = mirrors.open(source, offer.announcement());
        }
        if (outcome instanceof OpenOutcome.Refused refused) {
            return Optional.of(new Outcome.Refused(refused.refusal()));
        } else if (outcome instanceof OpenOutcome.Opened opened) {
            from = offer.isLasting() ? opened.offset() : 0; // what begins at 0 takes the place of what came before
            at = from;
            running = from > 0 ? opened.crc32c() : Crc32c.EMPTY;
            return Optional.empty();
        }
        return Optional.of(outcome instanceof OpenOutcome.Busy ? new Outcome.Busy() : new Outcome.Here());
    }

    private Outcome pull() throws InterruptedException {
        long bytes = offer.identity().totalBytes();
        try (Bytes body = at < bytes ? ending.during(() -> offer.provider().bytes(offer, at)) : null) {
            Optional<Outcome> outcome = Optional.empty();
            while (outcome.isEmpty()) { // of what has come before, or is empty, the last chunk has no byte
                int length = (int) Math.min(chunkBytes, bytes - at);
                outcome = chunk(body, length, isLast(length));
                if (outcome.isEmpty() && isOthersTurn.getAsBoolean()) {
                    outcome = Optional.of(new Outcome.MadeWay());
                }
            }
            return outcome.get();
        } catch (RefusedException e) {
            return new Outcome.Refused(e.refusal());
        } catch (ChangedException e) {
            return new Outcome.Changed(e.getMessage());
        } catch (IOException e) {
            return new Outcome.Cut(e.getMessage(), e instanceof TooSlowException);
        }
    }

    /** A chunk begins with what all bytes have: where that is known by the last of them only, one more has none. */
    private boolean isLast(int length) {
        return at + length == offer.identity().totalBytes() && (length == 0 || offer.crc32c().isPresent());
    }

    /** @return empty when it was accepted, and is not the last */
    private Optional<Outcome> chunk(Bytes body, int length, boolean done) throws IOException, InterruptedException {
        IncomingChunk chunk = begin(done);
        boolean isOver = false;
        try {
            for (int left = length; left > 0;) {
                left -= write(body, chunk, left);
            }
            if (done && body != null) {
                requireSame(body);
            }
            ChunkOutcome outcome = chunk.finish(done, Optional.empty());
            while (outcome instanceof ChunkOutcome.Busy) {
                ending.sleep(BUSY_MILLIS);
                outcome = chunk.finish(done, Optional.empty());
            }
            isOver = true;
            if (outcome instanceof ChunkOutcome.Refused refused) {
                return Optional.of(new Outcome.Refused(refused.refusal()));
            }
            at += length;
            return Optional.of(outcome).filter(ChunkOutcome.Committed.class::isInstance)
                    .map(committed -> new Outcome.Committed());
        } finally {
            if (!isOver) {
                chunk.cancel();
            }
        }
    }

    private void requireSame(Bytes body) throws IOException, InterruptedException {
        Optional<String> change = ending.during(body::change);
        if (change.isPresent()) {
            throw new ChangedException(change.get());
        }
    }

    /** What has come is of no use to anybody. */
    void drop() throws InterruptedException {
        while (mirrors.abort(source, offer.identity().database()) instanceof Removal.Busy) {
            ending.sleep(BUSY_MILLIS);
        }
    }

    private IncomingChunk begin(boolean done) throws InterruptedException {
        SnapshotIdentity stamp = done ? offer.stamp(offer.crc32c().orElse(running)) : offer.stamp();
        ChunkStart start = mirrors.chunk(source, stamp, at);
        while (!(start instanceof ChunkStart.Arriving)) {
            ending.sleep(start instanceof ChunkStart.Busy ? BUSY_MILLIS : 0);
            start = mirrors.chunk(source, stamp, at);
        }
        return ((ChunkStart.Arriving) start).chunk();
    }

    /** @return how many bytes, 0 to {@code most} */
    private int write(Bytes body, IncomingChunk chunk, int most) throws IOException, InterruptedException {
        long asked = nanoTime.getAsLong();
        ByteBuffer piece = ending.during(() -> body.next(most));
        int length = piece.remaining();
        pace(nanoTime.getAsLong() - asked, length);
        long wait = rate.take(length);
        if (wait > 0) {
            ending.sleep(TimeUnit.NANOSECONDS.toMillis(wait));
        }
        if (offer.crc32c().isEmpty()) {
            running = running.followedBy(Crc32c.of(piece.duplicate()), length);
        }
        chunk.write(piece);
        return length;
    }

    /** Others wait while this one is read from: whoever sends a byte now and then is not silent, and no use either. */
    private void pace(long nanos, int bytes) throws IOException {
        windowNanos += nanos;
        windowBytes += bytes;
        if (windowNanos > WINDOW.toNanos()) {
            if (windowBytes == 0) { // it hangs, which may be over with the next connection
                throw new IOException("nothing came for " + WINDOW.toSeconds() + " seconds");
            } else if (windowBytes < LEAST_BYTES) {
                throw new TooSlowException(windowBytes + " bytes came in " + WINDOW.toSeconds() + " seconds");
            }
            windowNanos = 0;
            windowBytes = 0;
        }
    }

    private static final class TooSlowException extends IOException {

        private static final long serialVersionUID = 1;

        private TooSlowException(String message) {
            super(message);
        }
    }
}
