package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

import io.mirrorbootstrap.snapshot.Phase.Announced;
import io.mirrorbootstrap.snapshot.Phase.Idle;
import io.mirrorbootstrap.snapshot.Phase.Kept;
import io.mirrorbootstrap.snapshot.Phase.UnderWay;
import io.mirrorbootstrap.snapshot.Phase.Verifying;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;
import io.mirrorbootstrap.snapshot.TransferEvent.VerifyReason;
import io.mirrorbootstrap.store.FileFacts;
import io.mirrorbootstrap.store.Interrupted;
import io.mirrorbootstrap.store.Shortage;

/**
 * One database's transfer, as the holder of its lock sees it: how it begins, is kept, dropped, or fails, with its files,
 * its place and its events. A {@link Guarded} gives it out, so all of this is done with the lock held.
 */
final class Reception {

    private final TransferLock lock;
    private final DatabaseId database;
    private final SnapshotDirectory directory;
    private final CurrentPhase phase;
    private final Admission admission;
    private final Durability durability;
    private final Events events;

    Reception(TransferLock lock, DatabaseId database, SnapshotDirectory directory, CurrentPhase phase,
            Admission admission, Durability durability, Events events) {
        this.lock = lock;
        this.database = database;
        this.directory = directory;
        this.phase = phase;
        this.admission = admission;
        this.durability = durability;
        this.events = events;
    }

    TransferLock lock() {
        return lock;
    }

    DatabaseId database() {
        return database;
    }

    SnapshotDirectory directory() {
        return directory;
    }

    Phase phase() {
        return phase.now();
    }

    void become(Phase next) {
        phase.become(next);
    }

    /** See {@link CurrentPhase#giveBackPlace}. */
    void giveBackPlace() {
        phase.giveBackPlace();
    }

    Admission admission() {
        return admission;
    }

    Durability durability() {
        return durability;
    }

    Events events() {
        return events;
    }

    /** The files of an earlier process have been read, and are brought into order. */
    void found(Inventory inventory) {
        inventory.committed()
                .forEach(snapshot -> events.tell(new TransferEvent.Found(snapshot, directory.snapshot(database))));
        Optional<Kept> left = inventory.resumable().stream().findFirst().map(Kept::found);
        left.ifPresent(kept -> events.kept(kept.transfer(), KeptReason.FOUND_AT_START));
        become(left.<Phase>map(kept -> kept).orElse(Idle.IDLE));
    }

    /**
     * Finishes a commit that a failing disk has left half done: before, no file of a committed snapshot may be replaced.
     */
    void finishCommit() throws IOException {
        Path path = directory.snapshot(database);
        directory.commits().finish(database).ifPresent(snapshot -> events.tell(phase() == Idle.IDLE
                ? new TransferEvent.Committed(snapshot, path, Duration.ZERO)
                : new TransferEvent.FoundAgain(snapshot, path))); // it was away when the next transfer began, which goes on
    }

    /** As {@link #finishCommit}, but one that failed before its file was in place is left to others. */
    void finishPublished() throws IOException {
        if (directory.commits().unfinished(database).isPresent()) {
            finishCommit();
        }
    }

    /**
     * What is said again of the committed snapshot counts, as what was said last does.
     *
     * @return as it is told from now on
     */
    CommittedSnapshot note(CommittedSnapshot committed, Notes said) throws IOException {
        CommittedSnapshot noted = committed.noted(committed.notes().followedBy(said));
        Optional<Manifest> manifest = directory.records().manifest(database)
                .filter(record -> record.snapshot().equals(committed));
        if (noted.equals(committed) || manifest.isEmpty()) { // without its manifest, a start comes first
            return committed;
        }
        directory.records().writeManifest(new Manifest(noted, manifest.get().fileMark()));
        directory.disk().force();
        events.tell(new TransferEvent.Noted(noted, directory.snapshot(database)));
        return noted;
    }

    /** Tells the present owner that {@code source} has taken over, unless it is the same. */
    void supersedeAllBut(Source source) {
        phase().owner().filter(owner -> owner != source).ifPresent(owner -> owner.superseded(database, source));
    }

    /**
     * Rule 1: a first chunk begins a transfer, in place of any before. The place has been taken.
     *
     * @param transfer nothing of it is accepted yet
     */
    void begin(Source source, Transfer transfer) {
        Phase before = phase();
        boolean opened = before.isOwnedBy(source) && (before instanceof Announced || before.isOpened());
        supersedeAllBut(source);
        Phase next = new UnderWay(source, transfer, opened);
        if (before instanceof Announced announced && announced.source() == source
                && transfer.identity().mayBelongTo(announced.snapshot().identity())) {
            become(next);
        } else {
            replace(DropReason.REPLACED, next);
            events.began(transfer, source);
        }
    }

    /** Ends the transfer, if there is one, with nothing in its place. */
    void drop(DropReason reason) {
        replace(reason, Idle.IDLE);
    }

    /** Ends the transfer, if there is one, and removes its files. */
    void replace(DropReason reason, Phase next) {
        Phase ended = phase();
        become(next); // before the files go: a checkpoint beside the flow does not write for a transfer that has ended
        if (ended.kept().isPresent() || ended.current().isPresent()) {
            durability.discard(ended.current());
        }
        ended.identity().ifPresent(
                identity -> events.tell(new TransferEvent.Dropped(identity, ended.bytesDone(), reason)));
    }

    /**
     * Ends the transfer under way by a fault. What was called durable survives a disk that fails as it survives a kill; else nothing of
     * it remains, unless it is published, or the process is ending.
     */
    Refusal fail(Transfer transfer, Refusal refusal, Optional<Throwable> cause) {
        assert phase().isOf(transfer);
        boolean isEnding = cause.filter(Interrupted::is).isPresent();
        if (!isEnding && cause.filter(IOException.class::isInstance).isPresent() && transfer.hasDurableBytes()) {
            events.refused(phase().owner().orElseThrow().principal(), refusal, cause);
            events.kept(durability.fallBack(transfer), KeptReason.DISK_FAILED);
            transfer.file().closeQuietly();
            return refusal;
        }
        become(Idle.IDLE);
        if (isEnding) { // the durable bytes wait for the next process
            events.tell(new TransferEvent.Kept(transfer.identity(), transfer.durableBytes(), transfer.durableBytes(),
                    KeptReason.PROCESS_ENDING));
        } else {
            durability.discard(Optional.of(transfer));
            boolean published = transfer.file().isPublished();
            Optional<CommittedSnapshot> there = directory.commits().unfinished(database).filter(any -> published);
            Remains remains = there.isPresent() ? Remains.SNAPSHOT : Remains.ANOTHER_FILE;
            events.tell(new TransferEvent.Failed(transfer.identity(),
                    there.map(CommittedSnapshot::bytes).orElse(transfer.bytesDone()),
                    published ? remains : Remains.NOTHING, refusal, cause, transfer.age()));
        }
        return refusal;
    }

    /** The link of {@code source} has ended: a transfer that it opened is kept, one that it did not open is dropped. */
    void left(Source source, KeptReason reason) {
        try {
            if (phase() instanceof Verifying verifying && verifying.source() == source) {
                keep(verifying.transfer(), reason);
            } else if (phase() instanceof UnderWay underWay && underWay.source() == source && underWay.isOpened()
                    && underWay.bytesDone() > 0) { // without a byte there is nothing to go on with
                putAway(underWay.transfer(), reason);
            } else if (phase().isOwnedBy(source)) {
                drop(DropReason.LINK_LOST);
            }
        } catch (IOException | RuntimeException e) {
            phase().current().ifPresent(transfer -> fail(transfer,
                    directory.room().failed(e, transfer.identity().totalBytes() - transfer.bytesDone()),
                    Optional.of(e)));
        }
    }

    /** A part of the kept transfer has been read back for {@code source}. */
    void readBack(Source source, KeptTransfer.Outcome outcome) {
        if (outcome instanceof KeptTransfer.Outcome.Read read) {
            become(new Verifying(source, read.transfer()));
            if (read.isTouched()) {
                events.verifying(read.transfer(), VerifyReason.TOUCHED, source);
            }
        } else if (outcome instanceof KeptTransfer.Outcome.Useless useless) {
            drop(useless.reason());
        }
    }

    /**
     * The file of {@code kept} could not be read, or not be opened to write, for {@code source}. Whoever has a file that is
     * broken would else wait for it for ever; but once may be a disk behind a network that was away for a moment.
     *
     * @return the answer: at the second time in a row nothing is kept any more, and the source asks again
     * @throws IOException the failure, when it says nothing about this file
     */
    OpenOutcome doubt(Source source, KeptTransfer kept, IOException failure) throws IOException {
        if (Shortage.is(failure) || Interrupted.is(failure) || !directory.isWritable()) {
            throw failure;
        } else if (kept.isDoubted()) {
            drop(DropReason.DAMAGED);
            return new OpenOutcome.Verifying(0, kept.accepted().bytes());
        }
        become(new Verifying(source, kept.doubted()));
        return new OpenOutcome.Refused(events.refused(source.principal(), DiskRoom.doubtful(), Optional.of(failure)));
    }

    private void keep(KeptTransfer kept, KeptReason reason) {
        become(new Kept(kept));
        events.kept(kept, reason);
    }

    /**
     * Makes the accepted bytes durable and closes the file: many transfers may wait, for long, and open files are few. From here
     * on its name is all that there is, so it has to be this file's.
     *
     * @throws IOException also when it is not
     */
    private void putAway(Transfer transfer, KeptReason reason) throws IOException {
        transfer.cutBack();
        lock.forLong(() -> {
            durability.checkpointNow(transfer);
            FileFacts file = transfer.file().requireFile();
            transfer.file().close();
            keep(KeptTransfer.received(transfer, file), reason);
        });
    }

    /**
     * Whether {@code isMeant} says so of the committed snapshot; no, where there is none.
     *
     * @throws IOException when that cannot be found out now
     */
    boolean isCommitted(Predicate<CommittedSnapshot> isMeant) throws IOException {
        finishCommit();
        return directory.records().describing(database).map(Manifest::snapshot).filter(isMeant).isPresent();
    }

    /** Drops the transfer for {@code who}, whichever source owns it; see {@link SnapshotReceiver#abort}. */
    Removal abort(Principal who, Optional<Source> by) {
        Optional<Refusal> refusal = by.filter(Source::isSuperseded).isPresent() // while it waited: its successor's is not its to end
                ? Optional.of(new Refusal.Superseded(database))
                : Admission.refuseAbort(phase(), who);
        if (refusal.isPresent()) {
            return new Removal.Refused(events.refused(who, refusal.get()));
        }
        try {
            finishPublished(); // what is told of its transfer is forgotten here
        } catch (IOException e) {
            return new Removal.Refused(events.refused(who, directory.room().failed(e, 0), Optional.of(e)));
        }
        if (phase() == Idle.IDLE) {
            events.tell(new TransferEvent.NoneToAbort(database, who));
        }
        boolean isAwaited = phase() instanceof Verifying;
        phase().owner().filter(owner -> by.filter(asking -> asking == owner).isEmpty())
                .ifPresent(owner -> owner.endedByOthers().add(database, isAwaited));
        drop(DropReason.ABORTED);
        return new Removal.Done();
    }
}
