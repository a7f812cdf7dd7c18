package io.mirrorbootstrap.ops;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;

import jakarta.inject.Inject;

import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.Vertx;

/**
 * Ready: a source may connect, because what it sends can be stored. To find out makes a file, and anybody may ask: the answer
 * counts for a second, and the callers that ask meanwhile share it. A disk that hangs keeps one worker, and is not ready; a caller keeps
 * nothing here for longer than a look may take, even when it is gone itself and all workers hang.
 */
@Readiness
class DataDirectoryCheck implements AsyncHealthCheck {

    private static final Duration COUNTS_FOR = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** So many may wait for one look; the others are told what was found last. */
    private static final int MAX_WAITING = 64;

    private final BooleanSupplier directoryIsWritable;
    private final Executor workers;
    private final Timer timer;

    // guarded by this
    private final List<UniEmitter<? super Boolean>> waiting = new ArrayList<>();
    private boolean isUnderWay;
    /** When the look under way began, or the last one ended. */
    private long sinceNanos = System.nanoTime() - COUNTS_FOR.toNanos();
    private boolean wasWritable;

    /** Calls something later. */
    @FunctionalInterface
    interface Timer {
        void after(Duration time, Runnable action);
    }

    @Inject
    DataDirectoryCheck(SnapshotDirectory directory, Vertx vertx) {
        // not a timer of the workers, as they may all wait for the disk
        this(directory::isWritable, look -> Infrastructure.getDefaultWorkerPool().execute(look),
                (time, action) -> vertx.setTimer(time.toMillis(), id -> action.run()));
    }

    DataDirectoryCheck(BooleanSupplier directoryIsWritable, Executor workers, Timer timer) {
        this.directoryIsWritable = directoryIsWritable;
        this.workers = workers;
        this.timer = timer;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return Uni.createFrom().<Boolean>emitter(this::ask).map(
                writable -> HealthCheckResponse.named("data directory writable").status(writable).build());
    }

    private void ask(UniEmitter<? super Boolean> asker) {
        Optional<Boolean> known;
        boolean begins;
        synchronized (this) {
            known = known();
            begins = known.isEmpty() && !isUnderWay;
            if (begins) {
                isUnderWay = true;
                sinceNanos = System.nanoTime();
            }
            if (known.isEmpty()) {
                waiting.add(asker);
            }
        }
        known.ifPresent(asker::complete);
        if (begins) {
            begin();
        }
    }

    /** What is told at once; empty if it is worth waiting for a look. */
    private Optional<Boolean> known() {
        assert Thread.holdsLock(this);
        if (!isUnderWay) {
            return ageNanos() < COUNTS_FOR.toNanos() ? Optional.of(wasWritable) : Optional.empty();
        } else if (isLate()) {
            return Optional.of(false);
        }
        return waiting.size() >= MAX_WAITING ? Optional.of(wasWritable) : Optional.empty();
    }

    private boolean isLate() {
        return isUnderWay && ageNanos() >= PATIENCE.toNanos();
    }

    private long ageNanos() {
        return System.nanoTime() - sinceNanos;
    }

    private void begin() {
        timer.after(PATIENCE, this::tellThatItHangs);
        try {
            workers.execute(this::look);
        } catch (RejectedExecutionException e) { // no thread, or the process is ending
            ended(false);
        }
    }

    private void look() {
        boolean writable = false;
        try {
            writable = directoryIsWritable.getAsBoolean();
        } finally {
            ended(writable);
        }
    }

    private void ended(boolean writable) {
        List<UniEmitter<? super Boolean>> told;
        synchronized (this) {
            isUnderWay = false;
            sinceNanos = System.nanoTime();
            wasWritable = writable;
            told = told();
        }
        told.forEach(asker -> asker.complete(writable));
    }

    /** Tells those who wait that the disk hangs, unless their look has ended: the one under way now may be a later one. */
    private void tellThatItHangs() {
        List<UniEmitter<? super Boolean>> told;
        synchronized (this) {
            if (!isLate()) {
                return;
            }
            wasWritable = false;
            told = told();
        }
        told.forEach(asker -> asker.complete(false));
    }

    private List<UniEmitter<? super Boolean>> told() {
        List<UniEmitter<? super Boolean>> told = List.copyOf(waiting);
        waiting.clear();
        return told;
    }
}
