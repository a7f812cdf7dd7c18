package io.mirrorbootstrap.source;

import io.mirrorbootstrap.snapshot.Crc32c;

/** What one buffer is for: up to {@link #room} bytes of a stream or a file from {@link #start} on. Guarded by its {@link Stock}, but for the buffer. */
final class Segment {
    final ChunkBuffer buffer;
    final long start;
    final int room;
    /** Of all bytes before it, once the first of its own was sent. */
    Crc32c before = Crc32c.EMPTY;
    /** Messages that links have, and are not out of. */
    int unwritten;

    Segment(ChunkBuffer buffer, long start, int room) {
        this.buffer = buffer;
        this.start = start;
        this.room = room;
    }

    /** Where the next one begins. */
    long end() {
        return start + room;
    }
}
