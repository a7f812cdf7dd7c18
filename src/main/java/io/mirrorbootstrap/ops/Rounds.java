package io.mirrorbootstrap.ops;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

import org.jboss.logging.Logger;

import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.vertx.core.Vertx;

/**
 * Work that is done again and again, by a worker, for as long as the process lives: nothing that happens in a round ends the rounds, nor
 * does a moment in which there is no thread for one. One round at a time: what is due meanwhile is left out. Any thread.
 */
final class Rounds {

    private static final Logger LOG = Logger.getLogger(Rounds.class);

    private final String failure;
    private final Runnable round;
    private final Executor workers;
    private final Timer timer;

    private final AtomicBoolean isUnderWay = new AtomicBoolean();
    /** Whether it has been told that there is no thread. */
    private final AtomicBoolean isTold = new AtomicBoolean();
    private volatile boolean isOver;
    private volatile Runnable cancellation = () -> {
    };

    /** Calls something again and again. */
    @FunctionalInterface
    interface Timer {
        /** @return what ends that */
        Runnable every(Duration period, Runnable action);
    }

    /**
     * @param failure what is said when a round cannot be made
     * @param round what is done
     */
    Rounds(Vertx vertx, String failure, Runnable round) {
        // not ticks of the workers: the pool drops for ever, and says nothing, what it has once no thread for
        this(failure, round, work -> Infrastructure.getDefaultWorkerPool().execute(work), (period, action) -> {
            long id = vertx.setPeriodic(period.toMillis(), tick -> action.run());
            return () -> vertx.cancelTimer(id);
        });
    }

    Rounds(String failure, Runnable round, Executor workers, Timer timer) {
        this.failure = failure;
        this.round = round;
        this.workers = workers;
        this.timer = timer;
    }

    /** The first round is at once. */
    void begin(Duration period) {
        cancellation = timer.every(period, this::offer);
        offer();
    }

    /** No round begins after this; one that is under way goes on. */
    void end() {
        isOver = true;
        cancellation.run();
    }

    private void offer() {
        if (!isUnderWay.compareAndSet(false, true)) {
            return;
        }
        try {
            workers.execute(this::run);
            isTold.set(false);
        } catch (RuntimeException | Error e) { // no thread, or the process is ending
            isUnderWay.set(false);
            if (!isOver && !isTold.getAndSet(true)) {
                LOG.errorf("%s, until there is a thread for it: %s", failure, e);
            }
        }
    }

    private void run() {
        try {
            if (!isOver) {
                round.run();
            }
        } catch (RuntimeException | Error e) {
            LOG.errorf(e, "%s, until the next round", failure);
        } finally {
            isUnderWay.set(false);
        }
    }
}
