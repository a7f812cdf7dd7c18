package io.mirrorbootstrap.link;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;

import io.mirrorbootstrap.mirror.CallerAtWork;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.Principal;
import io.smallrye.mutiny.infrastructure.Infrastructure;

/**
 * Shares the workers out among callers: while more than one of them has something to do, only so many jobs of each run at once.
 * By itself each thread gets as much of the processors as any other, and so a caller with 32 links thirty-two times as much as
 * one with a single link. A caller that is alone has them all. Callers of whom nothing is asked are one.
 * <p>
 * A job's turn is short ({@link Link}), so that a newcomer soon has its share. Any thread.
 */
@Singleton
class Turns {

    /** For each processor: while one job of a caller waits for the disk, another may run. */
    private static final int JOBS_PER_PROCESSOR = 2;

    private final Callers callers;
    private final Executor workers;
    private final int share;
    /** The callers that have something to do; the one served last is at the end. Guarded by this. */
    private final Map<String, Lane> busy = new LinkedHashMap<>();

    /** The jobs of one caller. Guarded by the outer object. */
    private static final class Lane {
        private final Queue<Runnable> waiting = new ArrayDeque<>();
        private int running;
    }

    @Inject
    Turns(Callers callers) {
        this(job -> Infrastructure.getDefaultWorkerPool().execute(job),
                JOBS_PER_PROCESSOR * Runtime.getRuntime().availableProcessors(), callers);
    }

    /** @param share how many jobs of one caller run at once, while others have some too; 1 or more */
    Turns(Executor workers, int share, Callers callers) {
        this.callers = callers;
        this.workers = workers;
        this.share = share;
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
        return new Workers(job -> submit(id, marked(id, job)), job -> workers.execute(marked(id, job)));
    }

    private static Runnable marked(String caller, Runnable job) {
        return () -> CallerAtWork.run(caller, job);
    }

    private void submit(String caller, Runnable job) {
        synchronized (this) {
            Lane lane = busy.computeIfAbsent(caller, same -> new Lane());
            lane.waiting.add(job);
            if (!mayRun(lane)) {
                return;
            }
            lane.waiting.remove();
            lane.running++;
        }
        try {
            workers.execute(() -> run(caller, job));
        } catch (RuntimeException | Error e) { // no thread, or the process is ending
            ended(caller);
            throw e;
        }
    }

    private void run(String caller, Runnable job) {
        try {
            job.run();
        } finally {
            ended(caller);
        }
    }

    /** A job has ended: perhaps others may run now, also of other callers, as this one may have nothing to do any more. */
    private void ended(String caller) {
        Map<String, Queue<Runnable>> next = new LinkedHashMap<>();
        synchronized (this) {
            Lane lane = busy.remove(caller);
            lane.running--;
            if (lane.running > 0 || !lane.waiting.isEmpty()) {
                busy.put(caller, lane); // at the end
            }
            busy.forEach((id, each) -> {
                while (!each.waiting.isEmpty() && mayRun(each)) {
                    each.running++;
                    next.computeIfAbsent(id, same -> new ArrayDeque<>()).add(each.waiting.remove());
                }
            });
        }
        Map<String, Queue<Runnable>> left = new LinkedHashMap<>();
        next.forEach((id, jobs) -> jobs.forEach(job -> {
            try {
                workers.execute(() -> run(id, job));
            } catch (RuntimeException | Error e) { // no thread for it but this one, whose own job is over
                left.computeIfAbsent(id, same -> new ArrayDeque<>()).add(job);
            }
        }));
        left.forEach((id, jobs) -> jobs.forEach(job -> run(id, job)));
    }

    private boolean mayRun(Lane lane) {
        return busy.size() == 1 || lane.running < share;
    }
}
