package io.mirrorbootstrap.mirror;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;

import jakarta.inject.Singleton;

import org.jboss.logging.Logger;
import org.jboss.logging.Logger.Level;

import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;
import io.mirrorbootstrap.snapshot.TransferEvent.VerifyReason;
import io.mirrorbootstrap.snapshot.TransferListener;

/**
 * One line of the log for each change of a transfer, and some about how far a long one is; no line for a chunk above DEBUG. Each of them
 * has the {@linkplain SnapshotIdentity#transferId short name} of the transfer, as far as it is known. Any thread.
 */
@Singleton
public class TransferLog implements TransferListener {

    private static final Logger LOG = Logger.getLogger("io.mirrorbootstrap.transfer");

    private final LongSupplier nanoTime;
    private final Courses courses = new Courses();

    /** By the clock of this process. */
    public TransferLog() {
        this(System::nanoTime);
    }

    /** @param nanoTime a clock that only goes forward */
    TransferLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    @Override
    public void on(TransferEvent event) {
        long now = nanoTime.getAsLong();
        Optional<Course> course = courses.after(event, now);
        if (event instanceof TransferEvent.Began began) {
            LOG.infof("begun: %s, from byte %d, by the source at %s", facts(began.identity(), course),
                    began.bytesDone(), began.address());
        } else if (event instanceof TransferEvent.Verifying verifying) {
            boolean touched = verifying.reason() == VerifyReason.TOUCHED;
            LOG.logf(touched ? Level.WARN : Level.INFO, "verifying: %s, %d bytes %s, for the source at %s",
                    facts(verifying.identity(), course), verifying.bytesKept(),
                    touched
                            ? "are read back from the first, because somebody has changed or replaced their file while they were kept"
                            : "are read back first, because their process has ended or their disk has failed since",
                    verifying.address());
        } else if (event instanceof TransferEvent.Progressed progressed
                && course.filter(any -> any.steps().isDue(progressed.bytesDone(), now)).isPresent()) {
            progressed(progressed, course.get(), now);
        } else if (event instanceof TransferEvent.Committed done) {
            LOG.infof("committed: database=%s cluster=%s%s lsn=%d%s bytes=%d crc32c=%s seconds=%s%s%s path=%s",
                    done.database(), Text.field(done.snapshot().sourceClusterId()), owner(done.snapshot().owner()),
                    done.snapshot().lsn(), position(done.snapshot().notes()), done.snapshot().bytes(),
                    done.snapshot().crc32c(), seconds(done.took()), transfer(course.map(Course::transfer)),
                    course.map(Course::summary).orElse(""),
                    done.path());
        } else if (event instanceof TransferEvent.Failed failed) {
            LOG.errorf(failed.cause().orElse(null),
                    "failed: %s, after %d bytes and %s seconds, %s: %s", facts(failed.identity(), course),
                    failed.bytesDone(),
                    seconds(failed.took()),
                    remains(failed.remains()),
                    failed.refusal().message());
        } else if (event instanceof TransferEvent.Kept kept) {
            boolean expected = kept.reason() == KeptReason.PROCESS_ENDING || kept.reason() == KeptReason.FOUND_AT_START;
            LOG.logf(expected ? Level.INFO : Level.WARN,
                    "%s: %s, %d bytes are kept until the source comes back", why(kept.reason()),
                    facts(kept.identity(), course),
                    kept.bytesKept());
        } else if (event instanceof TransferEvent.Dropped dropped) {
            String cause = cause(dropped.reason());
            LOG.logf(cause.isEmpty() ? Level.INFO : Level.WARN, "dropped (%s): %s, after %d bytes%s",
                    dropped.reason().name().toLowerCase(Locale.ROOT), facts(dropped.identity(), course),
                    dropped.bytesDone(),
                    cause);
        } else if (event instanceof TransferEvent.Removed removed) {
            LOG.infof("removed on request: the snapshot of database=%s cluster=%s lsn=%d bytes=%d", removed.database(),
                    Text.field(removed.snapshot().sourceClusterId()), removed.snapshot().lsn(),
                    removed.snapshot().bytes());
        } else if (event instanceof TransferEvent.Lost lost) {
            LOG.errorf(
                    "lost: the snapshot of database=%s cluster=%s lsn=%d bytes=%d was committed, and its file is gone or "
                            + "has another size: somebody has removed or changed it",
                    lost.database(),
                    Text.field(lost.snapshot().sourceClusterId()), lost.snapshot().lsn(), lost.snapshot().bytes());
        } else if (event instanceof TransferEvent.FoundAgain back) {
            LOG.infof(
                    "found again: the snapshot of database=%s cluster=%s lsn=%d bytes=%d is there, as its manifest says: path=%s",
                    back.database(), Text.field(back.snapshot().sourceClusterId()), back.snapshot().lsn(),
                    back.snapshot().bytes(), back.path());
        } else if (event instanceof TransferEvent.Noted noted) {
            LOG.infof("told again: the snapshot of database=%s cluster=%s lsn=%d has%s labels=%d", noted.database(),
                    Text.field(noted.snapshot().sourceClusterId()), noted.snapshot().lsn(),
                    position(noted.snapshot().notes()), noted.snapshot().notes().labels().size());
        } else if (event instanceof TransferEvent.Refused refused && refused.cause().isPresent()) {
            LOG.errorf(refused.cause().get(), "refused: database=%s%s: %s", refused.database(),
                    transfer(course.map(Course::transfer)), refused.refusal().message());
        } else if (LOG.isDebugEnabled()) {
            LOG.debug(Text.readable(event.toString()) + transfer(course.map(Course::transfer)));
        }
    }

    private static void progressed(TransferEvent.Progressed event, Course course, long now) {
        long done = event.bytesDone();
        long total = event.identity().totalBytes();
        double rate = course.steps().bytesPerSecond(done, now);
        course.steps().written(done, now);
        LOG.infof("progress: database=%s transfer=%s bytes=%d%s durable=%d rate=%s%s", event.database(),
                course.transfer(), done,
                total == 0 ? "" : " of=" + total + " percent=" + (int) (100.0 * done / total), event.durableBytes(),
                Rate.inWords(rate),
                total == 0 || rate == 0 ? "" : " eta=" + eta((long) Math.ceil((total - done) / rate)));
    }

    /** Hours, minutes and seconds: {@code 7s}, {@code 6m57s}, {@code 2h00m00s}. */
    private static String eta(long seconds) {
        long minutes = seconds / 60;
        return minutes == 0
                ? seconds + "s"
                : minutes < 60
                        ? String.format(Locale.ROOT, "%dm%02ds", minutes, seconds % 60)
                        : String.format(Locale.ROOT, "%dh%02dm%02ds", minutes / 60, minutes % 60, seconds % 60);
    }

    private static String remains(Remains remains) {
        return switch (remains) {
            case NOTHING -> "nothing of it is kept";
            case SNAPSHOT -> "its file is in place, and its commit is finished later";
            case ANOTHER_FILE -> "nothing of it is kept, nor of an earlier snapshot, as another file is in their place";
        };
    }

    private static String why(KeptReason reason) {
        return switch (reason) {
            case LINK_LOST -> "link lost";
            case DISK_FAILED -> "disk failed, what came behind the last checkpoint is given up";
            case PROCESS_ENDING -> "interrupted by the end of this process";
            case FOUND_AT_START -> "found at start";
        };
    }

    /** The cause of a drop that nobody has asked for, as the end of a sentence; empty for any other. */
    private static String cause(DropReason reason) {
        return switch (reason) {
            case DAMAGED ->
                ": its partial file has other bytes than were accepted, or could twice not be read or opened to "
                        + "write, it begins at 0";
            case MISSING -> ": its partial file is gone or has fewer bytes than were accepted, it begins at 0";
            case FORBIDDEN ->
                ": a snapshot is there that its source may not replace, or has not said that it means to, and that somebody has put there since it began";
            case ABORTED, LINK_LOST, REPLACED, EXPIRED -> "";
        };
    }

    private static String facts(SnapshotIdentity identity, Optional<Course> course) {
        return "database=" + identity.database() + " cluster=" + Text.field(identity.sourceClusterId())
                + owner(identity.owner()) + " lsn=" + identity.lsn()
                + (identity.isStream()
                        ? " bytes=unknown"
                        : " bytes=" + identity.totalBytes())
                + (identity.isToldAtEnd() && identity.totalCrc32c().bits() == 0
                        ? ""
                        : " crc32c=" + identity.totalCrc32c())
                + transfer(course.map(Course::transfer).or(() -> Optional.of(identity.transferId())));
    }

    private static String transfer(Optional<String> name) {
        return name.map(known -> " transfer=" + known).orElse("");
    }

    private static String position(Notes notes) {
        return notes.position().map(text -> " position=" + Text.field(text)).orElse("");
    }

    private static String owner(Optional<String> owner) {
        return owner.map(name -> " owner=" + name).orElse("");
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.3f", duration.toNanos() / 1e9);
    }
}
