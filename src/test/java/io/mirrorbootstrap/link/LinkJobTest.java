package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

import org.junit.jupiter.api.Test;

/** One job at a time, and no wake-up is lost, whenever it comes. Workers and clock are turned by hand. */
class LinkJobTest {

    private final HandTurned jobs = new HandTurned();
    private final HandTurned asides = new HandTurned();
    private final Steps work = new Steps();
    private final List<Throwable> lost = new ArrayList<>();
    private long nanos;
    private final LinkJob job = new LinkJob(work, new Turns.Workers(jobs, asides), () -> nanos, lost::add);

    /** So many steps are to be done; a test may do something in the middle of them. */
    private static final class Steps implements LinkJob.Work {
        private int left;
        private int done;
        private int rests;
        private boolean isEnding;
        private Optional<Runnable> inStep = Optional.empty();
        private Optional<Runnable> inRest = Optional.empty();

        @Override
        public boolean step() {
            boolean any = left > 0;
            left -= any ? 1 : 0;
            done += any ? 1 : 0;
            Optional<Runnable> now = inStep;
            inStep = Optional.empty();
            now.ifPresent(Runnable::run);
            return any;
        }

        @Override
        public void rests() {
            rests++;
            Optional<Runnable> now = inRest;
            inRest = Optional.empty();
            now.ifPresent(Runnable::run);
        }

        @Override
        public boolean isEnding() {
            return isEnding;
        }
    }

    @Test
    void manyWakeUpsAreOneJob() {
        work.left = 3;
        job.wake();
        job.wake();
        job.wake();
        assertEquals(1, jobs.waiting());
        jobs.turn();
        assertEquals(3, work.done);
        assertEquals(0, jobs.waiting());
    }

    @Test
    void aWakeUpWhileItIsAboutToRestIsNotLost() {
        job.wake();
        work.inRest = Optional.of(() -> {
            work.left = 1; // arrives when the last step has found nothing
            job.wake();
        });
        jobs.turn();
        assertEquals(1, work.done);
        assertEquals(0, jobs.waiting(), "it was done in the same turn");
    }

    @Test
    void aWakeUpInTheMiddleOfAStepIsNotLost() {
        job.wake();
        work.inStep = Optional.of(job::wake);
        jobs.turn();
        assertEquals(2, work.rests, "it has looked once more");
        work.left = 1;
        job.wake();
        jobs.turn();
        assertEquals(1, work.done);
    }

    @Test
    void aTurnEndsAndTheRestComesBehindOthers() {
        work.left = 2;
        work.inStep = Optional.of(() -> nanos += LinkJob.TURN_NANOS + 1);
        job.wake();
        jobs.turn();
        assertEquals(1, work.done);
        assertEquals(1, jobs.waiting());
        job.wake(); // is the same job
        assertEquals(1, jobs.waiting());
        jobs.turn();
        assertEquals(2, work.done);
        assertEquals(0, jobs.waiting());
    }

    @Test
    void itsEndIsOnWorkersOfItsOwn() {
        work.left = 2;
        work.inStep = Optional.of(() -> work.isEnding = true);
        job.wake();
        jobs.turn();
        assertEquals(1, work.done);
        assertEquals(0, jobs.waiting());
        asides.turn();
        assertEquals(2, work.done);
        work.isEnding = false;
        work.left = 1;
        job.wake();
        jobs.turn();
        assertEquals(3, work.done);
    }

    @Test
    void whereNoWorkerIsFoundItIsSaidAndItMayBeWokenAgain() {
        work.left = 1;
        jobs.refuses(true);
        job.wake();
        assertInstanceOf(RejectedExecutionException.class, lost.get(0));
        jobs.refuses(false);
        job.wake();
        jobs.turn();
        assertEquals(1, work.done);
    }

    @Test
    void whereNoWorkerIsFoundForTheNextTurnItIsSaid() {
        work.left = 2;
        work.inStep = Optional.of(() -> {
            nanos += LinkJob.TURN_NANOS + 1;
            jobs.refuses(true);
        });
        job.wake();
        jobs.turn();
        assertEquals(1, lost.size());
        assertFalse(jobs.turnAll());
    }
}
