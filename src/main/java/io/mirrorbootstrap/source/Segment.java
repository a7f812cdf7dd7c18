package io.mirrorbootstrap.source;

import io.mirrorbootstrap.snapshot.Crc32c;

/** What one buffer holds: the bytes of a stream or a file from {@link #start} on, of which {@link #filled} have been read so far. */
final class Segment {
    final ChunkBuffer buffer;
    final long start;
    final int room;
    final Crc32c before;
    int filled;
    /** Messages that the link has, and has not written. */
    int unwritten;

    Segment(ChunkBuffer buffer, long start, int room, Crc32c before) {
        this.buffer = buffer;
        this.start = start;
        this.room = room;
        this.before = before;
    }

    long end() {
        return start + filled;
    }

    boolean isFull() {
        return filled == room;
    }
}
