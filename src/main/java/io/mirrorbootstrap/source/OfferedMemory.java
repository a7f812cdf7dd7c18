package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;

/** The memory that an input was offered last, and reads to next. One thread at a time. */
final class OfferedMemory {

    private ByteBuffer memory = ByteBuffer.allocate(0);

    /** More of it, when the last is full. */
    void offer(ByteBuffer more) {
        assert isFull() : "there is memory for " + memory.remaining() + " bytes";
        memory = more;
    }

    boolean isFull() {
        return !memory.hasRemaining();
    }

    /** Nothing is read to it any more. */
    void forget() {
        memory = ByteBuffer.allocate(0);
    }

    /**
     * Where the next bytes go, which count when they are {@link #taken}.
     *
     * @param mostBytes how many there may be; below 0: none
     */
    ByteBuffer next(long mostBytes) {
        return memory.slice(memory.position(), (int) Math.min(memory.remaining(), Math.max(0, mostBytes)));
    }

    /** So many bytes were read to what is {@link #next}. */
    void taken(int bytes) {
        memory.position(memory.position() + bytes);
    }
}
