package io.mirrorbootstrap.link;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;

import io.mirrorbootstrap.mirror.CallerAtWork;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.Principal;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.vertx.core.Context;

/**
 * Shares the workers out among callers: while more than one of them has something to do, only so many jobs of each run at once.
 * By itself each thread gets as much of the processors as any other, and so a caller with 32 links thirty-two times as much as
 * one with a single link. A caller that is alone has more of them. Callers of whom nothing is asked are one.
 * <p>
 * A job's turn is short ({@link Link}), so that a newcomer soon has its share. Any thread.
 */
@Singleton
class Turns {

    /** For each processor: while one job of a caller waits for the disk, another may run. */
    private static final int JOBS_PER_PROCESSOR = 2;

    /** As many shares a caller that is alone has: with all the workers at work, the event loops find no processor, and probes wait. */
    private static final int SHARES_ALONE = 4;

    /** However many processors there are: of the workers (48), some are left to others, and to what waits for the disk. */
    private static final int MOST_JOBS = 12;
    private static final int MOST_JOBS_ALONE = 24;

    /** So many groups of callers decrypt apart from each other: each as many sessions at once as half of the processors can, at most two. */
    private static final int GROUPS = 64;
    private static final int DECRYPTING_OF_ONE = 2;
    private static final int DECRYPTING_OF_ALL = 8;

    private final Callers callers;
    private final Executor workers;
    private final int share;
    private final int shareAlone;
    private final List<Semaphore> decrypting;
    private final Semaphore decryptingAll = new Semaphore(DECRYPTING_OF_ALL, true);
    /** The callers that have something to do; the one served last is at the end. Guarded by this. */
    private final Map<String, Lane> busy = new LinkedHashMap<>();

    /** The jobs of one caller. Guarded by the outer object. */
    private static final class Lane {
        private final Queue<Runnable> waiting = new ArrayDeque<>();
        private int running;
    }

    @Inject
    Turns(Callers callers) {
        this(job -> Infrastructure.getDefaultWorkerPool().execute(job), Runtime.getRuntime().availableProcessors(),
                callers);
    }

    /** @param processors how many there are; 1 or more */
    Turns(Executor workers, int processors, Callers callers) {
        this.callers = callers;
        this.workers = workers;
        this.share = Math.min(MOST_JOBS, JOBS_PER_PROCESSOR * processors);
        this.shareAlone = Math.min(MOST_JOBS_ALONE, SHARES_ALONE * share);
        int ofOne = Math.max(1, Math.min(DECRYPTING_OF_ONE, processors / 2));
        this.decrypting = Stream.generate(() -> new Semaphore(ofOne)).limit(GROUPS).toList();
    }

    /**
     * Runs what is done for one caller. Lines of the log that are written meanwhile are marked with it.
     *
     * @param jobs takes turns
     * @param asides takes none: for what is likely to wait for the disk for long. There is at most one for each transfer, and it
     *        must not hold up what else the caller does
     */
    record Workers(Executor jobs, Executor asides) {
    }

    Workers of(Principal caller) {
        String id = callers.now().name(caller.id());
        return new Workers(job -> submit(new Turn(id, marked(id, job))), job -> workers.execute(marked(id, job)));
    }

    /** What the sessions of {@code caller} take turns by, asides too. Some callers, which their names tell, have the same. */
    DecryptionTurn decrypting(Principal caller) {
        int group = Math.floorMod(callers.now().name(caller.id()).hashCode(), decrypting.size());
        return new DecryptionTurn(decrypting.get(group), decryptingAll);
    }

    private static Runnable marked(String caller, Runnable job) {
        return () -> CallerAtWork.run(caller, job);
    }

    /** A job, and the caller for which it is done. */
    private record Turn(String caller, Runnable job) {
    }

    /**
     * Hands a job to a worker, or has it wait. Any thread, event loops too: so no job is run here, though there be no worker for it.
     * What counts as running has been taken by a worker: each that waits has one of its caller's in front of it, which hands it out.
     */
    private synchronized void submit(Turn turn) {
        Lane lane = busy.computeIfAbsent(turn.caller(), same -> new Lane());
        if (!mayRun(lane)) {
            lane.waiting.add(turn.job());
            return;
        }
        lane.running++;
        try {
            handOut(turn);
        } catch (RuntimeException | Error e) { // no thread, or the process is ending
            lane.running--;
            if (lane.running == 0 && lane.waiting.isEmpty()) {
                busy.remove(turn.caller());
            }
            throw e;
        }
    }

    /** Its lock is held: an executor takes no longer to take a job than its lock would be waited for. */
    private void handOut(Turn turn) {
        assert Thread.holdsLock(this);
        workers.execute(() -> run(turn));
    }

    /** Runs a job, and then each that finds no other worker than this one, whose own job is over. Worker only. */
    private void run(Turn first) {
        assert !Context.isOnEventLoopThread() && !Thread.holdsLock(this);
        Optional<Turn> next = Optional.of(first);
        try {
            while (next.isPresent()) {
                Turn turn = next.get();
                try {
                    turn.job().run();
                } finally {
                    next = ended(turn);
                }
            }
        } finally {
            next.ifPresent(this::run); // the job before it has thrown
        }
    }

    /**
     * A job has ended: perhaps others may run now, also of other callers, as this one may have nothing to do any more.
     *
     * @return one of these, if no other worker takes it: this one does
     */
    private synchronized Optional<Turn> ended(Turn over) {
        Lane lane = busy.remove(over.caller());
        lane.running--;
        if (lane.running > 0 || !lane.waiting.isEmpty()) {
            busy.put(over.caller(), lane); // at the end
        }
        for (Map.Entry<String, Lane> each : busy.entrySet()) {
            Lane next = each.getValue();
            while (!next.waiting.isEmpty() && mayRun(next)) {
                next.running++;
                Turn turn = new Turn(each.getKey(), next.waiting.remove());
                try {
                    handOut(turn);
                } catch (RuntimeException | Error e) {
                    return Optional.of(turn); // those behind it wait until this one has ended
                }
            }
        }
        return Optional.empty();
    }

    private boolean mayRun(Lane lane) {
        return lane.running < (busy.size() == 1 ? shareAlone : share);
    }
}
