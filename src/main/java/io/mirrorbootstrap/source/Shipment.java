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
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.ErrorCode;

/** One snapshot that is being sent to one mirror, over all its links: what is known of that by now. Sending thread only. */
final class Shipment {

    private static final Set<String> WRONG = Stream
            .of(ErrorCode.SNAPSHOT_CRC_MISMATCH, ErrorCode.SNAPSHOT_SIZE_MISMATCH,
                    ErrorCode.ENVELOPE_MISMATCH)
            .map(ErrorCode::spelling).collect(Collectors.toUnmodifiableSet());

    private final Cargo cargo;
    private final Progress progress;
    private final Supply supply;
    private final Optional<Compressor> compressor;
    private final long startedNanos = System.nanoTime();

    private Optional<Announcement> announcement = Optional.empty();
    /** Whether the last announcement had the position that is read late. */
    private boolean hasLastPosition;
    private boolean isWhole;
    private int links;
    private long sentBytes;
    private long resentBytes;
    private long savedBytes;

    /** Nothing is read yet. */
    Shipment(Cargo cargo, Supply supply, Optional<Compressor> compressor, Progress progress) {
        this.cargo = cargo;
        this.supply = supply;
        this.compressor = compressor;
        this.progress = progress;
    }

    Cargo cargo() {
        return cargo;
    }

    Progress progress() {
        return progress;
    }

    Supply supply() {
        return supply;
    }

    /** What compresses its chunks, on links whose sidecar takes that. */
    Optional<Compressor> compressor() {
        return compressor;
    }

    /** What is read for this mirror by now. */
    SnapshotInput input() {
        return supply.input();
    }

    long startedNanos() {
        return startedNanos;
    }

    /** Whether the size is not known before the end. */
    boolean isStream() {
        return cargo.isStream();
    }

    /** Whether all that is said when it is opened is known. */
    boolean isAnnounced() {
        return announcement.isPresent();
    }

    /** What is said when it is opened: of the position, what was said last. */
    Announcement announcement() {
        Announcement first = announcement.orElseThrow();
        hasLastPosition = cargo.lastPosition().isPresent();
        Notes notes = new Notes(cargo.lastPosition().or(() -> first.notes().position()), first.notes().labels());
        return new Announcement(first.identity(), first.isMeant(), notes);
    }

    /** What asks a sidecar to take it. */
    Control.Open open() {
        return new Control.Open(announcement(), compressor.isPresent());
    }

    SnapshotIdentity identity() {
        return announcement.orElseThrow().identity();
    }

    /**
     * Finds out what is said when it is opened; the input is ready.
     *
     * @return why nothing is to be sent
     */
    Optional<Outcome> prepare() throws IOException, InterruptedException {
        Optional<Outcome> unusable = cargo.prepare(progress);
        if (unusable.isEmpty()) {
            announcement = Optional.of(cargo.announcement());
            progress.named(identity().transferId());
        }
        return unusable;
    }

    /** The sidecar goes on only with what it knows the CRC-32C of in advance: the name is of no use. */
    void identify(Crc32c crc32c) {
        SnapshotIdentity named = identity();
        announcement = Optional.of(new Announcement(new SnapshotIdentity(named.sourceClusterId(), named.database(),
                named.lsn(), named.totalBytes(), crc32c), announcement().isMeant(), announcement().notes()));
        progress.named(identity().transferId());
    }

    /** Payload begins, or goes on, over one more link. */
    void begins(Answer.Opened opened) {
        links++;
        if (links == 1 && compressor.isPresent() && !opened.takesZstd()) {
            progress.found("the sidecar takes no compressed chunks: they are sent as they are");
        }
    }

    /** A chunk is sent. */
    void sent(Payload payload) {
        sentBytes += payload.bytes();
        resentBytes += payload.again();
    }

    /** In place of a payload, which counts as sent, a frame goes to the link. */
    void packed(Payload payload, Compressor.Packed frame) {
        supply.packed(payload, frame.memory());
        savedBytes += payload.bytes() - frame.bytes();
    }

    /** What it has taken so far, over all its links; empty where none was asked for payload. */
    Optional<Tally> tally() {
        return links == 0
                ? Optional.empty()
                : Optional.of(new Tally(identity(), sentBytes, Duration.ofNanos(System.nanoTime() - startedNanos),
                        links - 1, resentBytes, sentBytes - savedBytes));
    }

    /**
     * The last chunk is about to be sent.
     *
     * @return why it must not be: what was read is no snapshot
     */
    Optional<Outcome> becomesWhole() throws IOException, InterruptedException {
        if (isStream() && isWhole) {
            return Optional.empty();
        }
        Optional<Outcome> flaw = isStream() ? cargo.verdict() : flawOfFile();
        flaw = flaw.isPresent() ? flaw : cargo.readPosition();
        isWhole = isWhole || flaw.isEmpty();
        return flaw;
    }

    private Optional<Outcome> flawOfFile() throws IOException, InterruptedException {
        Optional<Outcome> flaw = supply.asked(() -> input().flaw());
        if (flaw.isPresent()) {
            return flaw;
        }
        return supply.endByte() < input().size().getAsLong()
                ? Optional.of(new Outcome.InputChanged(input().name(), "it ends at byte " + supply.endByte()))
                : supply.totalCrc32c().flatMap(cargo::differsFrom);
    }

    /** Whether the sidecar is still to be told a position that is read late: what is there already may have another one, or none. */
    boolean owesPosition() {
        return cargo.hasPositionFile() && !hasLastPosition;
    }

    /** The others of a stream go on without this mirror. */
    Outcome leftBehind(long bytesDone) {
        return new Outcome.LeftBehind(input().name(), supply.lagLimit(), Math.max(bytesDone, supply.durableBytes()));
    }

    /** Whether the last chunk has been sent, over whatever link. */
    boolean isWhole() {
        return isWhole;
    }

    /**
     * What {@code outcome} comes to, when nothing more is tried. The sidecar may have committed a stream of which all was sent; the next
     * {@code open} would tell, if there was one. What is wrong with its bytes, and that another is there, is an answer to the last chunk
     * itself.
     */
    Outcome ended(Outcome outcome) {
        boolean isRefused = outcome instanceof Outcome.Refused refused && WRONG.contains(refused.failure().code());
        boolean isKnown = isRefused || outcome instanceof Outcome.Committed || outcome instanceof Outcome.NotUnderstood;
        return isWhole && isStream() && !isKnown ? commitUnknown(outcome, startedNanos, false) : outcome;
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
                supply.endByte(), supply.totalCrc32c().orElseThrow());
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
}
