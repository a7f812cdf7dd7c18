package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.Optional;

import io.mirrorbootstrap.store.FileFacts;

/**
 * Decides which open, chunk and removal is refused for one database, and with which refusal: by the rights of the caller,
 * the snapshots of others, a source that is gone, the room on the disk, the number of transfers at once. Only the
 * {@code enter} methods change something: they take a place. An answer is true for the phase it is given, so a caller that acts
 * on it has the lock.
 */
final class Admission {

    private final DatabaseId database;
    private final SnapshotDirectory directory;
    private final ReceiverRules rules;

    Admission(DatabaseId database, SnapshotDirectory directory, ReceiverRules rules) {
        this.database = database;
        this.directory = directory;
        this.rules = rules;
    }

    /** The refusal if {@code source} may not send this snapshot, at any offset. */
    Optional<Refusal> refuseSender(Phase phase, Source source, SnapshotIdentity identity) throws IOException {
        Principal who = source.principal();
        Optional<Refusal> refusal = who.refuse(database);
        refusal = refusal.isPresent() ? refusal : directory.letterCase().refuse(database);
        refusal = refusal.isPresent() ? refusal : rules.refuse(who, identity.sourceClusterId());
        return refusal.isPresent() ? refusal : refuseForOthers(phase, who, identity);
    }

    /**
     * Where senders are proven, a source does not replace the snapshot or transfer of another sender: else it could remove
     * by sending a snapshot that it may not remove by asking.
     */
    Optional<Refusal> refuseForOthers(Phase phase, Principal who, SnapshotIdentity identity)
            throws IOException {
        Optional<Refusal> transfer = phase.identity()
                .flatMap(theirs -> who.other(theirs.sourceClusterId(), theirs.owner())
                        .map(other -> new Refusal.TransferInProgress(theirs.sourceClusterId(), theirs.lsn(),
                                phase.bytesDone(), theirs.totalBytes(), Optional.of(other.words()))));
        if (transfer.isPresent()) {
            return transfer;
        }
        Optional<CommittedSnapshot> committed = directory.records().describing(database).map(Manifest::snapshot);
        if (committed.isEmpty()) {
            return refuseUnknown(who);
        }
        return committed.flatMap(theirs -> who.other(theirs.sourceClusterId(), theirs.owner())
                .map(other -> new Refusal.StaleSnapshot(identity.lsn(), theirs.lsn(),
                        identity.sourceClusterId(), theirs.sourceClusterId(), Optional.of(other.words()))));
    }

    /**
     * The refusal of a snapshot that would throw away what its source may not know of: a committed one, or a transfer whose source is
     * there. Not asked where the source says that it means that. Who {@linkplain Source#yields yields} takes nothing from a source that is
     * there, not even the very same snapshot, which that source brings.
     */
    Optional<Refusal> refuseUnmeant(Phase phase, Source source, SnapshotIdentity identity) throws IOException {
        Optional<SnapshotIdentity> work = phase.owner()
                .filter(owner -> owner != source && !owner.isGone() && !owner.yields())
                .flatMap(owner -> source.yields()
                        ? phase.identity()
                        : phase.announcement().map(Announcement::identity).filter(theirs -> !theirs.isSame(identity)));
        if (work.isPresent()) {
            return work.map(theirs -> new Refusal.TransferInProgress(theirs.sourceClusterId(), theirs.lsn(),
                    phase.bytesDone(), theirs.totalBytes(), Optional.empty()));
        }
        return refuseStale(source, identity);
    }

    /** The snapshot that is here, whatever mark it has: one that was touched, or put back as a copy, is still told to be committed. */
    Optional<CommittedSnapshot> committed() throws IOException {
        Optional<FileFacts> file = directory.disk().facts(SnapshotNames.snapshot(database));
        return directory.records().describing(database).filter(record -> record.mayBe(file)).map(Manifest::snapshot);
    }

    /**
     * The refusal of a snapshot with an earlier LSN than the committed one's, or of another cluster, and of any from a source that yields.
     * Not asked of one that is meant.
     */
    Optional<Refusal> refuseStale(Source source, SnapshotIdentity identity) throws IOException {
        return committed()
                .filter(there -> source.yields() || identity.lsn() > 0 && identity.lsn() < there.lsn()
                        || !identity.sourceClusterId().equals(there.sourceClusterId()))
                .map(there -> new Refusal.StaleSnapshot(identity.lsn(), there.lsn(), identity.sourceClusterId(),
                        there.sourceClusterId(), Optional.empty()));
    }

    /**
     * Where no record describes it: the refusal while nothing tells whose the snapshot is that is there, unless {@code who} may replace and
     * remove anybody's: somebody has damaged its record, or put it there without one.
     */
    Optional<Refusal> refuseUnknown(Principal who) throws IOException {
        return who.minds() && directory.disk().facts(SnapshotNames.snapshot(database)).isPresent()
                ? Optional.of(new Refusal.Transport("no record tells whose the snapshot of " + database
                        + " is, which somebody has put there, or whose manifest somebody has damaged: remove the "
                        + "file, or start the sidecar again, which puts it aside"))
                : Optional.empty();
    }

    /**
     * A source that is gone takes nothing from one that is there, or that will come back. What had come of it still counts where
     * nothing is under way, unless it was superseded: its successor may have committed what this would replace.
     */
    private Optional<Refusal> refuseGone(Phase phase, Source source) {
        if (phase.isOwnedBy(source) || !source.isGone()) {
            return Optional.empty();
        } else if (source.isSuperseded()) {
            return Optional.of(new Refusal.Superseded(database));
        }
        return phase == Phase.Idle.IDLE ? Optional.empty() : Optional.of(new Refusal.LinkEnded());
    }

    /** The refusal if there is no place, or no room on the disk for the bytes from {@code offset} on. */
    private Optional<Refusal> refuseForRoom(Phase phase, Source source, SnapshotIdentity identity, long offset)
            throws IOException {
        Optional<Refusal> noPlace = rules.bootstraps().refuse(database, source.principal(),
                isUnderWay(phase, identity));
        if (noPlace.isPresent()) {
            return noPlace;
        }
        // what a kept transfer's file has behind its offset is cut when it goes on; at 0 the file is replaced
        boolean isCut = offset == 0 || phase.kept().isPresent();
        long freed = directory.disk().facts(SnapshotNames.partial(database)).filter(there -> isCut)
                .map(there -> Math.max(0, there.bytes() - offset)).orElse(0L);
        long needed = identity.isStream() ? 1 : Math.max(0, identity.totalBytes() - offset);
        return directory.room().refuse(needed, freed);
    }

    /**
     * Takes a place for a source that opens a snapshot it may send.
     *
     * @param offset where it would go on, in bytes
     * @return the refusal, with which no place is taken
     */
    Optional<Refusal> enter(Phase phase, Source source, SnapshotIdentity identity, long offset) throws IOException {
        Optional<Refusal> refusal = refuseGone(phase, source);
        refusal = refusal.isPresent() ? refusal : refuseForRoom(phase, source, identity, offset);
        return refusal.isPresent() ? refusal : enterNow(phase, source, identity);
    }

    /**
     * Takes a place for a source whose first chunk has come whole, and is not refused for others.
     *
     * @return the refusal, with which no place is taken
     */
    Optional<Refusal> enterWithFirstChunk(Phase phase, Source source, SnapshotIdentity identity) {
        Optional<Refusal> refusal = refuseGone(phase, source);
        return refusal.isPresent() ? refusal : enterNow(phase, source, identity);
    }

    private Optional<Refusal> enterNow(Phase phase, Source source, SnapshotIdentity identity) {
        return rules.bootstraps().enter(database, source.principal(), isUnderWay(phase, identity));
    }

    private static boolean isUnderWay(Phase phase, SnapshotIdentity identity) {
        return phase.identity().filter(identity::mayBelongTo).isPresent();
    }

    /** Rule 1: the refusal of a chunk at offset 0, before its payload comes. */
    Optional<Refusal> refuseFirstChunk(Phase phase, Source source, SnapshotIdentity identity) throws IOException {
        Optional<Refusal> refusal = refuseSender(phase, source, identity);
        return refusal.isPresent() ? refusal : refuseForRoom(phase, source, identity, 0);
    }

    /**
     * Rules 2 and 3: the refusal of a chunk at any other offset, unless it continues this source's transfer of this very
     * snapshot.
     */
    Optional<Refusal> refuseNextChunk(Phase phase, Source source, SnapshotIdentity identity, long offset)
            throws IOException {
        Optional<Transfer> mine = phase.current().filter(any -> phase.isOwnedBy(source));
        Optional<Refusal> foreign = mine.isEmpty() ? refuseSender(phase, source, identity) : Optional.empty();
        if (foreign.isPresent()) {
            return foreign;
        }
        long expected = mine.map(Transfer::bytesDone).orElse(0L);
        if (mine.isEmpty() || offset != expected) {
            return Optional.of(new Refusal.OffsetRegression(expected, offset));
        }
        SnapshotIdentity begun = mine.get().identity();
        if (!identity.mayBelongTo(begun)) {
            return begun.mismatch(identity, false).map(mismatch -> mismatch);
        }
        // the bytes that are missing may be unknown, and others write to this disk too
        return identity.isStream() || identity.totalBytes() > offset
                ? directory.room().refuseIfFull(identity.totalBytes() - offset)
                : Optional.empty();
    }

    /** The refusal if {@code who} may not remove anything of this database now. */
    Optional<Refusal> refuseRemoval(Phase phase, Principal who) {
        return who.refuse(database).or(() -> phase instanceof Phase.Recovering recovering && recovering.failed()
                ? Optional.of(DiskRoom.broken())
                : Optional.empty());
    }

    /** The refusal if {@code who} may not drop the transfer. */
    static Optional<Refusal> refuseAbort(Phase phase, Principal who) {
        return phase.identity().flatMap(transfer -> who.other(transfer.sourceClusterId(), transfer.owner()))
                .map(Principal.Other::refusal);
    }

    /** The refusal if {@code who} may not remove the committed snapshot. */
    static Optional<Refusal> refuseRemovalOf(Optional<CommittedSnapshot> committed, Principal who) {
        return committed.flatMap(snapshot -> who.other(snapshot.sourceClusterId(), snapshot.owner()))
                .map(Principal.Other::refusal);
    }
}
