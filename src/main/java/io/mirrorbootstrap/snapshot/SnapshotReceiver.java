package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

import io.mirrorbootstrap.snapshot.Phase.Idle;
import io.mirrorbootstrap.snapshot.Phase.Kept;
import io.mirrorbootstrap.snapshot.Phase.Recovering;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/**
 * The receiving end of one database: at most one transfer under way, at most one source that owns it, and the rules by which chunks are
 * accepted and a snapshot is committed.
 * <p>
 * Worker only; any number of threads. A chunk is written while others may open, abort or take over: the bytes of who is second are cut away.
 */
public final class SnapshotReceiver {

    /** How long a caller that owns nothing here waits for the lock. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final DatabaseId database;
    private final SnapshotDirectory directory;
    private final Events events;
    private final CurrentPhase phase;
    private final Admission admission;
    private final Durability durability;
    private final Guarded<Reception> reception;
    private final KeptReader reader;

    /**
     * @param database the database it receives
     * @param directory where its files are
     * @param rules the operator's
     * @param listener is told each change
     * @param left a transfer that an earlier process left
     */
    public SnapshotReceiver(DatabaseId database, SnapshotDirectory directory, ReceiverRules rules,
            TransferListener listener, Optional<Inventory.Resumable> left) {
        this(database, directory, rules, listener, left.<Phase>map(Kept::found).orElse(Idle.IDLE));
    }

    private SnapshotReceiver(DatabaseId database, SnapshotDirectory directory, ReceiverRules rules,
            TransferListener listener, Phase first) {
        this.database = Objects.requireNonNull(database);
        this.directory = Objects.requireNonNull(directory);
        this.events = new Events(database, Objects.requireNonNull(listener));
        TransferLock lock = new TransferLock(PATIENCE);
        this.phase = new CurrentPhase(lock, database, rules.bootstraps(), first);
        this.admission = new Admission(database, directory, rules);
        this.durability = new Durability(lock, database, directory, rules, phase);
        this.reception = new Guarded<>(lock,
                new Reception(lock, database, directory, phase, admission, durability, events),
                () -> phase.now() instanceof Recovering);
        this.reader = new KeptReader(phase, reception, directory.disk(), rules.helpers());
    }

    /**
     * A receiver of a database for which a payload has to be read before anything can be said of it: it is busy until
     * {@link #recover} has ended; {@code isInVain}: it is not read now, as if that had failed.
     */
    public static SnapshotReceiver recovering(DatabaseId database, SnapshotDirectory directory, ReceiverRules rules,
            TransferListener listener, boolean isInVain) {
        return new SnapshotReceiver(database, directory, rules, listener, new Recovering(isInVain));
    }

    /**
     * Reads the files that have to be read, and brings them into order. One thread, for as long as the disk takes.
     *
     * @return the snapshots and transfers that are there
     * @throws IOException when that cannot be found out: sources are refused until it can be, so that nothing is replaced
     */
    public Inventory recover() throws IOException {
        if (!(phase.now() instanceof Recovering)) {
            return new Inventory(); // it has been found out meanwhile
        }
        reception.doWhenFree(held -> held.become(new Recovering(false)));
        Inventory inventory = null;
        try {
            inventory = directory.read(database);
        } finally {
            if (inventory == null) {
                reception.doWhenFree(held -> held.become(new Recovering(true)));
            }
        }
        Inventory found = inventory;
        reception.doWhenFree(held -> held.found(found));
        return found;
    }

    /** Whether the last {@link #recover} was in vain. */
    public boolean isUnrecovered() {
        return phase.now() instanceof Recovering recovering && recovering.failed();
    }

    /** Whether nothing is under way and nothing waits for its source. */
    public boolean isIdle() {
        return phase.now() == Idle.IDLE;
    }

    /** The database it receives. */
    public DatabaseId database() {
        return database;
    }

    /** How far the transfer under way is at this moment, if one is. Any thread; never waits. */
    public Optional<Progress> progress() {
        return phase.now().current().map(Transfer::progress);
    }

    /** How long ago the last chunk was accepted, or the transfer under way was opened, if one is. Any thread; never waits. */
    public Optional<Duration> sinceLastChunk() {
        return phase.now().sinceLastChunk();
    }

    /**
     * A source wishes to send a snapshot, and to go on where an earlier link broke.
     *
     * @param source becomes the owner, whichever source owned the transfer before
     * @param snapshot of this receiver's database
     */
    public OpenOutcome open(Source source, Announcement snapshot) {
        return open(source, snapshot.by(source), true);
    }

    /** As {@link #open(Source, Announcement)}, with nothing to say but which snapshot it is. */
    public OpenOutcome open(Source source, SnapshotIdentity identity) {
        return open(source, Announcement.of(identity));
    }

    /** @param isSaid see {@link Opening#run} */
    private OpenOutcome open(Source source, Announcement snapshot, boolean isSaid) {
        if (isUnrecovered()) {
            return new OpenOutcome.Refused(events.refused(source.principal(), DiskRoom.broken()));
        }
        try {
            OpenOutcome outcome = reception.ifFree(held -> new Opening(held, source, snapshot).run(isSaid))
                    .orElseGet(OpenOutcome.Busy::new);
            return outcome instanceof OpenOutcome.Verifying ? reader.readFurther(source).orElse(outcome) : outcome;
        } catch (IOException | RuntimeException e) {
            return new OpenOutcome.Refused(
                    events.refused(source.principal(), directory.room().failed(e, 1), Optional.of(e)));
        }
    }

    /**
     * A chunk begins to arrive.
     *
     * @param source the sender
     * @param identity stamped into it, of this receiver's database
     * @param offset position of its payload in the snapshot, in bytes, 0 or more
     */
    public ChunkStart chunk(Source source, SnapshotIdentity identity, long offset) {
        SnapshotIdentity owned = identity.ownedBy(source.principal().owner());
        // who does not hear of it goes on with what was ended, and as if it had never announced it: asked by no guard
        Optional<ChunkStart> notYet = source.endedByOthers().answerToChunk(database, offset)
                .map(ended -> refusedChunk(source, ended)).or(() -> openKept(source, owned, offset));
        if (notYet.isPresent()) {
            return notYet.get();
        } else if (isUnrecovered()) {
            return refusedChunk(source, DiskRoom.broken());
        }
        try {
            return reception.ifFree(held -> ArrivingChunk.begin(this, held, source, owned, offset))
                    .<ChunkStart>map(ChunkStart.Arriving::new).orElseGet(ChunkStart.Busy::new);
        } catch (IOException | RuntimeException e) {
            return new ChunkStart.Arriving(new RefusedChunk(events, source.principal(),
                    directory.room().failed(e, owned.totalBytes() - offset), Optional.of(e)));
        }
    }

    /** A chunk that continues a kept transfer exactly opens it, unless its bytes have a name, which no chunk tells. Empty where it is open. */
    private Optional<ChunkStart> openKept(Source source, SnapshotIdentity identity, long offset) {
        Optional<Announcement> waiting = phase.now().kept()
                .filter(kept -> offset > 0 && offset == kept.accepted().bytes())
                .filter(kept -> kept.identity().streamId().isEmpty() && identity.mayBelongTo(kept.identity()))
                .map(kept -> new Announcement(kept.identity().ownedBy(identity.owner()), kept.isMeant(), Notes.NONE));
        if (waiting.isEmpty()) {
            return Optional.empty();
        }
        OpenOutcome outcome = open(source, waiting.get(), false);
        if (outcome instanceof OpenOutcome.Verifying) {
            return Optional.of(new ChunkStart.Verifying());
        } else if (outcome instanceof OpenOutcome.Busy) {
            return Optional.of(new ChunkStart.Busy());
        }
        return outcome instanceof OpenOutcome.Refused refused
                ? Optional.of(refusedChunk(source, refused.refusal()))
                : Optional.empty();
    }

    /** A chunk of {@code source} that begins to arrive, and is not wanted. */
    public ChunkStart refusedChunk(Source source, Refusal refusal) {
        return new ChunkStart.Arriving(new RefusedChunk(events, source.principal(), refusal));
    }

    /**
     * Drops the transfer, whichever source owns it; a committed snapshot stays. One whose transfer has failed with its file in place is
     * committed here; refused, where the disk does not let that happen. Its source hears of it: {@link EndedByOthers}.
     */
    public Removal abort(Principal who) {
        return abort(who, Optional.empty());
    }

    /** The same; {@code by}: the source that asks for it, if one does. */
    public Removal abort(Principal who, Optional<Source> by) {
        return removal(who, held -> held.abort(who, by));
    }

    /** The same, if the committed snapshot is one that {@code isMeant} says. */
    public Removal abort(Principal who, Predicate<CommittedSnapshot> isMeant) throws IOException {
        return removal(who, held -> held.isCommitted(isMeant)
                ? held.abort(who, Optional.empty())
                : new Removal.Another());
    }

    /** Removes the committed snapshot, if there is one, and then drops the transfer: that stays where the first cannot be done. */
    public Removal removeAll(Principal who) throws IOException {
        return removal(who, held -> new SnapshotRemoval(held, who, Optional.empty()).runWithTransfer());
    }

    /** Removes the committed snapshot, if there is one; a transfer goes on. Where it fails and it is gone, the listener has been told. */
    public Removal removeSnapshot(Principal who) throws IOException {
        return removeSnapshot(who, Optional.empty());
    }

    /** The same, if it is the one that {@code isMeant} says. */
    public Removal removeSnapshot(Principal who, Optional<Predicate<CommittedSnapshot>> isMeant) throws IOException {
        return removal(who, held -> new SnapshotRemoval(held, who, isMeant).run());
    }

    private <E extends Exception> Removal removal(Principal who, Guarded.Work<Reception, Removal, E> work) throws E {
        Optional<Refusal> forbidden = admission.refuseRemoval(phase.now(), who);
        return forbidden.isPresent()
                ? new Removal.Refused(events.refused(who, forbidden.get()))
                : reception.ifFree(work).orElseGet(Removal.Busy::new);
    }

    /**
     * Drops a transfer that has waited longer than its retention, in this process or an earlier one; in this one it
     * waits for at least an hour, or a tenth of the retention if that is shorter.
     *
     * @return whether something was dropped; false also while another caller is at work here
     */
    public boolean expire(Retention retention) {
        return reception.ifFree(held -> Upkeep.expire(held, retention)).orElse(false);
    }

    /** Compares the files with what is told of them: to be done from time to time. */
    public LostAndFound lostAndFound() {
        return new LostAndFound(database, directory, phase, reception);
    }

    /** Finishes a commit that a failing disk has left half done; throws where the disk still cannot do that. */
    public void heal() throws IOException {
        reception.doIfFree(Reception::finishCommit);
    }

    /** Makes a kept transfer durable up to its last accepted byte, which a full disk has refused; throws where it refuses again. */
    public void makeDurable() throws IOException {
        reception.doIfFree(Upkeep::makeDurable); // if it is busy, its owner does it
    }

    /**
     * The link of {@code source} has ended: a transfer that it opened is kept, one that it did not open is dropped.
     *
     * @param reason why, for the listener
     */
    public void disconnected(Source source, KeptReason reason) {
        if (phase.now().isOwnedBy(source)) { // else it will not become the owner either: it is gone
            reception.doWhenFree(held -> held.left(source, reason));
        }
    }

    /** All that needs the lock, for the owner; others come in by the methods above. */
    Guarded<Reception> reception() {
        return reception;
    }

    /** At this moment. Any thread. */
    Phase phase() {
        return phase.now();
    }

    Events events() {
        return events;
    }

    SnapshotDirectory directory() {
        return directory;
    }

    /** Whether a chunk of {@code bytes} that is accepted now has to wait for the disk. Any thread. */
    boolean hasToWaitForDisk(Transfer transfer, long bytes) {
        return phase.now().isOpened() && (durability.isDue(transfer, bytes) || Durability.isAskedFor(transfer, bytes));
    }
}
