package io.mirrorbootstrap.mirror;

import java.util.Optional;

/**
 * For whom a thread works, so that what it writes into the log counts for that caller. Of the thread and nothing else: what follows
 * the work to other threads, as a context does, would carry it to other callers' work.
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

    /** For whom this thread works, where that is known. */
    public static Optional<String> get() {
        return Optional.ofNullable(CALLER.get());
    }
}
