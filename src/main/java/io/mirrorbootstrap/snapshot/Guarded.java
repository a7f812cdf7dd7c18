package io.mirrorbootstrap.snapshot;

import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A value that is reached with its lock held, and in no other way: work on the value is handed in, and must not keep it.
 * Any thread.
 */
final class Guarded<T> {

    /** Work with a result, which is not null. */
    @FunctionalInterface
    interface Work<T, R, E extends Exception> {
        R with(T value) throws E;
    }

    /** Work without a result. */
    @FunctionalInterface
    interface Action<T, E extends Exception> {
        void with(T value) throws E;
    }

    private final TransferLock lock;
    private final T value;
    private final BooleanSupplier isClosed;

    /** @param isClosed whether nothing may be done with the value yet: then it is busy for every caller but the owner */
    Guarded(TransferLock lock, T value, BooleanSupplier isClosed) {
        this.lock = lock;
        this.value = value;
        this.isClosed = isClosed;
    }

    /** For the owner of a transfer: waits for the lock. */
    <R, E extends Exception> R whenFree(Work<T, R, E> work) throws E {
        lock.lock();
        try {
            return work.with(value);
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #whenFree}, without a result. */
    <E extends Exception> void doWhenFree(Action<T, E> action) throws E {
        lock.lock();
        try {
            action.with(value);
        } finally {
            lock.unlock();
        }
    }

    /**
     * For every other caller: does nothing if the lock is busy, see {@link TransferLock#tryLock}.
     *
     * @return empty if it is busy
     */
    <R, E extends Exception> Optional<R> ifFree(Work<T, R, E> work) throws E {
        if (!tryLock()) {
            return Optional.empty();
        }
        try {
            return Optional.of(work.with(value));
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #ifFree}, without a result. */
    <E extends Exception> void doIfFree(Action<T, E> action) throws E {
        if (tryLock()) {
            try {
                action.with(value);
            } finally {
                lock.unlock();
            }
        }
    }

    private boolean tryLock() {
        return !isClosed.getAsBoolean() && lock.tryLock();
    }
}
