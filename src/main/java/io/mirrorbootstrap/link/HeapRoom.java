package io.mirrorbootstrap.link;

import java.util.concurrent.atomic.AtomicLong;

import jakarta.inject.Singleton;

/**
 * What all links may hold of the heap for sources that do not read their answers, or do not end their control messages: 64 links with
 * all that each may have of both would take half of it, beside all else that is bounded. Where nothing is left, a link has its own little
 * part of each. Any thread.
 */
@Singleton
class HeapRoom {

    /** Of the heap, for all links together. */
    private static final long BYTES = 8 * 1024 * 1024;

    /** A link may hold answers of as much in any case, in bytes. */
    static final long ANSWERS_PER_LINK = 32 * 1024;

    /** A link may hold as much of a control message in any case, in bytes: none that says something is longer. */
    static final long TEXT_PER_LINK = 16 * 1024;

    private final AtomicLong taken = new AtomicLong();

    /** Takes {@code bytes}, or gives them back if they are less than 0. */
    void take(long bytes) {
        long now = taken.addAndGet(bytes);
        assert now >= 0 : "more was given back than taken: " + now;
    }

    /** What is taken now, in bytes. */
    long taken() {
        return taken.get();
    }

    /** Whether a link may hold more than its own part. */
    boolean isThere() {
        return taken.get() < BYTES;
    }
}
