package io.mirrorbootstrap.download;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** Takes as many tasks as it is told, and refuses what comes behind, as where the system makes no further thread. */
final class FewWorkers implements Executor, AutoCloseable {

    private final ExecutorService worker = Executors.newSingleThreadExecutor();
    private final AtomicInteger left = new AtomicInteger();

    /** So many tasks are taken from now on. */
    void take(int tasks) {
        left.set(tasks);
    }

    @Override
    public void execute(Runnable task) {
        if (left.getAndUpdate(tasks -> Math.max(0, tasks - 1)) == 0) {
            throw new RejectedExecutionException("no thread");
        }
        worker.execute(task);
    }

    @Override
    public void close() {
        worker.shutdown();
    }
}
