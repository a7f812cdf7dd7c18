package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.Crc32c;

/**
 * The bytes of one snapshot on their way to one mirror, over all its links: cut into the payloads of chunks, and given out again from where
 * the sidecar stands. What is read is in a {@link Stock}, perhaps a common one with other mirrors. Sending thread only.
 * <p>
 * A stream cannot be read again. From a sidecar that goes on with it, it is held until it is durable there; while all memory is taken it
 * is not read, and its program waits. A file is read again, and only its CRC-32C is remembered here and there: where a mirror needs other
 * bytes of it than the others do, it {@linkplain #readAlone reads for itself}.
 *
 * <pre>
 * first ≤ durable ≤ next ≤ end      first and end are the stock's; held for this mirror: from durable on, of a file from next on
 * </pre>
 */
final class Supply implements Follower {

    private final ChunkMemory memory;
    private final int share;
    private final Flights flights;
    private final CrcMarks marks = new CrcMarks();
    private final Semaphore bell = new Semaphore(0);

    private Stock stock;
    private Optional<SnapshotInput> own = Optional.empty();
    private volatile Runnable listener = () -> {
    };
    /** Whether it has let the others go on by itself. */
    private boolean hasGone;
    private boolean holds;
    private int chunkBytes;
    private long durable;
    private long next;
    private long furthest;
    private Crc32c runningCrc32c = Crc32c.EMPTY;
    /** Whether that is of all bytes: it is not where the sidecar has some that nobody has looked at here. */
    private boolean isRunningKnown = true;
    private Optional<Crc32c> totalCrc32c = Optional.of(Crc32c.EMPTY);

    /**
     * Follows {@code stock}, of which nothing has been read yet.
     *
     * @param memory for what it reads by itself
     * @param share how many buffers it has for that, and for what is on its way; 1 to {@link Stock#FLOWING}
     */
    Supply(Stock stock, ChunkMemory memory, int share) {
        this.stock = stock;
        this.memory = memory;
        this.share = share;
        this.flights = new Flights(memory);
        stock.follow(this);
    }

    /** What is read: the common input, or, from {@link #readAlone} on, another reading of the same bytes. */
    SnapshotInput input() {
        return stock.input().input();
    }

    private boolean isFile() {
        return input().size().isPresent();
    }

    <T> T asked(SharedInput.Question<T> question) throws IOException, InterruptedException {
        return stock.input().asked(question);
    }

    /** Holds what is to be sent from {@code offset} on until a link {@linkplain #goTo begins} there; false where that is gone. */
    boolean keepsFrom(long offset) {
        return isFile() || stock.keepsFrom(this, offset);
    }

    /** The first byte that can be sent, in bytes: what is before it cannot be read again. */
    long firstByte() {
        return isFile() ? 0 : stock.firstByte();
    }

    /** How much has been sent, at most, over whatever link; in bytes. */
    long furthestByte() {
        return furthest;
    }

    long nextByte() {
        return next;
    }

    /** The CRC-32C of all bytes before the next one. */
    Crc32c runningCrc32c() {
        return runningCrc32c;
    }

    /** Whether as many bytes may have to be sent again to this mirror as make it time to have some durable there. */
    boolean isNearlyFull() {
        return stock.endByte() - durable > stock.mostBytes() / 4 * 3;
    }

    long mostHeldBytes() {
        return stock.mostBytes();
    }

    long durableBytes() {
        return durable;
    }

    /** Whether what is sent can be sent again over another link. */
    boolean canGoOn() {
        return isFile() || !isLeft() && (holds || furthest == 0);
    }

    boolean isHeld() {
        return holds;
    }

    /** Whether others go on without this mirror: it was too far behind. A file is read on by {@link #readAlone}. */
    boolean isLeft() {
        return !hasGone && !stock.isFollowedBy(this);
    }

    Duration lagLimit() {
        return stock.lagLimit();
    }

    /** The CRC-32C of the bytes of a stream before {@code offset}, which is held; empty where it {@link #isLeft}. */
    Optional<Crc32c> heldCrc32c(long offset) {
        return offset == next ? Optional.of(runningCrc32c) : stock.crc32c(this, offset);
    }

    /** The CRC-32C of all bytes, once the last chunk was given out; empty where some of them were not read here. */
    Optional<Crc32c> totalCrc32c() {
        return totalCrc32c;
    }

    CrcMarks marks() {
        return marks;
    }

    /** @param listener called by any thread when {@link #hasRoom} or {@link #isLeft} may have changed; does not wait */
    void tells(Runnable listener) {
        this.listener = listener;
    }

    @Override
    public void wake() {
        if (bell.availablePermits() == 0) {
            bell.release();
        }
        listener.run();
    }

    /** Waits; no longer, where a stream goes on without this mirror. */
    void pause(Duration pause) throws InterruptedException {
        long end = System.nanoTime() + pause.toNanos();
        long left = pause.toNanos();
        while (left > 0 && (isFile() || !isLeft())) {
            bell.tryAcquire(left, TimeUnit.NANOSECONDS);
            left = end - System.nanoTime();
        }
    }

    /**
     * A new link begins.
     *
     * @param offset the next byte to send, not before {@link #firstByte}
     * @param crc32c of all bytes before it, where that is known
     * @param chunkBytes the largest payload of a chunk, up to {@link ChunkBuffer#MAX_PAYLOAD_BYTES}
     * @param goesOn whether the sidecar goes on with a stream: then it is held
     */
    void goTo(long offset, Optional<Crc32c> crc32c, int chunkBytes, boolean goesOn)
            throws IOException, InterruptedException {
        this.chunkBytes = chunkBytes;
        holds = goesOn && !isFile();
        boolean isWithOthers = stock.isShared() && offset == 0 && next == 0 && stock.isFollowedBy(this);
        next = offset;
        runningCrc32c = crc32c.orElse(Crc32c.EMPTY);
        isRunningKnown = offset == 0 || crc32c.isPresent();
        durable = Math.min(durable, offset);
        if (isFile() && !isWithOthers) {
            readAlone();
            stock.restart(this, offset);
        }
        stock.linked(chunkBytes, holds);
        assert !stock.isFollowedBy(this) || stock.firstByte() <= offset && offset <= stock.endByte() : "from " + offset;
        tell();
    }

    /**
     * Has a reading of its own from now on, which stands anywhere, of what can be read again; what it needs is elsewhere than what others
     * do. Without effect where it has.
     *
     * @return what is read
     * @throws IOException when it cannot be read; {@link BlockedException} also when it is another by now
     */
    SnapshotInput readAlone() throws IOException, InterruptedException {
        if (stock.isShared()) {
            stock.leave(this);
            SnapshotInput again = input().again();
            own = Optional.of(again);
            stock = new Stock(again, memory, share, Lag.ofOne());
            stock.follow(this);
            stock.restart(this, next);
            stock.linked(Math.max(1, chunkBytes), false);
        }
        return input();
    }

    /** Its link was lost: where it can go on by itself, others do not wait until it comes back. */
    void linkLost() {
        if (isFile() && stock.isShared() && furthest > 0) {
            hasGone = true;
            stock.leave(this);
        }
    }

    /** The last link is out of all that it was given. */
    void linkIsOut() {
        flights.land();
        tell();
    }

    /** Nothing is sent any more. */
    void close() {
        stock.leave(this);
        if (own.isPresent()) {
            stock.close();
            try {
                own.get().close();
            } catch (IOException e) {
                // it was only read
            }
        }
    }

    /** Whether the link has as many messages as it needs to be at work: more would only take memory. */
    boolean isAhead() {
        return flights.messages() >= Math.max(1, share - 1); // into the last one is read meanwhile
    }

    /** Whether a chunk can be made, perhaps of bytes that have to be read. */
    boolean hasRoom() {
        return stock.hasRoom(this, next);
    }

    /** How much has been read, in bytes: all there is, when a payload {@link Payload#isLast}. */
    long endByte() {
        return stock.endByte();
    }

    /**
     * Reads on, waiting for the program that writes a stream at most {@code patience}.
     *
     * @return whether the next chunk is whole
     */
    boolean read(Duration patience) throws IOException, InterruptedException {
        return stock.read(next, chunkBytes, patience);
    }

    /** Gives out the next chunk, which is whole; empty where it {@link #isLeft}. */
    Optional<Payload> take() {
        Optional<Payload> payload = stock.take(this, next, chunkBytes).map(this::payload);
        if (payload.filter(Payload::isLast).isPresent()) {
            totalCrc32c = Optional.of(runningCrc32c).filter(known -> isRunningKnown);
        }
        return payload;
    }

    private Payload payload(Stock.Taken taken) {
        if (taken.segment().isEmpty()) {
            return new Payload(Optional.empty(), 0, 0, next, Crc32c.EMPTY, 0, taken.isLast());
        }
        Segment segment = taken.segment().get();
        int bytes = taken.bytes();
        flights.add(stock, segment);
        long offset = next;
        int from = (int) (offset - segment.start);
        if (from == 0) {
            stock.before(segment, runningCrc32c);
        }
        Crc32c crc32c = segment.buffer.crc32c(from, bytes);
        runningCrc32c = runningCrc32c.followedBy(crc32c, bytes);
        next += bytes;
        int again = (int) Math.max(0, Math.min(furthest - offset, bytes));
        furthest = Math.max(furthest, next);
        if (isFile() && isRunningKnown) {
            marks.add(next, runningCrc32c);
        }
        return new Payload(Optional.of(segment.buffer), from, bytes, offset, crc32c, again, taken.isLast());
    }

    /** Whether the link has something to send. */
    boolean isBusy() {
        return flights.messages() > 0;
    }

    /** Whether the link has nothing to send but the payload that was given out last. */
    boolean isAwaited() {
        return flights.messages() <= 1;
    }

    /** The link gets {@code frame} in place of a payload that was given out, which it is out of. */
    void packed(Payload payload, ChunkBuffer frame) {
        flights.written(payload.memory().orElseThrow());
        flights.addOwn(frame);
        tell();
    }

    /** The link has written a message. */
    void written(ChunkMessage message) {
        message.memory().ifPresent(flights::written);
        tell();
    }

    /** So many bytes are durable at the sidecar: they will not be asked for again. */
    void durable(long bytes) {
        durable = Math.max(durable, Math.min(bytes, next));
        marks.forgetBefore(durable);
        tell();
    }

    private void tell() {
        long kept = holds ? durable : next;
        stock.needs(this, Math.min(kept, flights.first(stock).orElse(kept)));
    }
}
