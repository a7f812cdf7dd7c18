package io.mirrorbootstrap.mirror;

import java.util.Optional;

/**
 * The caller for whom a thread works, so that the lines that it logs count for that caller. It belongs to the thread alone: a context
 * that follows the work to other threads would carry the caller to the work of others.
 */
public final class CallerAtWork {

    private static final ThreadLocal<String> CALLER = new ThreadLocal<>();

    private CallerAtWork() {
    }

    /** Does {@code work} for {@code caller}, on this thread. */
    public static void run(String caller, Runnable work) {
        String before = CALLER.get();
        CALLER.set(caller);
        try {
            work.run();
        } finally {
            if (before == null) {
                CALLER.remove();
            } else {
                CALLER.set(before);
            }
        }
    }

    /** The caller for whom this thread works, where that is known. */
    public static Optional<String> get() {
        return Optional.ofNullable(CALLER.get());
    }
}
