package io.mirrorbootstrap.store;

import java.nio.ByteBuffer;

/**
 * Memory outside the heap that begins on a page: from and to elsewhere the kernel copies several times more slowly on some
 * processors (docs/performance.md). Any thread.
 */
public final class PageMemory {

    /** What a page has, in bytes. */
    public static final int PAGE_BYTES = 4096;

    private PageMemory() {
    }

    /** So many bytes, 1 or more. */
    public static ByteBuffer allocate(int bytes) {
        int pages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES; // whole ones, because a slice that is aligned has no part of one
        return ByteBuffer.allocateDirect((pages + 1) * PAGE_BYTES).alignedSlice(PAGE_BYTES).slice(0, bytes);
    }
}
