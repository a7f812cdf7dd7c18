package io.mirrorbootstrap.source;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;

import io.mirrorbootstrap.snapshot.Crc32c;

/**
 * The memory of a {@link Stock}, in the order of its bytes. What is dropped is used for other bytes when no link has any of it. Guarded by
 * its stock.
 */
final class Segments {

    private final ChunkMemory memory;
    private final Deque<Segment> held = new ArrayDeque<>();
    /** What is not held any more, and links still read. */
    private final Set<Segment> leftToLinks = new HashSet<>();

    Segments(ChunkMemory memory) {
        this.memory = memory;
    }

    /** Whether there can be one more, where at most so many are held. */
    boolean hasMemory(int most) {
        return held.size() < most && memory.hasMore();
    }

    /** One more, for so many bytes from {@code start} on, behind all others; empty where others have taken the memory meanwhile. */
    Optional<Segment> add(long start, int room) {
        Optional<Segment> segment = memory.take().map(buffer -> new Segment(buffer, start, room));
        segment.ifPresent(held::add);
        return segment;
    }

    /** Where the next one begins; {@code otherwise} where there is none. */
    long end(long otherwise) {
        return held.isEmpty() ? otherwise : held.getLast().end();
    }

    /** What has this byte, or room for it; null: nothing has. */
    Segment at(long offset) {
        Iterator<Segment> fromEnd = held.descendingIterator();
        while (fromEnd.hasNext()) {
            Segment segment = fromEnd.next();
            if (segment.start <= offset) {
                return offset < segment.end() ? segment : null;
            }
        }
        return null;
    }

    /** The CRC-32C of all bytes before {@code offset}, which have all been sent; empty where it is not held. */
    Optional<Crc32c> crc32c(long offset) {
        return held.stream().filter(segment -> segment.start <= offset && offset <= segment.end()).findFirst()
                .map(segment -> {
                    int bytes = (int) (offset - segment.start);
                    return segment.before.followedBy(segment.buffer.crc32c(0, bytes), bytes);
                });
    }

    /**
     * Drops those that are not needed.
     *
     * @param neededFrom before this byte nothing is
     * @param end behind which nothing comes
     * @return before which byte all has been dropped; empty: nothing has been
     */
    Optional<Long> drop(long neededFrom, long end) {
        Optional<Long> dropped = Optional.empty();
        while (!held.isEmpty() && Math.min(held.peek().end(), end) <= neededFrom) {
            Segment oldest = held.remove();
            dropped = Optional.of(Math.min(oldest.end(), end));
            discard(oldest);
        }
        return dropped;
    }

    /** @param isReadTo whether somebody still reads to those that are not full, from {@code end} on */
    void dropAll(boolean isReadTo, long end) {
        for (Segment segment : held) {
            if (isReadTo && segment.end() > end) {
                memory.leave(segment.buffer);
            } else {
                discard(segment);
            }
        }
        held.clear();
    }

    /** What links still have is theirs: no link is asked any more. */
    void leave() {
        leftToLinks.forEach(segment -> memory.leave(segment.buffer));
        leftToLinks.clear();
    }

    /**
     * A link is out of so many messages of {@code segment}.
     *
     * @return whether there is more memory by that
     */
    boolean out(Segment segment, int messages) {
        segment.unwritten -= messages;
        assert segment.unwritten >= 0 : "out of " + messages + " too many";
        boolean isFree = segment.unwritten == 0 && leftToLinks.remove(segment);
        if (isFree) {
            memory.giveBack(segment.buffer);
        }
        return isFree;
    }

    private void discard(Segment segment) {
        if (segment.unwritten == 0) {
            memory.giveBack(segment.buffer);
        } else {
            leftToLinks.add(segment);
        }
    }
}
