package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;

/** One snapshot that is being sent, over all its links: what it is called, and what is known of it by now. Sending thread only. */
final class Shipment {

    private static final Set<String> WRONG = Stream
            .of(ErrorCode.SNAPSHOT_CRC_MISMATCH, ErrorCode.SNAPSHOT_SIZE_MISMATCH,
                    ErrorCode.ENVELOPE_MISMATCH)
            .map(ErrorCode::spelling).collect(Collectors.toUnmodifiableSet());

    private final SnapshotInput input;
    private final Origin origin;
    private final Progress progress;
    private final Supply supply;
    private final long startedNanos = System.nanoTime();

    private Optional<Announcement> announcement = Optional.empty();
    private Optional<String> lastPosition = Optional.empty();
    private boolean isWhole;
    private int links;
    private long sentBytes;
    private long resentBytes;

    /**
     * Nothing is read yet.
     *
     * @param memory see {@link Supply}
     * @param replayBytes how much of a stream is held, at most, in bytes
     */
    Shipment(SnapshotInput input, Origin origin, Progress progress, ChunkMemory memory, long replayBytes) {
        this.input = input;
        this.origin = origin;
        this.progress = progress;
        this.supply = new Supply(input, memory, replayBytes);
    }

    SnapshotInput input() {
        return input;
    }

    Origin origin() {
        return origin;
    }

    Progress progress() {
        return progress;
    }

    Supply supply() {
        return supply;
    }

    long startedNanos() {
        return startedNanos;
    }

    /** Whether the size is not known before the end. */
    boolean isStream() {
        return input.size().isEmpty();
    }

    /** Whether all that is said when it is opened is known. */
    boolean isAnnounced() {
        return announcement.isPresent();
    }

    /** What is said when it is opened: of the position, what was said last. */
    Announcement announcement() {
        Announcement first = announcement.orElseThrow();
        Notes notes = new Notes(lastPosition.or(() -> first.notes().position()), first.notes().labels());
        return new Announcement(first.identity(), first.isMeant(), notes);
    }

    SnapshotIdentity identity() {
        return announcement.orElseThrow().identity();
    }

    /** Whether the input has what it takes to be announced, waiting for that at most {@code patience}. */
    boolean isReady(Duration patience) throws IOException, InterruptedException {
        supply.readAhead();
        return origin.lsn().isPresent() ? input.isReady(patience) : input.head(patience).isPresent();
    }

    /** Finds out what is said when it is opened; the input is ready. */
    void announce() throws IOException, InterruptedException {
        announcement = Optional.of(origin.announcement(input, progress::found));
        progress.named(identity().transferId());
    }

    /** The sidecar goes on only with what it knows the CRC-32C of in advance: the name is of no use. */
    void identify(Crc32c crc32c) {
        SnapshotIdentity named = identity();
        announcement = Optional.of(new Announcement(new SnapshotIdentity(named.sourceClusterId(), named.database(),
                named.lsn(), named.totalBytes(), crc32c), origin.isMeant(), announcement().notes()));
        progress.named(identity().transferId());
    }

    /** Payload begins, or goes on, over one more link. */
    void begins() {
        links++;
    }

    /**
     * A chunk is sent.
     *
     * @param before how much had been sent before it, at most, over whatever link; in bytes
     */
    void sent(Payload payload, long before) {
        sentBytes += payload.bytes();
        resentBytes += Math.max(0, Math.min(before - payload.offset(), payload.bytes()));
    }

    /** What it has taken so far, over all its links; empty where none was asked for payload. */
    Optional<Tally> tally() {
        return links == 0
                ? Optional.empty()
                : Optional.of(new Tally(identity(), sentBytes, Duration.ofNanos(System.nanoTime() - startedNanos),
                        links - 1, resentBytes));
    }

    /** All of a stream was read, or the end of a file has been sent, and nothing speaks against it. */
    void isNowWhole() {
        isWhole = true;
    }

    /** Whether the last chunk has been sent, over whatever link. */
    boolean isWhole() {
        return isWhole;
    }

    /**
     * Whether the sidecar may have committed it though {@code outcome} came of it: of a stream of which all was sent the next {@code open}
     * would tell, if there was one. What is wrong with its bytes, and that another is there, is an answer to the last chunk itself.
     */
    boolean mayBeCommitted(Outcome outcome) {
        boolean isRefused = outcome instanceof Outcome.Refused refused && WRONG.contains(refused.failure().code());
        return isWhole && isStream() && !isRefused
                && !(outcome instanceof Outcome.Committed || outcome instanceof Outcome.NotUnderstood);
    }

    /**
     * All of it was sent, and there is no telling what became of it.
     *
     * @param sinceNanos when that began, by {@link System#nanoTime}
     * @param canHeal whether to ask may help
     */
    Outcome.CommitUnknown commitUnknown(Outcome why, long sinceNanos, boolean canHeal) {
        SnapshotIdentity identity = identity();
        SnapshotIdentity sent = new SnapshotIdentity(identity.sourceClusterId(), identity.database(), identity.lsn(),
                supply.endByte(), supply.heldCrc32c(supply.endByte()));
        return new Outcome.CommitUnknown(sent, Duration.ofNanos(System.nanoTime() - sinceNanos), why.message(), canHeal,
                why.comeBackAfter());
    }

    /** A file whose CRC-32C is told with its last chunk. */
    boolean isNamedFile() {
        return !isStream() && identity().streamId().isPresent();
    }

    /**
     * Whether a success is one of this snapshot, as far as is known without reading.
     *
     * @param isAtOpen whether nothing was sent over this link
     */
    boolean isWhatWasSent(Answer.Committed committed, boolean isAtOpen) {
        SnapshotIdentity identity = identity();
        boolean isAll = isWhole && supply.nextByte() == supply.endByte();
        if (!committed.database().equals(identity.database())
                || committed.lsn() != identity.lsn() && !(isAtOpen && isNamedFile() && identity.lsn() == 0)) {
            return false;
        } else if (isAtOpen && isNamedFile()) { // its CRC-32C is not known before the file is read
            return committed.bytes() == identity.totalBytes();
        } else if (identity.streamId().isEmpty()) {
            return committed.bytes() == identity.totalBytes() && committed.crc32c().equals(identity.totalCrc32c());
        }
        return (isAll || committed.bytes() == 0) && committed.bytes() == supply.endByte()
                && committed.crc32c().equals(supply.runningCrc32c());
    }

    /** Whether it has a file of positions that has not been read: what is there already may have another position, or none. */
    boolean owesPosition() {
        return origin.positionFile().isPresent() && lastPosition.isEmpty();
    }

    /**
     * Reads its file of positions, if there is one, as late as it can be, as a program may write it at its end: from now on it is opened with
     * what that says.
     *
     * @return what is wrong with it
     */
    Optional<Outcome> readPosition() {
        Optional<PositionFile> file = origin.positionFile();
        try {
            lastPosition = file.isPresent() ? Optional.of(file.get().read()) : Optional.empty();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(new Outcome.InputFailed(file.get().file().toString(), Reason.of(e)));
        }
    }

    /** What the last chunk says of where to follow from. */
    Optional<String> lastPosition() {
        return lastPosition;
    }
}
