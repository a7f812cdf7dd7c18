package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;

/**
 * The bytes of one input that have been read, once, for all who {@linkplain Follower follow}: held until each of them has let go. It is read
 * by whichever thread wants more first. Any thread.
 *
 * <pre>
 * first ≤ what each follower needs ≤ end      held: from first to end; a stream is read on behind it
 * </pre>
 *
 * Who has left needs nothing; but what its link still reads is used for nothing else before that link is out of it.
 */
final class Stock {

    /** What one link needs so that reading, masking and the socket never wait for each other: four on their way, and one to read to meanwhile. */
    static final int FLOWING = 5;

    /** Its lock is taken before the monitor of this. */
    private final SharedInput input;
    private final OptionalLong size;
    private final int mostSegments;

    // guarded by this
    private final Lag lag;
    private final Segments segments;
    private int segmentBytes = ChunkBuffer.MAX_PAYLOAD_BYTES;
    private boolean isLinked;
    private boolean isHeld;
    private long first;
    private long end;
    private boolean isEnded;
    /** Whether bytes are read to what is held: who does it may have been left meanwhile, and needs nothing then. */
    private boolean isBeingRead;

    /**
     * What a link gets.
     *
     * @param segment empty where there is no byte
     * @param isLast whether nothing comes behind it
     */
    record Taken(Optional<Segment> segment, int bytes, boolean isLast) {
    }

    /**
     * Nothing is read yet.
     *
     * @param memory what is read to
     * @param mostSegments how many are held, at most
     * @param lag says who is not waited for
     */
    Stock(SnapshotInput input, ChunkMemory memory, int mostSegments, Lag lag) {
        this.input = new SharedInput(input);
        this.size = input.size();
        this.segments = new Segments(memory);
        this.mostSegments = mostSegments;
        this.lag = lag;
        this.isHeld = lag.isShared();
        this.isEnded = size.isPresent() && size.getAsLong() == 0;
    }

    /** What is read; asked by several threads only when {@link SharedInput#asked nobody else does}. */
    SharedInput input() {
        return input;
    }

    /** How much can be held, in bytes. */
    synchronized long mostBytes() {
        return (long) mostSegments * segmentBytes;
    }

    /** The first byte that is held. */
    synchronized long firstByte() {
        return first;
    }

    /** How much has been read, in bytes. */
    synchronized long endByte() {
        return end;
    }

    /** Whether there are several followers, or have been. */
    boolean isShared() {
        return lag.isShared();
    }

    /** How long a follower is waited for by others. */
    Duration lagLimit() {
        return lag.limit();
    }

    /** One more follows, from the first byte on: before anything is read. */
    synchronized void follow(Follower follower) {
        lag.follow(follower);
    }

    /**
     * A follower has a link. Of those that are not alone the first one says how much of a buffer is used: whole chunks.
     *
     * @param chunkBytes how long its chunks are, at most
     * @param isHeld whether more is to be held than flows, as it may have to be sent again; it is also where there are several
     */
    synchronized void linked(int chunkBytes, boolean isHeld) {
        if (!isShared() || !isLinked) {
            segmentBytes = ChunkBuffer.MAX_PAYLOAD_BYTES - ChunkBuffer.MAX_PAYLOAD_BYTES % chunkBytes;
        }
        isLinked = true;
        this.isHeld = isHeld || isShared();
    }

    /**
     * Holds what comes from {@code offset} on for a follower, perhaps again, until it says what it needs.
     *
     * @return whether that is still here; of one that has left it may be gone in the next moment
     */
    synchronized boolean keepsFrom(Follower follower, long offset) {
        boolean isHere = first <= offset;
        if (isHere) {
            lag.needs(follower, offset);
        }
        return isHere;
    }

    /** It needs nothing before {@code offset} any more, or again from there on, where that is still held. */
    synchronized void needs(Follower follower, long offset) {
        lag.needs(follower, offset);
        release();
    }

    /** It needs nothing any more. Where nobody does, what can be read again is not held for anybody. */
    synchronized void leave(Follower follower) {
        lag.leave(follower);
        if (lag.isEmpty() && size.isPresent()) {
            segments.dropAll(isBeingRead, end);
        }
        release();
    }

    /** Whether it still follows: then what it needs is here. */
    synchronized boolean isFollowedBy(Follower follower) {
        return lag.isFollowing(follower);
    }

    /**
     * Forgets what was read, of what can be read again, and goes on at {@code offset}. Of the one who follows alone, and whose links are out
     * of it.
     */
    void restart(Follower follower, long offset) throws IOException, InterruptedException {
        input.asked(() -> {
            synchronized (this) {
                assert !isShared() : "others follow";
                segments.dropAll(false, end);
                first = offset;
                end = offset;
                isEnded = end == size.getAsLong();
                lag.needs(follower, offset);
            }
            input.seek(offset);
            return null;
        });
    }

    /** Nobody follows any more. What a link has not let go of by now is left to it. */
    synchronized void close() {
        assert lag.isEmpty() : "somebody follows";
        segments.dropAll(size.isEmpty() && !isEnded, end);
        segments.leave();
    }

    /** Whether there is, or can be, a buffer for {@code offset}; who has to wait for one is woken when there is. */
    synchronized boolean hasRoom(Follower follower, long offset) {
        boolean hasRoom = isEnded || segments.at(offset) != null || hasMemory();
        if (!hasRoom && !lag.waits(follower, mostBytes() / 2).isEmpty()) {
            release();
            hasRoom = hasMemory();
        }
        return hasRoom;
    }

    private boolean hasMemory() {
        return segments.hasMemory(isHeld ? mostSegments : FLOWING);
    }

    /**
     * Has a stream read on, and a file as far as the byte at {@code next}.
     *
     * @param isReady asks the input whether that is enough
     * @return whether it is; false also where somebody else has been reading for all of {@code patience}
     */
    boolean readAhead(long next, Duration patience, SharedInput.Question<Boolean> isReady)
            throws IOException, InterruptedException {
        return input.askedSoon(patience, () -> {
            offer(next);
            return isReady.ask();
        });
    }

    private synchronized void offer(long next) {
        long room = segments.end(end);
        long wanted = size.isPresent() ? next + 1 : end + ChunkBuffer.MAX_PAYLOAD_BYTES;
        boolean isFollowed = size.isEmpty() || !lag.isEmpty(); // what can be read again is read for nobody else
        while (isFollowed && !isEnded && room < wanted && hasMemory()) {
            Optional<Segment> segment = segments.add(room, segmentBytes);
            if (segment.isEmpty()) {
                return;
            }
            input.input().offer(segment.get().buffer.room(0, segmentBytes));
            room = segment.get().end();
        }
    }

    /**
     * Reads on, as far as there is memory, until the chunk at {@code next} is whole; waits for the program that writes a stream, and for
     * another thread that reads, at most {@code patience}.
     *
     * @param chunkBytes how long it is, at most
     * @return whether it is whole
     * @throws IOException when it cannot be read, also when another thread has found that
     */
    boolean read(long next, int chunkBytes, Duration patience) throws IOException, InterruptedException {
        return isReady(next, chunkBytes) || input.askedSoon(patience, () -> {
            offer(next);
            OptionalLong upTo = wanted(next, chunkBytes);
            if (upTo.isPresent()) {
                read(upTo.getAsLong(), patience);
            }
            return isReady(next, chunkBytes);
        });
    }

    private void read(long upTo, Duration patience) throws IOException, InterruptedException {
        assert isBeingRead : "since it was found to be wanted";
        try {
            long now = input.read(upTo, patience);
            OptionalLong last = input.input().end();
            synchronized (this) {
                isEnded = last.isPresent();
                end = last.orElse(now);
            }
        } finally {
            synchronized (this) {
                isBeingRead = false;
            }
        }
    }

    /** Up to where to read for the chunk at {@code next}, which begins by that; empty where nothing is to be read. */
    private synchronized OptionalLong wanted(long next, int chunkBytes) {
        Segment segment = segments.at(next);
        if (segment == null || isReady(next, chunkBytes)) {
            return OptionalLong.empty();
        }
        isBeingRead = true;
        return OptionalLong.of(next + bytes(segment, next, chunkBytes));
    }

    private synchronized boolean isReady(long next, int chunkBytes) {
        Segment segment = segments.at(next);
        return isEnded || segment != null && end - next >= bytes(segment, next, chunkBytes);
    }

    /** How many bytes of {@code segment} the chunk at {@code next} has: all who cut in the same way cut at the same bytes. */
    private int bytes(Segment segment, long next, int chunkBytes) {
        long most = Math.min(chunkBytes - (next - segment.start) % chunkBytes, segment.end() - next);
        return (int) (size.isPresent() ? Math.min(most, size.getAsLong() - next) : most);
    }

    /**
     * Has the chunk at {@code next}, which is whole, in use until {@link #out}.
     *
     * @return empty for a follower that has left: what it needs may be here no longer
     */
    synchronized Optional<Taken> take(Follower follower, long next, int chunkBytes) {
        if (!lag.isFollowing(follower)) {
            return Optional.empty();
        }
        Segment segment = segments.at(next);
        int bytes = segment == null ? 0 : (int) Math.min(bytes(segment, next, chunkBytes), end - next);
        boolean isLast = isEnded && next + bytes == end;
        if (bytes == 0) {
            if (!isLast) {
                throw new IllegalStateException("nothing is read at " + next + " of " + first + " to " + end);
            }
            return Optional.of(new Taken(Optional.empty(), 0, isLast));
        }
        segment.unwritten++;
        return Optional.of(new Taken(Optional.of(segment), bytes, isLast));
    }

    /** The CRC-32C of the bytes before {@code offset}; empty for a follower that has left: it may be here no longer. */
    synchronized Optional<Crc32c> crc32c(Follower follower, long offset) {
        if (!lag.isFollowing(follower)) {
            return Optional.empty();
        }
        return Optional.of(segments.crc32c(offset).orElseThrow(
                () -> new IllegalStateException("byte " + offset + " is not held: " + first + " to " + end)));
    }

    /** The CRC-32C of all bytes before {@code segment}. */
    synchronized void before(Segment segment, Crc32c crc32c) {
        segment.before = crc32c;
    }

    /** A link is out of so many messages of {@code segment}. */
    synchronized void out(Segment segment, int messages) {
        if (segments.out(segment, messages)) {
            lag.wakeAll();
        }
    }

    /** Where nobody follows, a stream may still be read to what is held. */
    private void release() {
        assert Thread.holdsLock(this);
        if (!lag.isEmpty()) {
            segments.drop(lag.neededFrom(), isEnded ? end : Long.MAX_VALUE).ifPresent(dropped -> {
                first = dropped;
                lag.released();
            });
        }
    }
}
