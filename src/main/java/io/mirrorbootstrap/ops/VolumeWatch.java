package io.mirrorbootstrap.ops;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import jakarta.annotation.PreDestroy;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.DiskSpace;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.store.DirectoryTakenException;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;

/**
 * Notices what others do to the volume while it is in use: the lock file or the directory is gone, or a file that was
 * committed, or that is back; and measures how much room it has. All but the files every second, on a thread of its own, which may hang
 * with the disk; these now and then, on a worker.
 */
@ApplicationScoped
class VolumeWatch {

    private static final Logger LOG = Logger.getLogger(VolumeWatch.class);

    /** A newcomer without a lock file waits three times as long ({@link SnapshotDirectory#keepLock}). */
    private static final long EVERY_MILLIS = 1000;

    private static final Duration COMPARE_EVERY = Duration.ofSeconds(5);

    /** At least so long between two lines about the same thing, so that somebody who plays with the volume cannot fill the log. */
    private static final Duration SILENCE = Duration.ofSeconds(10);

    /** What the process ends with when another one has its directory. */
    private static final int TAKEN = 1;

    private final SnapshotDirectory directory;
    private final DiskSpace space;
    private final Thread thread = new Thread(this::watch, "volume-watch");
    private final Rounds rounds;

    VolumeWatch(SnapshotDirectory directory, DiskSpace space, Mirrors mirrors, Vertx vertx) {
        this.directory = directory;
        this.space = space;
        this.rounds = new Rounds(vertx, "files that somebody has removed or brought back could not be looked for",
                mirrors::compareFiles);
    }

    /** Before the directory is taken: who looks for this process' lock does not wait until its start is over. */
    void start(@Observes @Priority(1) StartupEvent event) {
        thread.setDaemon(true);
        thread.start();
    }

    /** When what an earlier process left is known. */
    void startLooking(@Observes @Priority(Integer.MAX_VALUE) StartupEvent event) {
        rounds.begin(COMPARE_EVERY);
    }

    void end(@Observes ShutdownEvent event) {
        rounds.end();
    }

    /** Last of all: the directory is this process's until then. */
    @PreDestroy
    void close() {
        thread.interrupt();
    }

    private void watch() {
        Look lock = new Look(directory::keepLock);
        Look place = new Look(directory::keepDirectory);
        Look room = new Look(this::measure);
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(EVERY_MILLIS);
                lock.look();
                place.look();
                room.look();
            }
        } catch (InterruptedException e) {
            LOG.debug("the process is ending");
        } catch (DirectoryTakenException e) {
            LOG.errorf("%s: this process changes nothing in it any more, and ends", e.getMessage());
            Quarkus.asyncExit(TAKEN);
        }
    }

    private Optional<String> measure() throws IOException {
        space.tell(new DiskSpace.Found(directory.usableBytes(), directory.totalBytes()));
        return Optional.empty();
    }

    /** One thing that is looked for. Used by the watching thread alone. */
    private static final class Look {

        private final Keeping keeping;
        private String told = "";
        private long toldNanos = System.nanoTime() - SILENCE.toNanos();

        Look(Keeping keeping) {
            this.keeping = keeping;
        }

        /** Logs what it finds once, as long as that stays the same; what comes and goes is logged at most every SILENCE. */
        void look() throws DirectoryTakenException {
            String found;
            try {
                found = keeping.keep().orElse("");
            } catch (DirectoryTakenException e) {
                throw e;
            } catch (IOException | RuntimeException | Error e) {
                found = "the volume cannot be looked after: " + e;
            }
            if (!found.equals(told) && System.nanoTime() - toldNanos >= SILENCE.toNanos()) {
                told = found;
                if (!found.isEmpty()) {
                    toldNanos = System.nanoTime();
                    LOG.error(found);
                }
            }
        }
    }

    @FunctionalInterface
    private interface Keeping {
        Optional<String> keep() throws IOException;
    }
}
