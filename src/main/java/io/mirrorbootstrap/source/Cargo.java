package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.store.Reason;

/**
 * What there is to know of a snapshot that is sent, whoever it is sent to: each thing is found out once, and holds for all mirrors. Any
 * thread.
 */
final class Cargo {

    private final Stock stock;
    private final SnapshotInput input;
    private final Origin origin;
    private final boolean allowEmpty;

    /** Whether one of the next two is there. */
    private volatile boolean isKnown;

    // guarded by this, which is taken before the input is asked, never by who asks it
    private Optional<Outcome> unusable = Optional.empty();
    private Optional<Announcement> announcement = Optional.empty();
    private Optional<Optional<Outcome>> verdict = Optional.empty();
    private Optional<Optional<Outcome>> noPosition = Optional.empty();
    private Optional<String> lastPosition = Optional.empty();
    private Optional<Crc32c> total = Optional.empty();

    /**
     * Asks nothing yet.
     *
     * @param allowEmpty whether an input without a byte is a snapshot
     */
    Cargo(Stock stock, Origin origin, boolean allowEmpty) {
        this.stock = stock;
        this.input = stock.input().input();
        this.origin = origin;
        this.allowEmpty = allowEmpty;
    }

    /** Whether the size is not known before the end. */
    boolean isStream() {
        return input.size().isEmpty();
    }

    /** Whether the input has what it takes to be announced, waiting for that at most {@code patience}. */
    boolean isReady(Duration patience) throws IOException, InterruptedException {
        return stock.readAhead(0, patience,
                () -> isKnown || (origin.lsn().isPresent()
                        ? input.isReady(patience)
                        : input.head(patience).isPresent()));
    }

    /**
     * Looks at the input, which is ready, and finds out what is to be said of it.
     *
     * @param progress is told what is found, where it is found only now
     * @return why nothing is to be sent
     */
    synchronized Optional<Outcome> prepare(Progress progress) throws IOException, InterruptedException {
        if (!isKnown) {
            unusable = stock.input().asked(this::unusable);
            if (unusable.isEmpty()) {
                announcement = Optional.of(stock.input().asked(() -> origin.announcement(input, progress::found)));
            }
            isKnown = true;
        }
        return unusable;
    }

    /** What is said when it is opened, as far as that is known by now. */
    synchronized Announcement announcement() {
        return announcement.orElseThrow();
    }

    /** Nothing may be opened at a sidecar for an input that is none: it would replace what is kept there. */
    private Optional<Outcome> unusable() throws IOException, InterruptedException {
        try {
            if (input.begin()) {
                return Optional.empty();
            }
        } catch (IOException e) {
            return Optional.of(new Outcome.InputUnusable(e.getMessage()));
        }
        Optional<Outcome> flaw = input.flaw();
        return flaw.isPresent() || allowEmpty ? flaw : Optional.of(new Outcome.InputEmpty(input.name()));
    }

    /**
     * What speaks against a whole reading of what is read again for some mirrors: another reading of it, for others, had other bytes. Empty
     * for the first one.
     *
     * @param crc32c of all its bytes
     */
    synchronized Optional<Outcome> differsFrom(Crc32c crc32c) {
        if (!stock.isShared() || total.isEmpty()) {
            total = Optional.of(crc32c);
        }
        return total.filter(first -> !first.equals(crc32c))
                .map(first -> new Outcome.InputChanged(input.name(), "its CRC-32C is " + crc32c + ", and was " + first
                        + " when it was read for another mirror"));
    }

    /**
     * Why a stream that has come to its end is no snapshot: asked before any mirror is told that it is. Empty when nothing speaks against
     * it.
     */
    synchronized Optional<Outcome> verdict() throws IOException, InterruptedException {
        if (verdict.isEmpty()) {
            verdict = Optional.of(stock.input().asked(input::flaw));
        }
        return verdict.get();
    }

    /** What speaks against a stream that has not come to its end yet, as when the program that writes it has failed. */
    synchronized Optional<Outcome> flaw() throws IOException, InterruptedException {
        return stock.input().asked(input::flaw);
    }

    /** Whether its position is in a file, which is read late. */
    boolean hasPositionFile() {
        return origin.positionFile().isPresent();
    }

    /**
     * Reads its file of positions, if there is one, as late as it can be, as a program may write it at its end: from now on it is opened with
     * what that says.
     *
     * @return what is wrong with it
     */
    synchronized Optional<Outcome> readPosition() {
        if (noPosition.isEmpty()) {
            noPosition = Optional.of(origin.positionFile().flatMap(this::read));
        }
        return noPosition.get();
    }

    private Optional<Outcome> read(PositionFile file) {
        try {
            lastPosition = Optional.of(file.read());
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(new Outcome.InputFailed(file.file().toString(), Reason.of(e)));
        }
    }

    /** What the last chunk says of where to follow from. */
    synchronized Optional<String> lastPosition() {
        return lastPosition;
    }
}
