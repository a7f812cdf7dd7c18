package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** An input that several threads read and ask, one at a time. Nobody who asks it may wait for another lock that is held by who waits here. */
final class SharedInput {

    private final SnapshotInput input;
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock: why nothing more can be read, until it is sought anew. */
    private Optional<IOException> failure = Optional.empty();

    /** What is asked while nobody else does. */
    @FunctionalInterface
    interface Question<T> {
        T ask() throws IOException, InterruptedException;
    }

    SharedInput(SnapshotInput input) {
        this.input = input;
    }

    /** The input: what of it never changes may be asked by any thread. */
    SnapshotInput input() {
        return input;
    }

    /** Asks when nobody else does. */
    <T> T asked(Question<T> question) throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            return question.ask();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Asks, where nobody else does within {@code patience}.
     *
     * @return false where that is not so
     */
    boolean askedSoon(Duration patience, Question<Boolean> question) throws IOException, InterruptedException {
        if (!lock.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS)) {
            return false;
        }
        try {
            return question.ask();
        } finally {
            lock.unlock();
        }
    }

    /** Goes to a byte of it. The lock is held. */
    void seek(long offset) throws IOException {
        assert lock.isHeldByCurrentThread();
        failure = Optional.empty();
        input.seek(offset);
    }

    /**
     * Reads on, see {@link SnapshotInput#read}. The lock is held.
     *
     * @throws IOException when it cannot be read, also when another thread has found that: nobody knows where it stands since then
     */
    long read(long upTo, Duration patience) throws IOException, InterruptedException {
        assert lock.isHeldByCurrentThread();
        if (failure.isPresent()) {
            throw failure.get();
        }
        try {
            return input.read(upTo, patience);
        } catch (IOException e) {
            failure = Optional.of(e);
            throw e;
        }
    }
}
