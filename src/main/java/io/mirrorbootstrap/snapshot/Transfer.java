package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The payload of one snapshot accepted so far: a partial file, its length, its running CRC. At any time
 * {@code durable <= accepted <= total}, and none of them runs back. Guarded by its receiver's lock, except for methods
 * that say otherwise.
 */
final class Transfer {

    /** Progress is reported each time this much or more has come since the last report, in bytes. */
    private static final long REPORT_BYTES = 1024 * 1024;

    private volatile SnapshotIdentity identity;
    private volatile Notes notes;
    /** As it was opened: what chunks have said since goes with them. */
    private volatile Notes opened;
    /** Guarded by the lock of the records: what the record of the last checkpoint says. */
    private volatile Notes recorded;
    private volatile boolean isMeant;
    private final PartialFile file;
    private final long startedNanos = System.nanoTime();
    private volatile long bytesDone;
    private volatile long acceptedNanos = System.nanoTime();
    private long bytesReported;
    private Crc32c crc;
    private long checkpointedAt;
    private final AtomicBoolean checkpointing = new AtomicBoolean();
    private volatile long durableBytes;
    /** Guarded by the lock of the records. */
    private Checkpoint forced;

    /** A new transfer without a byte. */
    Transfer(Announcement said, PartialFile file) {
        this(new Checkpoint(said.identity(), 0, Crc32c.EMPTY, said.notes()), 0, said.isMeant(), file);
    }

    /** A transfer that goes on where {@code kept} stands. */
    Transfer(KeptTransfer kept, PartialFile file) {
        this(kept.accepted(), kept.durableBytes(), kept.isMeant(), file);
    }

    private Transfer(Checkpoint accepted, long durableBytes, boolean isMeant, PartialFile file) {
        this.identity = accepted.identity();
        this.notes = accepted.notes();
        this.opened = accepted.notes();
        this.recorded = accepted.notes();
        this.isMeant = isMeant;
        this.file = file;
        this.bytesDone = accepted.bytes();
        this.bytesReported = accepted.bytes();
        this.crc = accepted.crc32c();
        this.checkpointedAt = durableBytes;
        this.durableBytes = durableBytes;
        this.forced = accepted; // nothing is kept that was not forced
    }

    /** The source that goes on with it has announced it so: it sends on behalf of that owner. */
    void isAnnounced(Announcement again) {
        assert identity.isSame(again.identity());
        identity = identity.ownedBy(again.identity().owner());
        notes = notes.followedBy(again.notes());
        opened = opened.followedBy(again.notes());
        isMeant = again.isMeant();
    }

    /** Its source has said from where to follow, or not again. */
    void saysPosition(Optional<String> position) {
        notes = notes.at(position);
    }

    /** What its source has said with {@code open}. Any thread. */
    Notes opened() {
        return opened;
    }

    /** Whether its source need not be asked whether it means to replace what is committed: it has said so, or has not opened it. Any thread. */
    boolean isMeant() {
        return isMeant;
    }

    /** Whether there is a checkpoint that does not say what its source has said since. Any thread. */
    boolean hasNews() {
        return durableBytes > 0 && !notes.equals(recorded);
    }

    /** A record says so. */
    void recorded(Notes said) {
        recorded = said;
    }

    /** What its source has said so far. Any thread. */
    Notes notes() {
        return notes;
    }

    SnapshotIdentity identity() {
        return identity;
    }

    PartialFile file() {
        return file;
    }

    /** How much has been accepted, in bytes. Any thread. */
    long bytesDone() {
        return bytesDone;
    }

    /** How many of {@link #bytesDone} survive a power cut. Any thread. */
    long durableBytes() {
        return durableBytes;
    }

    /** Both at this moment. Any thread. */
    Progress progress() {
        long durable = durableBytes; // before the other, which is never less
        return new Progress(bytesDone, durable);
    }

    /** Where it stands now. */
    Checkpoint checkpoint() {
        return new Checkpoint(identity, bytesDone, crc, notes);
    }

    /** Whether a checkpoint is due, {@code every} bytes after the last; if so, it counts as begun. */
    boolean checkpointIsDue(long every) {
        if (bytesDone - checkpointedAt < every || !checkpointing.compareAndSet(false, true)) {
            return false;
        }
        checkpointedAt = bytesDone;
        return true;
    }

    /** A checkpoint that was begun is over, whether it succeeded or not. Any thread. */
    void checkpointEnded() {
        checkpointing.set(false);
    }

    /** All up to {@code point} is forced, and its record is about to be written. */
    void forced(Checkpoint point) {
        forced = point.bytes() > forced.bytes() ? point : forced;
    }

    /**
     * The last point that was forced, {@link #durableBytes} or more, as a record that could not be written may be there all the
     * same. Whatever happens to the disk since, the file has what is before it.
     */
    Checkpoint forced() {
        return forced.of(identity, notes);
    }

    /** The first {@code bytes} bytes survive a power cut, and a checkpoint says so. */
    void durable(long bytes) {
        assert bytes <= bytesDone : bytes + " of " + bytesDone;
        durableBytes = Math.max(durableBytes, bytes);
    }

    /** The CRC-32C of the first {@link #bytesDone} bytes. */
    Crc32c crc() {
        return crc;
    }

    Duration age() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    /** The {@code bytes} bytes behind {@link #bytesDone} are accepted. */
    void accept(long bytes, Crc32c bytesCrc) {
        assert bytes >= 0 && (identity.isStream() || bytesDone + bytes <= identity.totalBytes());
        crc = crc.followedBy(bytesCrc, bytes);
        bytesDone = bytesDone + bytes;
        acceptedNanos = System.nanoTime();
    }

    /** How long ago the last chunk was accepted, or the transfer was begun or gone on with since. Any thread. */
    Duration sinceLastChunk() {
        return Duration.ofNanos(System.nanoTime() - acceptedNanos);
    }

    /** Whether it is time to report that {@code done} bytes have come; if so, they count as reported. */
    boolean reportIsDue(long done) {
        if (done - bytesReported < REPORT_BYTES) {
            return false;
        }
        bytesReported = done;
        return true;
    }

    /** No byte that was not accepted remains. */
    void cutBack() throws IOException {
        file.truncate(bytesDone);
    }

    /** Whether a failing disk leaves something to go on with. Where it cannot tell whether the file is there, whoever goes on finds out. */
    boolean hasDurableBytes() {
        try {
            return durableBytes > 0 && !file.isPublished() && file.facts().isPresent();
        } catch (IOException e) {
            return true;
        }
    }
}
