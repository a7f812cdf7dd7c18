package io.mirrorbootstrap.link;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** An executor that a test turns: nothing runs by itself. */
final class HandTurned implements Executor {

    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean refuses;

    @Override
    public void execute(Runnable job) {
        if (refuses) {
            throw new RejectedExecutionException("no thread");
        }
        waiting.add(job);
    }

    /** Takes no more, or takes them again. */
    void refuses(boolean all) {
        refuses = all;
    }

    int waiting() {
        return waiting.size();
    }

    /** Runs the next. */
    void turn() {
        waiting.remove().run();
    }

    /** Runs all, and what they bring. */
    boolean turnAll() {
        boolean any = !waiting.isEmpty();
        while (!waiting.isEmpty()) {
            turn();
        }
        return any;
    }
}
