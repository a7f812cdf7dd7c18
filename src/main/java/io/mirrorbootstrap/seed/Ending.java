package io.mirrorbootstrap.seed;

/**
 * Ends a thread while it waits for the network or for time, and never while it has to do with files, which an interrupt would close. Any thread.
 */
final class Ending {

    /** Guarded by this. */
    private boolean isOver;
    /** Guarded by this; null: none. */
    private Thread waiting;

    /** What may be interrupted. */
    @FunctionalInterface
    interface Wait<T, E extends Exception> {
        T end() throws E, InterruptedException;
    }

    /**
     * Waits on the calling thread.
     *
     * @throws InterruptedException when it is time to end
     */
    <T, E extends Exception> T during(Wait<T, E> wait) throws E, InterruptedException {
        begin();
        try {
            return wait.end();
        } finally {
            leave();
        }
    }

    /** As {@link Thread#sleep}. */
    void sleep(long millis) throws InterruptedException {
        during(() -> {
            Thread.sleep(millis);
            return null;
        });
    }

    private synchronized void begin() throws InterruptedException {
        if (isOver) {
            throw new InterruptedException("the process is ending");
        }
        waiting = Thread.currentThread();
    }

    private synchronized void leave() {
        waiting = null;
        Thread.interrupted(); // it came too late to be of use, and must not meet a file
    }

    /** It is time: the thread ends where it waits, now or next. */
    synchronized void now() {
        isOver = true;
        if (waiting != null) {
            waiting.interrupt();
        }
    }
}
