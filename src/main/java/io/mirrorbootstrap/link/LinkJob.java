package io.mirrorbootstrap.link;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

import io.smallrye.mutiny.Uni;

/**
 * The job of a link: one at a time on a worker, as long as there is something to do. Whatever gives it something to do, or ends what it
 * waits for, calls {@link #wake}: a call while it runs makes it look once more before it rests, so that none is lost.
 * <p>
 * When its turn is over it goes to the end of the line. Its last part, which makes durable what has come, runs on workers of its own.
 */
final class LinkJob {

    /** How long it may have its worker while others wait for one. */
    static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** What is done. Worker only, one thread at a time. */
    interface Work {

        /** Does the next thing; false when there is nothing to do now. Throws nothing. */
        boolean step();

        /** Nothing is done for a while now. */
        void rests();

        /** Whether the next step waits for the disk, to make the received bytes durable. Any thread. */
        boolean isEnding();
    }

    private final Work work;
    private final Turns.Workers workers;
    private final LongSupplier nanoTime;
    private final Consumer<Throwable> whenLost;

    /** Of those that are not looked after yet; more than 0 while the job runs, or is on the way to a worker. */
    private final AtomicInteger wakeUps = new AtomicInteger();

    /** @param whenLost hears that no worker was found for it, or that the work threw: it runs again only if it is woken */
    LinkJob(Work work, Turns.Workers workers, LongSupplier nanoTime, Consumer<Throwable> whenLost) {
        this.work = work;
        this.workers = workers;
        this.nanoTime = nanoTime;
        this.whenLost = whenLost;
    }

    /** Has it run, or look once more if it runs. Any thread. */
    void wake() {
        if (wakeUps.getAndIncrement() == 0) {
            submit();
        }
    }

    private void submit() {
        boolean ending = work.isEnding();
        Uni.createFrom().item(() -> run(ending))
                .runSubscriptionOn(ending ? workers.asides() : workers.jobs())
                .subscribe().with(again -> {
                    if (again) {
                        submit();
                    }
                }, this::lost);
    }

    private void lost(Throwable failure) {
        wakeUps.set(0);
        whenLost.accept(failure);
    }

    /** @return whether it goes on with another turn, or on other workers */
    private boolean run(boolean ending) {
        assert wakeUps.get() > 0 : "a job that nobody has woken";
        long began = nanoTime.getAsLong();
        int seen;
        do {
            seen = wakeUps.get();
            while (work.isEnding() == ending && work.step()) {
                if (nanoTime.getAsLong() - began > TURN_NANOS) {
                    work.rests();
                    return true;
                }
            }
            work.rests();
            if (work.isEnding() != ending) {
                return true;
            }
        } while (wakeUps.addAndGet(-seen) != 0);
        return false;
    }
}
