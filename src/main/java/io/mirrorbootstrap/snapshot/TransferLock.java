package io.mirrorbootstrap.snapshot;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The lock of one database, and who waits for it. It is held for one slice, one decision or one commit, never while waiting
 * for a source.
 * <p>
 * The owner of a transfer waits as long as it takes ({@link #lock}). Any other caller ({@link #tryLock}) waits for a
 * slice on a slow disk, but one caller at a time, because each takes a worker, and none while the holder
 * {@linkplain #forLong works for long}. Any thread.
 */
final class TransferLock {

    /** A task of the holder. */
    @FunctionalInterface
    interface Task<E extends Exception> {
        void run() throws E;
    }

    private final ReentrantLock lock = new ReentrantLock(true); // fair, or a source that writes would never let go of it
    private final AtomicBoolean isAwaited = new AtomicBoolean();
    /** Written by the holder only. */
    private volatile boolean takesLong;
    private final Duration patience;

    /** @param patience how long a caller that is not the owner waits */
    TransferLock(Duration patience) {
        this.patience = patience;
    }

    /** For the owner of a transfer: returns when the lock is this thread's. */
    void lock() {
        lock.lock();
    }

    /**
     * For every other caller.
     *
     * @return whether the lock is this thread's now
     */
    boolean tryLock() {
        if (takesLong || !isAwaited.compareAndSet(false, true)) {
            return lock.tryLock();
        }
        try {
            return lock.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the process is ending, and the caller's work with it
            return lock.tryLock();
        } finally {
            isAwaited.set(false);
        }
    }

    /** The holder lets go of it. */
    void unlock() {
        lock.unlock();
    }

    /** Whether this thread holds it. */
    boolean isHeld() {
        return lock.isHeldByCurrentThread();
    }

    /**
     * Runs a task of the holder that may take as long as the disk takes to force gigabytes: meanwhile only the owner
     * waits.
     */
    <E extends Exception> void forLong(Task<E> task) throws E {
        assert isHeld();
        boolean before = takesLong;
        takesLong = true;
        try {
            task.run();
        } finally {
            takesLong = before;
        }
    }
}
