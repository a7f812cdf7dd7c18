package io.mirrorbootstrap.snapshot;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * What docs/protocol.md says becomes of one database's transfer, in memory; answers are text. Where that page is silent it
 * follows the product:
 * <ul>
 * <li>what is committed is recognized before a guard is asked, and {@code transfer_in_progress} comes before
 * {@code stale_snapshot};</li>
 * <li>of two identities that are one, that of the last {@code open} counts until a chunk has begun it, then that of the
 * first;</li>
 * <li>where what was opened is begun by a chunk that agrees with it, what was opened counts, its name, notes and CRC-32C
 * included; a chunk that does not agree begins a snapshot without a name, of which nothing is said;</li>
 * <li>a source whose link has ended takes nothing from one that is there or will come back, but may begin where nothing
 * is.</li>
 * </ul>
 */
final class TransferModel {

    /** The committed snapshot's bytes, null when there is none. */
    byte[] snapshot;
    private SnapshotIdentity committed; // with its name, and all that was told at its end
    private Notes committedNotes;

    private SnapshotIdentity identity; // null when no transfer is under way or kept
    private byte[] bytes;
    private long durableBytes;
    private boolean opened;
    private boolean begun;
    private Notes notes;
    private Notes openedNotes; // without what chunks have said since
    private Notes durableNotes; // as a kill leaves them
    private Source owner; // null when the transfer is kept
    private final Set<Source> superseded = new HashSet<>();
    private final Set<Source> left = new HashSet<>();
    private final Set<Source> unheard = new HashSet<>(); // others have ended their transfers

    boolean isIdle() {
        return identity == null;
    }

    boolean isUnderWay() {
        return owner != null;
    }

    /** What is in the partial file, -1 when there is none; of a kept transfer more may be in it. */
    long partialBytes() {
        return identity != null && begun ? bytes.length : -1;
    }

    boolean isSuperseded(Source source) {
        return superseded.contains(source);
    }

    String open(Source source, Announcement said) {
        SnapshotIdentity wanted = said.identity();
        unheard.remove(source);
        if (isSuperseded(source)) {
            return superseded().toString();
        }
        if (committed != null && IdentityModel.isCommitted(committed, wanted)) {
            committedNotes = latest(committedNotes, said.notes());
            return committed();
        }
        Optional<Refusal> refused = said.isMeant() ? Optional.empty() : guard(source, wanted);
        refused = refused.isPresent() ? refused : refuseGone(source);
        if (refused.isPresent()) {
            return refused.get().toString();
        }
        boolean goesOn = identity != null && IdentityModel.isSame(identity, wanted);
        own(source);
        if (goesOn) {
            identity = begun ? identity : wanted;
            notes = latest(notes, said.notes());
            openedNotes = latest(openedNotes, said.notes());
            durableNotes = notes;
        } else {
            begin(wanted, said.notes());
        }
        opened = true;
        return opened(bytes.length, crc(bytes));
    }

    private Optional<Refusal> guard(Source source, SnapshotIdentity wanted) {
        if (opened && owner != null && owner != source && !isGone(owner) && !IdentityModel.isSame(identity, wanted)) {
            return Optional.of(new Refusal.TransferInProgress(identity.sourceClusterId(), identity.lsn(), bytes.length,
                    identity.totalBytes(), Optional.empty()));
        }
        boolean isStale = committed != null && (wanted.lsn() > 0 && wanted.lsn() < committed.lsn()
                || !wanted.sourceClusterId().equals(committed.sourceClusterId()));
        return isStale
                ? Optional.of(new Refusal.StaleSnapshot(wanted.lsn(), committed.lsn(), wanted.sourceClusterId(),
                        committed.sourceClusterId(), Optional.empty()))
                : Optional.empty();
    }

    private Optional<Refusal> refuseGone(Source source) {
        if (owner == source || !isGone(source)) {
            return Optional.empty();
        } else if (isSuperseded(source)) {
            return Optional.of(superseded());
        }
        return isIdle() ? Optional.empty() : Optional.of(new Refusal.LinkEnded());
    }

    private static Refusal superseded() {
        return new Refusal.Superseded(new DatabaseId("db"));
    }

    /** Rules 2 and 3, as far as they can be told before the payload has come; a kept transfer without a name goes on. */
    Optional<String> head(Source source, SnapshotIdentity stamped, long offset) {
        Optional<String> ended = hear(source, offset);
        if (ended.isPresent() || offset == 0) {
            return ended;
        }
        boolean kept = identity != null && owner == null;
        if (kept && offset == bytes.length && identity.streamId().isEmpty()
                && IdentityModel.belongs(identity, stamped)) {
            Optional<Refusal> refused = refuseGone(source);
            if (refused.isPresent()) {
                return refused.map(Refusal::toString);
            }
            own(source);
        }
        long expected = owner == source ? bytes.length : 0;
        if (owner != source || offset != expected) {
            return Optional.of(new Refusal.OffsetRegression(expected, offset).toString());
        }
        return IdentityModel.belongs(identity, stamped)
                ? Optional.empty()
                : IdentityModel.mismatch(identity, stamped, false);
    }

    private Optional<String> hear(Source source, long offset) {
        return Optional.of(new Refusal.OffsetRegression(0, offset).toString()).filter(any -> unheard.remove(source));
    }

    /** What is in a chunk beside its payload. */
    record Rest(boolean done, Optional<Crc32c> chunkCrc32c, Optional<String> position) {
    }

    String chunk(Source source, SnapshotIdentity stamped, long offset, byte[] data, Rest rest) {
        Optional<String> ended = hear(source, offset);
        if (ended.isPresent()) {
            return ended.get();
        } else if (offset > 0 && owner != source) {
            return new Refusal.OffsetRegression(0, offset).toString();
        }
        if (offset > 0 && IdentityModel.mismatch(identity, stamped, rest.done()).isPresent()) {
            return IdentityModel.mismatch(identity, stamped, rest.done()).get();
        }
        if (rest.chunkCrc32c().isPresent() && !rest.chunkCrc32c().get().equals(crc(data))) {
            return new Refusal.ChunkCrcMismatch(offset, rest.chunkCrc32c().get(), crc(data)).toString();
        }
        long end = offset + data.length;
        if (stamped.totalBytes() > 0 && (end > stamped.totalBytes() || rest.done() && end < stamped.totalBytes())) {
            if (offset > 0) {
                drop();
            }
            return new Refusal.SnapshotSizeMismatch(stamped.totalBytes(), end).toString();
        }
        if (offset == 0) {
            Optional<Refusal> refused = refuseGone(source);
            if (refused.isPresent()) {
                return refused.get().toString();
            }
            opened &= owner == source;
            own(source);
            boolean isWhatWasOpened = opened && IdentityModel.mismatch(identity, stamped, rest.done()).isEmpty();
            begin(isWhatWasOpened ? identity : stamped, isWhatWasOpened ? openedNotes : Notes.NONE);
        }
        begun = true;
        bytes = ByteBuffer.allocate((int) end).put(bytes).put(data).array();
        notes = latest(notes, new Notes(rest.position(), Notes.NONE.labels()));
        return rest.done() ? finish(stamped) : "pending " + end;
    }

    private String finish(SnapshotIdentity stamped) {
        byte[] whole = bytes;
        SnapshotIdentity first = identity;
        drop();
        if (!stamped.totalCrc32c().equals(crc(whole))) {
            return new Refusal.SnapshotCrcMismatch(stamped.totalCrc32c(), crc(whole)).toString();
        }
        snapshot = whole;
        committed = new SnapshotIdentity(stamped.sourceClusterId(), stamped.database(), stamped.lsn(), whole.length,
                crc(whole), first.streamId(), Optional.empty());
        committedNotes = notes;
        return committed();
    }

    /**
     * Behind a chunk of {@code length} bytes, {@code durable} bytes were said to survive; never fewer than before, and only of what
     * was opened; all of them, where the chunk has asked for it.
     */
    boolean isDurable(long durable, int length, long checkpointBytes) {
        boolean right = opened
                ? durable >= durableBytes && durable <= bytes.length && bytes.length - durable < checkpointBytes
                        && (length > 0 || durable == bytes.length)
                : durable == 0;
        if (durable > durableBytes || length == 0) {
            durableNotes = notes;
        }
        durableBytes = durable;
        return right;
    }

    void abort() { // by a caller that is no source
        if (owner != null) {
            unheard.add(owner);
        }
        drop();
    }

    private void drop() {
        identity = null;
        owner = null;
    }

    void removeSnapshot() {
        snapshot = null;
        committed = null;
    }

    /** The link has ended, but nobody has been told yet. */
    void leave(Source source) {
        left.add(source);
    }

    void disconnect(Source source) {
        if (owner == source && opened && begun && bytes.length > 0) { // without a byte there is nothing to go on with
            owner = null;
            durableBytes = bytes.length;
            durableNotes = notes;
            openedNotes = notes;
        } else if (owner == source) {
            drop();
        }
    }

    /** The process is killed, and another starts. */
    void restart() {
        if (identity == null || !opened || durableBytes == 0) {
            drop();
        } else {
            owner = null;
            bytes = Arrays.copyOf(bytes, (int) durableBytes);
            notes = durableNotes;
            openedNotes = durableNotes;
        }
    }

    private void begin(SnapshotIdentity of, Notes said) {
        identity = of;
        bytes = new byte[0];
        durableBytes = 0;
        begun = false;
        notes = said;
        openedNotes = said;
        durableNotes = said;
    }

    private void own(Source source) {
        if (owner != null && owner != source) {
            superseded.add(owner);
        }
        owner = source;
    }

    private boolean isGone(Source source) {
        return left.contains(source) || isSuperseded(source);
    }

    /** What was said last counts, of each. */
    private static Notes latest(Notes before, Notes said) {
        return new Notes(said.position().or(before::position),
                said.labels().isEmpty() ? before.labels() : said.labels());
    }

    String committed() {
        return committed(committed.lsn(), committed.totalBytes(), committed.totalCrc32c(), committedNotes);
    }

    static String committed(long lsn, long bytes, Crc32c crc32c, Notes notes) {
        return "committed LSN " + lsn + ", " + bytes + " bytes, " + crc32c + ", " + notes;
    }

    static String opened(long offset, Crc32c crc32c) {
        return "opened " + offset + ", " + crc32c;
    }

    private static Crc32c crc(byte[] of) {
        return Crc32c.of(ByteBuffer.wrap(of));
    }
}
