package io.mirrorbootstrap.download;

import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.CommittedFile;
import io.mirrorbootstrap.store.Reason;

/**
 * Closes files on a worker, as the disk may hang. A file for which no worker can be had (a limit of processes) waits for the next one: that
 * is asked for again and again, and whoever opens a file has closed those that wait before. So no more of them wait than are opened at once.
 * Any thread.
 */
final class Closer {

    private static final Logger LOG = Logger.getLogger(Closer.class);

    private final Executor workers;
    private final Consumer<Runnable> later;
    private final Queue<CommittedFile> waiting = new ConcurrentLinkedQueue<>();

    /**
     * @param workers may refuse what they are given
     * @param later runs what it gets after a while, on any thread
     */
    Closer(Executor workers, Consumer<Runnable> later) {
        this.workers = workers;
        this.later = later;
    }

    /** Closes {@code file} as soon as there is a worker. Never throws: what else is to be given back does not depend on it. */
    void close(CommittedFile file) {
        waiting.add(file);
        askForWorker();
    }

    private void askForWorker() {
        if (waiting.isEmpty()) {
            return;
        }
        try {
            workers.execute(this::closeWaiting);
        } catch (RejectedExecutionException e) {
            later.accept(this::askForWorker);
        }
    }

    /** Closes what waits to be closed. Worker only. */
    void closeWaiting() {
        for (CommittedFile file = waiting.poll(); file != null; file = waiting.poll()) {
            try {
                file.close();
            } catch (IOException | RuntimeException e) {
                LOG.warnf("%s: its file cannot be closed: %s", file.snapshot().database(), Reason.of(e));
            }
        }
    }
}
