package io.mirrorbootstrap.link;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Finds out whether two threads are at work in what only one may be at a time. Its methods are for assertions: where these are off, it
 * costs nothing. Any thread.
 */
final class OneThread {

    private final AtomicReference<Thread> inside = new AtomicReference<>();

    /** This thread begins its work; false if another is at work, or this one already. */
    boolean enters() {
        return inside.compareAndSet(null, Thread.currentThread());
    }

    /** This thread's work is over; false if it has not entered. */
    boolean leaves() {
        return inside.compareAndSet(Thread.currentThread(), null);
    }

    @Override
    public String toString() {
        return "at work: " + inside.get();
    }
}
