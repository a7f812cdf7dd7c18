package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.SharedRate;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.source.AnswerBody;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** One attempt to bring a sibling's snapshot here, from where the transfer stands. One thread, which waits. */
final class Pull {

    private static final int CHUNK_BYTES = 8 * 1024 * 1024;

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
    private long from = -1;
    private long at;
    private long windowNanos = System.nanoTime();
    private long windowBytes;
    private ByteBuf piece = Unpooled.EMPTY_BUFFER;

    /** What has come of it. */
    sealed interface Outcome {

        /** It is here. */
        record Committed() implements Outcome {
        }

        /** It is not wanted here, or is not what it was said to be. */
        record Refused(Refusal refusal) implements Outcome {
        }

        /** The sibling could not be read from, or in drops only: what has come is kept. */
        record Cut(String why, boolean isSlow) implements Outcome {
        }
    }

    /** @param maxChunkBytes the operator's bound, in bytes */
    Pull(Mirrors mirrors, Source source, Offer offer, SharedRate.Share rate, long maxChunkBytes, Ending ending) {
        this.mirrors = mirrors;
        this.source = source;
        this.offer = offer;
        this.rate = rate;
        this.ending = ending;
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
        Announcement announced = new Announcement(offer.identity(), false, offer.snapshot().notes());
        OpenOutcome outcome = mirrors.open(source, announced);
        while (outcome instanceof OpenOutcome.Busy || outcome instanceof OpenOutcome.Verifying) {
            ending.sleep(outcome instanceof OpenOutcome.Busy ? BUSY_MILLIS : 0);
            outcome = mirrors.open(source, announced);
        }
        if (outcome instanceof OpenOutcome.Refused refused) {
            return Optional.of(new Outcome.Refused(refused.refusal()));
        } else if (outcome instanceof OpenOutcome.Opened opened) {
            from = opened.offset();
            at = from;
            return Optional.empty();
        }
        return Optional.of(new Outcome.Committed()); // already
    }

    private Outcome pull() throws InterruptedException {
        long bytes = offer.snapshot().bytes();
        try (AnswerBody body = at < bytes ? ending.during(() -> offer.sibling().snapshot(offer, at)) : null) {
            Optional<Outcome> outcome = Optional.empty();
            while (outcome.isEmpty()) { // of what has come before, or is empty, the last chunk has no byte
                int length = (int) Math.min(chunkBytes, bytes - at);
                outcome = chunk(body, length, at + length == bytes);
            }
            return outcome.get();
        } catch (RefusedException e) {
            return new Outcome.Refused(e.refusal());
        } catch (IOException e) {
            return new Outcome.Cut(e.getMessage(), e instanceof TooSlowException);
        }
    }

    /** @return empty when it was accepted, and is not the last */
    private Optional<Outcome> chunk(AnswerBody body, int length, boolean done)
            throws IOException, InterruptedException {
        IncomingChunk chunk = begin();
        boolean isOver = false;
        try {
            for (int left = length; left > 0;) {
                left -= write(body, chunk, left);
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

    private IncomingChunk begin() throws InterruptedException {
        ChunkStart start = mirrors.chunk(source, offer.stamp(), at);
        while (!(start instanceof ChunkStart.Arriving)) {
            ending.sleep(start instanceof ChunkStart.Busy ? BUSY_MILLIS : 0);
            start = mirrors.chunk(source, offer.stamp(), at);
        }
        return ((ChunkStart.Arriving) start).chunk();
    }

    /** @return how many bytes, 1 to {@code most} */
    private int write(AnswerBody body, IncomingChunk chunk, int most) throws IOException, InterruptedException {
        while (!piece.isReadable()) {
            piece = ending.during(() -> body.next(Sibling.PATIENCE));
            pace(piece.readableBytes());
            long wait = rate.take(piece.readableBytes());
            if (wait > 0) {
                ending.sleep(TimeUnit.NANOSECONDS.toMillis(wait));
            }
        }
        int length = Math.min(most, piece.readableBytes());
        chunk.write(piece.nioBuffer(piece.readerIndex(), length));
        piece.skipBytes(length);
        return length;
    }

    /** Others wait while this one is read from: whoever sends a byte now and then is not silent, and no use either. */
    private void pace(int bytes) throws TooSlowException {
        windowBytes += bytes;
        long now = System.nanoTime();
        if (now - windowNanos > WINDOW.toNanos()) {
            if (windowBytes < LEAST_BYTES) {
                throw new TooSlowException(windowBytes + " bytes came in " + WINDOW.toSeconds() + " seconds");
            }
            windowNanos = now;
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
