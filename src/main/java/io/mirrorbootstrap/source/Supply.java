package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;

/**
 * The bytes of one snapshot on their way, over all its links: read into chunk buffers, cut into the payloads of chunks, and given out
 * again from where a sidecar stands. Sending thread only.
 * <p>
 * A stream cannot be read again. From a sidecar that goes on with it, it is held until it is durable there; while all memory is taken it
 * is not read, and its program waits. A file is read again, and only its CRC-32C is remembered here and there.
 *
 * <pre>
 * released ≤ durable ≤ next ≤ end      held: from released to end; a stream is read on behind it
 * </pre>
 */
final class Supply {

    /** Enough that reading, masking and the socket never wait for each other. */
    private static final int ON_THE_WAY = 4;

    /** How much of a stream is read in advance, at least, in buffers. */
    private static final int AHEAD = 1;

    private final SnapshotInput input;
    private final ChunkMemory memory;
    private final Deque<Segment> segments = new ArrayDeque<>();
    private final CrcMarks marks = new CrcMarks();
    private final int mostSegments;

    private boolean holds;
    private int chunkBytes;
    private long released;
    private long durable;
    private long next;
    private long end;
    private long furthest;
    private Crc32c runningCrc32c = Crc32c.EMPTY;
    private boolean isEnded;

    /**
     * Nothing is read yet.
     *
     * @param memory what is read to
     * @param mostHeldBytes how much of a stream is held, at most, in bytes
     */
    Supply(SnapshotInput input, ChunkMemory memory, long mostHeldBytes) {
        this.input = input;
        this.memory = memory;
        this.mostSegments = (int) Math.max(ON_THE_WAY,
                Math.min(mostHeldBytes / ChunkBuffer.MAX_PAYLOAD_BYTES, Math.min(memory.most(), Integer.MAX_VALUE)));
    }

    /** The first byte that can be sent, in bytes: what is before it cannot be read again. */
    long firstByte() {
        return input.size().isPresent() ? 0 : released;
    }

    /** How much has been sent, at most, over whatever link; in bytes. */
    long furthestByte() {
        return furthest;
    }

    /** The next byte to send. */
    long nextByte() {
        return next;
    }

    /** The CRC-32C of all bytes before the next one. */
    Crc32c runningCrc32c() {
        return runningCrc32c;
    }

    /** How many bytes may have to be sent again. */
    long heldBytes() {
        return end - released;
    }

    long mostHeldBytes() {
        return (long) mostSegments * segmentBytes();
    }

    long durableBytes() {
        return durable;
    }

    /** Whether what is sent can be sent again over another link. */
    boolean canGoOn() {
        return input.size().isPresent() || holds || furthest == 0;
    }

    boolean isHeld() {
        return holds;
    }

    /** The CRC-32C of the bytes of a stream before {@code offset}, which is held. */
    Crc32c heldCrc32c(long offset) {
        if (offset == next) {
            return runningCrc32c;
        }
        for (Segment segment : segments) {
            if (segment.start <= offset && offset <= segment.end()) {
                int bytes = (int) (offset - segment.start);
                return segment.before.followedBy(segment.buffer.crc32c(0, bytes), bytes);
            }
        }
        throw new IllegalStateException("byte " + offset + " is not held: " + released + " to " + end);
    }

    /** What is known of the CRC-32C of a file. */
    CrcMarks marks() {
        return marks;
    }

    /**
     * A new link begins: all that was given to the one before is written, or never will be ({@link SourceLink#isOut}).
     *
     * @param offset the next byte to send, not before {@link #firstByte}
     * @param crc32c of all bytes before it
     * @param chunkBytes the largest payload of a chunk, up to {@link ChunkBuffer#MAX_PAYLOAD_BYTES}
     * @param goesOn whether the sidecar goes on with a stream: then it is held
     */
    void goTo(long offset, Crc32c crc32c, int chunkBytes, boolean goesOn) throws IOException {
        this.chunkBytes = chunkBytes;
        holds = goesOn && input.size().isEmpty();
        segments.forEach(segment -> segment.unwritten = 0);
        if (input.size().isPresent()) {
            giveBack(true);
            input.seek(offset);
            released = offset;
            end = offset;
            isEnded = end == input.size().getAsLong();
        }
        assert released <= offset && offset <= end : "from " + offset + " of " + released + " to " + end;
        next = offset;
        runningCrc32c = crc32c;
        durable = Math.min(durable, offset);
    }

    /**
     * Nothing is sent any more.
     *
     * @param isOut whether no link has any of it
     */
    void giveBack(boolean isOut) {
        for (Segment segment : segments) {
            boolean isReadTo = input.size().isEmpty() && !isEnded && segment.end() > end;
            if (isReadTo || !isOut && segment.unwritten > 0) {
                memory.leave(segment.buffer);
            } else {
                memory.giveBack(segment.buffer);
            }
        }
        segments.clear();
    }

    /** Whether the link has as many messages as it needs to be at work: more would only take memory there, or copies of it where they are encrypted. */
    boolean isAhead() {
        return segments.stream().mapToInt(segment -> segment.unwritten).sum() >= ON_THE_WAY;
    }

    /** Whether a chunk can be made, perhaps of bytes that have to be read. */
    boolean hasRoom() {
        return isReady() || at(next) != null || hasMemory();
    }

    /** How much of a buffer is used: whole chunks only, once there is a link that says how large they are. */
    private int segmentBytes() {
        return chunkBytes == 0
                ? ChunkBuffer.MAX_PAYLOAD_BYTES
                : ChunkBuffer.MAX_PAYLOAD_BYTES - ChunkBuffer.MAX_PAYLOAD_BYTES % chunkBytes;
    }

    private boolean hasMemory() {
        return segments.size() < (holds ? mostSegments : ON_THE_WAY + AHEAD) && memory.hasMore();
    }

    /** Whether the next chunk is whole: nothing has to be read for it. */
    private boolean isReady() {
        Segment segment = at(next);
        return isEnded || segment != null && end - next >= wanted(segment);
    }

    /** Whether the next chunk is the last one, as far as is known. */
    boolean isLast() {
        Segment segment = at(next);
        return isEnded && end - next <= (segment == null ? 0 : wanted(segment));
    }

    /** How much has been read, in bytes: all there is, when {@link #isLast}. */
    long endByte() {
        return end;
    }

    /** Has a stream read on while the chunks before are on their way, and a file when its next chunk is wanted. */
    void readAhead() {
        Segment last = segments.peekLast();
        long room = last == null ? end : last.end();
        long wanted = input.size().isPresent() ? next + 1 : end + AHEAD * ChunkBuffer.MAX_PAYLOAD_BYTES;
        while (!isEnded && room < wanted && hasMemory()) {
            Segment segment = new Segment(memory.take(), room, segmentBytes());
            segments.add(segment);
            input.offer(segment.buffer.room(0, segment.room));
            room = segment.end();
        }
    }

    /**
     * Reads on, waiting for the program that writes a stream at most {@code patience}.
     *
     * @return whether the next chunk is whole
     */
    boolean read(Duration patience) throws IOException, InterruptedException {
        readAhead();
        Segment segment = at(next);
        if (segment != null && !isEnded) {
            end = input.read(next + wanted(segment), patience);
            OptionalLong last = input.end();
            isEnded = last.isPresent();
            end = last.orElse(end);
        }
        return isReady();
    }

    /** Gives out the next chunk, which is whole. */
    Payload take() {
        Segment segment = at(next);
        int bytes = segment == null ? 0 : (int) Math.min(wanted(segment), end - next);
        long offset = next;
        if (bytes == 0) {
            return new Payload(Optional.empty(), 0, 0, offset, Crc32c.EMPTY);
        }
        int from = (int) (next - segment.start);
        if (from == 0) {
            segment.before = runningCrc32c;
        }
        Crc32c crc32c = segment.buffer.mask(from, bytes);
        runningCrc32c = runningCrc32c.followedBy(crc32c, bytes);
        next += bytes;
        furthest = Math.max(furthest, next);
        segment.unwritten++;
        if (input.size().isPresent()) {
            marks.add(next, runningCrc32c);
        }
        return new Payload(Optional.of(segment.buffer), from, bytes, offset, crc32c);
    }

    /** The link has written a message. */
    void written(ChunkMessage message) {
        for (Iterator<Segment> all = segments.iterator(); message.memory().isPresent() && all.hasNext();) {
            Segment segment = all.next();
            if (segment.buffer == message.memory().get()) {
                segment.unwritten--;
            }
        }
        release();
    }

    /** So many bytes are durable at the sidecar: they will not be asked for again. */
    void durable(long bytes) {
        durable = Math.max(durable, Math.min(bytes, next));
        marks.forgetBefore(durable);
        release();
    }

    private void release() {
        long upTo = holds ? durable : next;
        while (!segments.isEmpty()) {
            Segment first = segments.peek();
            long last = isEnded ? Math.min(first.end(), end) : first.end();
            if (first.unwritten > 0 || last > upTo) {
                return;
            }
            segments.remove();
            memory.giveBack(first.buffer);
            released = last;
        }
    }

    /** How much of {@code segment} the next chunk takes. */
    private int wanted(Segment segment) {
        long most = Math.min(chunkBytes, segment.end() - next);
        OptionalLong size = input.size();
        return (int) (size.isPresent() ? Math.min(most, size.getAsLong() - next) : most);
    }

    /** What has this byte, or room for it; null: nothing has. */
    private Segment at(long offset) {
        Iterator<Segment> fromEnd = segments.descendingIterator();
        while (fromEnd.hasNext()) {
            Segment segment = fromEnd.next();
            if (segment.start <= offset) {
                return offset < segment.end() ? segment : null;
            }
        }
        return null;
    }
}
