package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the memory that grows with the number of names, and ends what would take too much. Any thread. */
final class HeldMemory {

    /** What an object, its place in a collection and the object's own fields take beside its characters, in bytes. */
    static final int OBJECT_BYTES = 100;

    private static final int PART_OF_HEAP = 4;

    private final long mostBytes;
    private final AtomicLong held = new AtomicLong();

    /** @param mostBytes that may be held, at most */
    HeldMemory(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** A quarter of the heap. */
    static HeldMemory ofHeap() {
        return new HeldMemory(Runtime.getRuntime().maxMemory() / PART_OF_HEAP);
    }

    /**
     * Takes so many bytes more.
     *
     * @throws IOException when that is too much, with a sentence
     */
    void take(long bytes) throws IOException {
        if (held.addAndGet(bytes) > mostBytes) {
            held.addAndGet(-bytes);
            throw new IOException(
                    "there are more names than " + mostBytes + " bytes of memory hold, a quarter of the heap: "
                            + "give it a larger one, as with -Xmx256m");
        }
    }

    /** Gives so many bytes back, which were taken. */
    void release(long bytes) {
        held.addAndGet(-bytes);
    }
}
