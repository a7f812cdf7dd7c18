package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

import io.mirrorbootstrap.snapshot.Phase.Announced;
import io.mirrorbootstrap.snapshot.Phase.Idle;
import io.mirrorbootstrap.snapshot.Phase.Kept;
import io.mirrorbootstrap.snapshot.Phase.Recovering;
import io.mirrorbootstrap.snapshot.Phase.UnderWay;
import io.mirrorbootstrap.snapshot.Phase.Verifying;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.FileFacts;
import io.mirrorbootstrap.store.Interrupted;

/**
 * The receiving end of one database: at most one transfer under way, at most one source that owns it, and the rules by
 * which chunks are accepted and a snapshot is committed.
 * <p>
 * Worker only; any number of threads. A chunk is written while others may open, abort or take over: whoever comes second
 * finds that the transfer is no longer theirs, and what they wrote is cut away.
 */
public final class SnapshotReceiver {

    /** How long one caller that owns nothing here waits for the lock, in milliseconds: for a slice on a slow disk. */
    private static final long LOCK_PATIENCE_MILLIS = 500;

    /**
     * What was found at start is kept for at least so long, or a tenth of the retention if that is shorter: the wall clock, by
     * which it is aged, may be wrong, and its source may be waiting for this very start.
     */
    private static final Duration GRACE = Duration.ofHours(1);

    private final DatabaseId database;
    private final SnapshotDirectory directory;
    private final ReceiverRules rules;
    private final TransferListener listener;

    /**
     * Guards all that follows. Held for one slice, one decision or one commit, never while waiting for a source. Only the
     * owner of a transfer waits for it.
     */
    private final ReentrantLock lock = new ReentrantLock(true); // fair, or a source that writes would never let go of it
    /** Whether somebody who owns nothing waits for the lock: one at a time, because each takes a worker. */
    private final AtomicBoolean isAwaited = new AtomicBoolean();
    /** Whether the lock is held for long: gigabytes are forced. Written under the lock only. */
    private volatile boolean takesLong;
    /** Written under the lock only; volatile so that a source which owns nothing here need not wait for the lock. */
    private volatile Phase phase = Idle.IDLE;

    private final Durability durability;

    /**
     * @param database the database it receives
     * @param directory where its files are
     * @param rules what is allowed
     * @param listener hears what becomes of transfers
     * @param left what an earlier process left of a transfer
     */
    public SnapshotReceiver(DatabaseId database, SnapshotDirectory directory, ReceiverRules rules,
            TransferListener listener, Optional<Inventory.Resumable> left) {
        this.database = Objects.requireNonNull(database);
        this.directory = Objects.requireNonNull(directory);
        this.rules = Objects.requireNonNull(rules);
        this.listener = Objects.requireNonNull(listener);
        this.durability = new Durability(database, directory, rules, this::isCurrent);
        left.ifPresent(found -> phase = found(found));
    }

    /**
     * A receiver of a database for which a payload has to be read before anything can be said of it: it is busy until
     * {@link #recover} has ended.
     */
    public static SnapshotReceiver recovering(DatabaseId database, SnapshotDirectory directory, ReceiverRules rules,
            TransferListener listener) {
        SnapshotReceiver receiver = new SnapshotReceiver(database, directory, rules, listener, Optional.empty());
        receiver.phase = new Recovering(false);
        return receiver;
    }

    /**
     * Reads what has to be read, and brings the files into order. One thread, for as long as the disk takes.
     *
     * @return what is there
     * @throws IOException when that cannot be found out: sources are refused until it can be, so that nothing is replaced
     */
    public Inventory recover() throws IOException {
        if (!(phase instanceof Recovering)) {
            return new Inventory(); // it has been found out meanwhile
        }
        Inventory inventory = null;
        phase = new Recovering(false);
        try {
            inventory = directory.read(database);
        } finally {
            if (inventory == null) {
                phase = new Recovering(true);
            }
        }
        inventory.committed().forEach(snapshot -> listener
                .on(new TransferEvent.Found(snapshot, directory.snapshot(database))));
        Optional<Inventory.Resumable> left = inventory.resumable().stream().findFirst();
        left.ifPresent(found -> listener.on(new TransferEvent.Kept(found.checkpoint().identity(),
                found.checkpoint().bytes(), found.checkpoint().bytes(), KeptReason.FOUND_AT_START)));
        phase = left.<Phase>map(SnapshotReceiver::found).orElse(Idle.IDLE);
        return inventory;
    }

    /** Whether {@link #recover} has been tried in vain. */
    public boolean isUnrecovered() {
        return phase instanceof Recovering recovering && recovering.failed();
    }

    private static Kept found(Inventory.Resumable left) {
        return new Kept(KeptTransfer.left(left.checkpoint()), System.nanoTime(), left.age());
    }

    /** Whether nothing is under way and nothing waits for its source. */
    public boolean isIdle() {
        return phase == Idle.IDLE;
    }

    /** The database it receives. */
    public DatabaseId database() {
        return database;
    }

    /** How far a transfer is. Both in bytes, {@code durableBytes} at most {@code bytesDone}. */
    public record Progress(long bytesDone, long durableBytes) {
    }

    /** How far the transfer under way is at this moment, if one is. Any thread; never waits. */
    public Optional<Progress> progress() {
        return underWay().map(UnderWay::transfer).map(transfer -> {
            long durable = transfer.durableBytes(); // before the other, which is never less
            return new Progress(transfer.bytesDone(), durable);
        });
    }

    /**
     * A source wishes to send a snapshot, and to go on where an earlier link broke.
     *
     * @param source becomes the owner, whoever owned the transfer before
     * @param identity of this receiver's database
     */
    public OpenOutcome open(Source source, SnapshotIdentity identity) {
        return open(source, identity.ownedBy(source.principal().owner()), true);
    }

    /** @param recognize whether it is enough that this very snapshot is committed already */
    private OpenOutcome open(Source source, SnapshotIdentity identity, boolean recognize) {
        try {
            OpenOutcome outcome = begin(source, identity, recognize);
            if (outcome instanceof OpenOutcome.Verifying) {
                readFurther(source);
            }
            return outcome;
        } catch (IOException | RuntimeException e) {
            return new OpenOutcome.Refused(refused(directory.room().failed(e, 1), Optional.of(e)));
        }
    }

    private OpenOutcome begin(Source source, SnapshotIdentity identity, boolean recognize) throws IOException {
        if (isUnrecovered()) {
            return new OpenOutcome.Refused(refused(DiskRoom.broken()));
        } else if (!tryLock()) {
            return new OpenOutcome.Busy();
        }
        try {
            finishCommit();
            Optional<Refusal> foreign = refuseCluster(source, identity);
            if (foreign.isPresent()) {
                return new OpenOutcome.Refused(refused(foreign.get()));
            }
            Optional<CommittedSnapshot> committed = directory.committed(database);
            if (recognize && committed.isPresent() && committed.get().is(identity)) {
                return new OpenOutcome.AlreadyCommitted(committed.get(), directory.snapshot(database));
            }
            Optional<UnderWay> taken = underWay().filter(u -> isSame(u.transfer().identity(), identity));
            Optional<FileFacts> partial = directory.disk().facts(SnapshotNames.partial(database));
            Optional<KeptTransfer> kept = kept().filter(k -> isSame(k.identity(), identity))
                    .map(k -> k.ownedBy(identity.owner()).asFound(partial)); // it was nobody's, or this source's already
            long offset = taken.map(u -> u.transfer().bytesDone())
                    .or(() -> kept.map(k -> k.accepted().bytes())).orElse(0L);
            Optional<Refusal> refusal = refuseGone(source);
            refusal = refusal.isPresent()
                    ? refusal
                    : refuseForRoom(source, identity, offset).or(() -> enter(source));
            if (refusal.isPresent()) {
                return new OpenOutcome.Refused(refused(refusal.get()));
            }
            supersedeAllBut(source);
            if (kept.isPresent() && !kept.get().isVerified()) {
                return verify(source, kept.get());
            }
            if (kept.isPresent() && resume(source, kept.get())) {
                return new OpenOutcome.Opened(offset);
            } else if (taken.isPresent()) {
                taken.get().transfer().belongsTo(identity.owner());
                takeOver(source, taken.get().transfer());
                return new OpenOutcome.Opened(offset);
            }
            replace(kept.isPresent() ? DropReason.DAMAGED : DropReason.REPLACED);
            phase = new Announced(source, identity);
            listener.on(new TransferEvent.Began(identity, 0, 0, source.address()));
            return new OpenOutcome.Opened(0);
        } finally {
            if (owner().isEmpty()) {
                rules.bootstraps().leave(database);
            }
            lock.unlock();
        }
    }

    private OpenOutcome verify(Source source, KeptTransfer kept) {
        if (phase instanceof Kept) {
            listener.on(new TransferEvent.Verifying(kept.identity(), kept.accepted().bytes(), source.address()));
        }
        phase = new Verifying(source, kept);
        return new OpenOutcome.Verifying(kept.readBytes(), kept.accepted().bytes());
    }

    /**
     * Goes on reading back what an earlier process left, without the lock. Whoever has taken over, or dropped it,
     * meanwhile goes on from where this part began.
     */
    private void readFurther(Source source) throws IOException {
        Phase before = phase;
        if (!(before instanceof Verifying verifying && verifying.source() == source)) {
            return;
        }
        Optional<KeptTransfer> further;
        try {
            further = verifying.transfer().readFurther(directory.disk(), rules.helpers());
        } catch (IOException e) {
            if (phase != before) {
                return; // it may have been removed meanwhile
            }
            throw e;
        }
        lock.lock();
        try {
            if (phase == before && further.isPresent()) {
                phase = new Verifying(source, further.get());
            } else if (phase == before) {
                drop(DropReason.DAMAGED);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * What has been accepted goes on, with its file open again. Lock held, place taken.
     *
     * @return false when the file is missing or short: somebody has been at it
     */
    private boolean resume(Source source, KeptTransfer kept) throws IOException {
        Optional<PartialFile> file = PartialFile.reopen(directory.disk(), SnapshotNames.partial(database),
                kept.accepted().bytes());
        file.ifPresent(there -> {
            phase = new UnderWay(source, new Transfer(kept, there), true);
            listener.on(new TransferEvent.Began(kept.identity(), kept.accepted().bytes(), kept.durableBytes(),
                    source.address()));
        });
        return file.isPresent();
    }

    /** What has been accepted goes on, from another source. Lock held. */
    private void takeOver(Source source, Transfer transfer) throws IOException {
        transfer.cutBack(); // should that fail, the link that was superseded meets it too, and drops the transfer
        phase = new UnderWay(source, transfer, true);
        listener.on(new TransferEvent.Began(transfer.identity(), transfer.bytesDone(), transfer.durableBytes(),
                source.address()));
    }

    /**
     * A chunk begins to arrive.
     *
     * @param source who sends it
     * @param identity stamped into it, of this receiver's database
     * @param offset position of its payload in the snapshot, in bytes, 0 or more
     */
    public ChunkStart chunk(Source source, SnapshotIdentity identity, long offset) {
        SnapshotIdentity owned = identity.ownedBy(source.principal().owner());
        Optional<SnapshotIdentity> waiting = kept().filter(k -> offset > 0 && offset == k.accepted().bytes())
                .map(KeptTransfer::identity).filter(begun -> mayBelong(owned, begun))
                .map(begun -> begun.ownedBy(owned.owner()));
        if (waiting.isPresent()) {
            OpenOutcome outcome = open(source, waiting.get(), false);
            if (outcome instanceof OpenOutcome.Verifying) {
                return new ChunkStart.Verifying();
            } else if (outcome instanceof OpenOutcome.Busy) {
                return new ChunkStart.Busy();
            } else if (outcome instanceof OpenOutcome.Refused refused) {
                return refusedChunk(refused.refusal());
            }
        }
        if (isUnrecovered()) {
            return refusedChunk(DiskRoom.broken());
        } else if (!tryLock()) {
            return new ChunkStart.Busy();
        }
        try {
            return new ChunkStart.Arriving(offset == 0 ? first(source, owned) : next(source, owned, offset));
        } catch (IOException | RuntimeException e) {
            return new ChunkStart.Arriving(new RefusedChunk(this,
                    directory.room().failed(e, owned.totalBytes() - offset), Optional.of(e)));
        } finally {
            lock.unlock();
        }
    }

    /** A chunk that begins to arrive, and is not wanted. */
    public ChunkStart refusedChunk(Refusal refusal) {
        return new ChunkStart.Arriving(new RefusedChunk(this, refusal));
    }

    /**
     * Drops what is under way, whoever owns it; what is committed stays.
     *
     * @param who asks for it
     */
    public Removal abort(Principal who) {
        Optional<Refusal> forbidden = refuseRemoval(who);
        if (forbidden.isPresent()) {
            return new Removal.Refused(refused(forbidden.get()));
        } else if (!tryLock()) {
            return new Removal.Busy();
        }
        try {
            Optional<Refusal> refusal = identity()
                    .flatMap(transfer -> who.other(transfer.sourceClusterId(), transfer.owner()))
                    .map(Principal.Other::refusal).map(this::refused);
            if (refusal.isPresent()) {
                return new Removal.Refused(refusal.get());
            }
            drop(DropReason.ABORTED);
            return new Removal.Done();
        } finally {
            lock.unlock();
        }
    }

    /** What forbids {@code who} to remove anything here, whosever it is. */
    private Optional<Refusal> refuseRemoval(Principal who) {
        return who.refuse(database).or(() -> isUnrecovered() ? Optional.of(DiskRoom.broken()) : Optional.empty());
    }

    private Optional<Refusal> refuseCluster(Source source, SnapshotIdentity identity) throws IOException {
        Optional<Refusal> refusal = source.principal().refuse(database)
                .or(() -> rules.refuse(source.principal(), identity.sourceClusterId()));
        return refusal.isPresent() ? refusal : refuseOthers(source, identity);
    }

    /**
     * Where it is proven who sends, what somebody else has here, committed, under way or kept, is not this source's to replace: else
     * it could remove as its own what it may not remove as the other's. Lock held.
     */
    Optional<Refusal> refuseOthers(Source source, SnapshotIdentity identity) throws IOException {
        Principal who = source.principal();
        Optional<Refusal> transfer = identity().flatMap(theirs -> who.other(theirs.sourceClusterId(), theirs.owner())
                .map(other -> new Refusal.TransferInProgress(theirs.sourceClusterId(), theirs.lsn(), bytesDone(),
                        theirs.totalBytes(), other.words())));
        if (transfer.isPresent()) {
            return transfer;
        }
        return directory.records().manifest(database).map(Manifest::snapshot)
                .flatMap(theirs -> who.other(theirs.sourceClusterId(), theirs.owner())
                        .map(other -> new Refusal.StaleSnapshot(identity.lsn(), theirs.lsn(),
                                identity.sourceClusterId(), theirs.sourceClusterId(), other.words())));
    }

    private long bytesDone() {
        return kept().map(kept -> kept.accepted().bytes())
                .or(() -> underWay().map(u -> u.transfer().bytesDone())).orElse(0L);
    }

    /**
     * Removes the committed snapshot, if there is one; what is under way goes on.
     *
     * @param who asks for it
     * @throws IOException when that fails; if it is gone nevertheless, the listener has been told
     */
    public Removal removeSnapshot(Principal who) throws IOException {
        Optional<Refusal> forbidden = refuseRemoval(who);
        if (forbidden.isPresent()) {
            return new Removal.Refused(refused(forbidden.get()));
        } else if (!tryLock()) {
            return new Removal.Busy();
        }
        try {
            finishCommit();
            Optional<CommittedSnapshot> committed = directory.records().manifest(database).map(Manifest::snapshot);
            Optional<Refusal> refusal = committed
                    .flatMap(snapshot -> who.other(snapshot.sourceClusterId(), snapshot.owner()))
                    .map(Principal.Other::refusal).map(this::refused);
            if (refusal.isPresent()) {
                return new Removal.Refused(refusal.get());
            }
            directory.disk().remove(SnapshotNames.snapshot(database));
            committed.ifPresent(snapshot -> listener.on(new TransferEvent.Removed(snapshot)));
            directory.commits().forget(database);
            return new Removal.Done();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Drops what has waited for its source longer than {@code retention}, in this process or an earlier one. What an earlier
     * process left waits for at least an hour here, or a tenth of {@code retention} if that is shorter.
     *
     * @return whether something was dropped
     */
    public boolean expire(Duration retention) {
        if (!tryLock()) {
            return false; // somebody is here
        }
        try {
            boolean expired = phase instanceof Kept kept && age(kept, retention).compareTo(retention) > 0;
            if (expired) {
                drop(DropReason.EXPIRED);
            }
            return expired;
        } finally {
            lock.unlock();
        }
    }

    private static Duration age(Kept kept, Duration retention) {
        Duration tenth = retention.dividedBy(10);
        Duration most = retention.minus(tenth.compareTo(GRACE) < 0 ? tenth : GRACE);
        Duration before = kept.before().compareTo(most) < 0 ? kept.before() : most;
        return before.plusNanos(System.nanoTime() - kept.sinceNanos());
    }

    /**
     * Looks whether files are gone that nobody but this receiver may remove. The transfer under way then fails with what its
     * source sends next, so that the source is told; and who takes what is {@code told} for committed hears that it is not. Does
     * nothing while somebody else is at work here: it is called again.
     *
     * @param told what is said to be committed
     * @throws IOException when that cannot be told now
     */
    public void lookForLosses(Supplier<Optional<CommittedSnapshot>> told) throws IOException {
        if (isSnapshotThere(told.get()) && isPartialThere(underWay()) || !tryLock()) {
            return;
        }
        try {
            Optional<UnderWay> torn = underWay();
            if (!isPartialThere(torn)) {
                torn.get().transfer().file().lost();
            }
            Optional<CommittedSnapshot> now = told.get(); // it may have been removed on request meanwhile
            if (!isSnapshotThere(now)) {
                listener.on(new TransferEvent.Lost(now.get()));
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isSnapshotThere(Optional<CommittedSnapshot> told) throws IOException {
        if (told.isEmpty()) {
            return true;
        }
        Optional<FileFacts> file = directory.disk().facts(SnapshotNames.snapshot(database));
        return file.isPresent() && (file.get().bytes() == told.get().bytes()
                || directory.records().successor(database).filter(record -> record.marks(file)).isPresent()); // its successor is there, and its commit half done
    }

    private boolean isPartialThere(Optional<UnderWay> transfer) throws IOException {
        return transfer.isEmpty() || transfer.get().transfer().file().facts().isPresent();
    }

    /**
     * A commit that a failing disk has left half done is finished, if the disk can do that now.
     *
     * @throws IOException when it cannot
     */
    public void heal() throws IOException {
        if (tryLock()) {
            try {
                finishCommit();
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * What waits for its source is made durable as far as it was accepted: a disk that was full when the link ended has
     * refused that.
     *
     * @throws IOException when the disk refuses it again
     */
    public void makeDurable() throws IOException {
        if (!tryLock()) {
            return; // its owner does it
        }
        try {
            if (phase instanceof Kept kept && kept.transfer().isVerified()
                    && kept.transfer().durableBytes() < kept.transfer().accepted().bytes()) {
                Checkpoint accepted = kept.transfer().accepted();
                Optional<PartialFile> file = PartialFile.reopen(directory.disk(), SnapshotNames.partial(database),
                        accepted.bytes());
                if (file.isPresent()) {
                    try (PartialFile open = file.get()) {
                        open.force();
                        directory.records().write(accepted);
                    }
                    phase = new Kept(kept.transfer().durable(), kept.sinceNanos(), kept.before());
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * {@code source} will say no more: what it opened is kept, what it did not open is dropped.
     *
     * @param reason why, for whoever hears of it
     */
    public void disconnected(Source source, KeptReason reason) {
        if (!owner().filter(owner -> owner == source).isPresent()) {
            return; // nor will it become the owner: its link is gone
        }
        lock.lock();
        try {
            if (phase instanceof Announced announced && announced.source() == source) {
                drop(DropReason.LINK_LOST);
            } else if (phase instanceof Verifying verifying && verifying.source() == source) {
                keep(verifying.transfer(), reason);
            } else if (phase instanceof UnderWay underWay && underWay.source() == source) {
                Transfer transfer = underWay.transfer();
                if (underWay.opened() && transfer.bytesDone() > 0) { // of nothing there is nothing to go on with
                    transfer.cutBack();
                    takesLong = true;
                    durability.checkpointNow(transfer);
                    Optional<String> mark = transfer.file().facts().map(FileFacts::mark);
                    transfer.file().close(); // many may wait, for long, and files that are open are few
                    keep(KeptTransfer.received(transfer, mark), reason);
                } else {
                    drop(DropReason.LINK_LOST);
                }
            }
        } catch (IOException | RuntimeException e) {
            underWay().ifPresent(u -> fail(u.transfer(), DiskRoom.broken(e), Optional.of(e)));
        } finally {
            takesLong = false;
            lock.unlock();
        }
    }

    private void keep(KeptTransfer kept, KeptReason reason) {
        phase = new Kept(kept, System.nanoTime(), Duration.ZERO);
        rules.bootstraps().leave(database);
        listener.on(new TransferEvent.Kept(kept.identity(), kept.accepted().bytes(), kept.durableBytes(), reason));
    }

    /** Rule 1: offset 0 starts afresh, in a file of its own until the chunk is accepted. */
    private IncomingChunk first(Source source, SnapshotIdentity identity) throws IOException {
        finishCommit();
        Optional<Refusal> refusal = refuseCluster(source, identity);
        refusal = refusal.isPresent() ? refusal : refuseForRoom(source, identity, 0);
        return refusal.isPresent()
                ? new RefusedChunk(this, refusal.get())
                : new FirstChunk(this, source, identity, directory.newFiles().partial(database));
    }

    /** Lock held. Nothing that is committed may be replaced before the disk knows what it is. */
    void finishCommit() throws IOException {
        directory.commits().finish(database).ifPresent(snapshot -> listener
                .on(new TransferEvent.Committed(snapshot, directory.snapshot(database), Duration.ZERO)));
    }

    /** Rules 2 and 3: any other offset goes on where the transfer of this very snapshot stands. */
    private IncomingChunk next(Source source, SnapshotIdentity identity, long offset) throws IOException {
        Optional<Transfer> mine = underWay().filter(u -> u.source() == source).map(UnderWay::transfer);
        long expected = mine.map(Transfer::bytesDone).orElse(0L);
        Optional<Refusal> foreign = mine.isEmpty() ? refuseCluster(source, identity) : Optional.empty();
        if (foreign.isPresent()) {
            return new RefusedChunk(this, foreign.get());
        } else if (mine.isEmpty() || offset != expected) {
            return new RefusedChunk(this, new Refusal.OffsetRegression(expected, offset));
        }
        Transfer transfer = mine.get();
        // a stream's CRC may differ on the last chunk only, and whether this is the last is known at its end
        Optional<Refusal.EnvelopeMismatch> mismatch = transfer.identity().mismatch(identity, false);
        if (mismatch.isPresent() && !mayBelong(identity, transfer.identity())) {
            return new RefusedChunk(this, mismatch.get());
        }
        if ((identity.isStream() || identity.totalBytes() > offset) && directory.available() == 0) {
            // what a stream brings is known to nobody, and others write to this disk too
            return new RefusedChunk(this,
                    directory.room().full(Math.max(1, identity.totalBytes() - offset), Optional.empty()));
        }
        return new NextChunk(this, source, identity, transfer);
    }

    /** What forbids the snapshot {@code identity}, which is allowed, to be sent from {@code offset} on. */
    private Optional<Refusal> refuseForRoom(Source source, SnapshotIdentity identity, long offset) throws IOException {
        Optional<Refusal> noPlace = rules.bootstraps().refuse(database, source.principal());
        if (noPlace.isPresent()) {
            return noPlace;
        }
        long freed = offset > 0
                ? 0
                : directory.disk().facts(SnapshotNames.partial(database)).map(FileFacts::bytes).orElse(0L);
        long needed = identity.isStream() ? 1 : Math.max(0, identity.totalBytes() - offset);
        return directory.room().refuse(needed, freed);
    }

    /** A source that is gone takes nothing from one that is there, or that will come back. Lock held. */
    Optional<Refusal> refuseGone(Source source) {
        boolean free = phase == Idle.IDLE || owner().filter(owner -> owner == source).isPresent();
        return free || !source.isGone() ? Optional.empty() : Optional.of(new Refusal.Superseded(database));
    }

    private static boolean isSame(SnapshotIdentity one, SnapshotIdentity other) {
        return one.mismatch(other, false).isEmpty();
    }

    /** Whether a chunk stamped {@code identity} belongs to a transfer that began with {@code begun}, if it is the last one. */
    private static boolean mayBelong(SnapshotIdentity identity, SnapshotIdentity begun) {
        return isSame(begun, identity) || begun.mismatch(identity, true).isEmpty();
    }

    private Optional<UnderWay> underWay() {
        return phase instanceof UnderWay underWay ? Optional.of(underWay) : Optional.empty();
    }

    private Optional<KeptTransfer> kept() {
        Phase now = phase;
        if (now instanceof Kept kept) {
            return Optional.of(kept.transfer());
        }
        return now instanceof Verifying verifying ? Optional.of(verifying.transfer()) : Optional.empty();
    }

    /** What is under way, or waits for its source. */
    private Optional<SnapshotIdentity> identity() {
        if (phase instanceof Announced announced) {
            return Optional.of(announced.identity());
        }
        return kept().map(KeptTransfer::identity).or(() -> underWay().map(u -> u.transfer().identity()));
    }

    private boolean isOpened() {
        return phase instanceof UnderWay underWay && underWay.opened();
    }

    private Optional<Source> owner() {
        Phase now = phase;
        if (now instanceof Announced announced) {
            return Optional.of(announced.source());
        }
        if (now instanceof Verifying verifying) {
            return Optional.of(verifying.source());
        }
        return now instanceof UnderWay underWay ? Optional.of(underWay.source()) : Optional.empty();
    }

    private void supersedeAllBut(Source source) {
        owner().filter(owner -> owner != source).ifPresent(owner -> owner.superseded(database, source));
    }

    /** Ends what is under way, with nothing in its place. */
    private void drop(DropReason reason) {
        replace(reason);
        rules.bootstraps().leave(database);
    }

    /** Ends what is under way; the caller puts another phase in its place. */
    private void replace(DropReason reason) {
        Optional<KeptTransfer> kept = kept();
        Optional<Transfer> transfer = underWay().map(UnderWay::transfer);
        if (phase instanceof Announced announced) {
            phase = Idle.IDLE;
            listener.on(new TransferEvent.Dropped(announced.identity(), 0, reason));
        } else if (kept.isPresent()) {
            phase = Idle.IDLE;
            durability.discard(Optional.empty());
            listener.on(new TransferEvent.Dropped(kept.get().identity(), kept.get().accepted().bytes(), reason));
        } else if (transfer.isPresent()) {
            phase = Idle.IDLE;
            durability.discard(transfer);
            listener.on(new TransferEvent.Dropped(transfer.get().identity(), transfer.get().bytesDone(), reason));
        }
    }

    private boolean isCurrent(Transfer transfer) {
        return underWay().filter(u -> u.transfer() == transfer).isPresent();
    }

    /**
     * Rules 6 and 7, for a chunk against which nothing speaks. Lock held.
     *
     * @param identity stamped into this chunk: a stream's CRC counts on the last
     * @param payload the CRC-32C of its {@code bytes} bytes of payload, which are in the file
     */
    ChunkOutcome append(Transfer transfer, SnapshotIdentity identity, Crc32c payload, long bytes, boolean done)
            throws IOException {
        long end = transfer.bytesDone() + bytes;
        if (!done) {
            transfer.accept(bytes, payload);
            if (isOpened()) {
                takesLong = durability.isDue(transfer, 0);
                try {
                    durability.keep(transfer);
                } finally {
                    takesLong = false;
                }
            }
            report(transfer, end);
            return new ChunkOutcome.Pending(end, transfer.durableBytes());
        }
        report(transfer, end); // though the last chunk is accepted only with the snapshot
        Crc32c computed = transfer.crc().followedBy(payload, bytes);
        Crc32c stored = identity.totalCrc32c();
        if (!stored.equals(computed)) {
            return new ChunkOutcome.Refused(
                    fail(transfer, new Refusal.SnapshotCrcMismatch(stored, computed), Optional.empty()));
        }
        CommittedSnapshot snapshot = new CommittedSnapshot(identity.sourceClusterId(), database, identity.lsn(),
                end, computed, Instant.now(), identity.owner());
        takesLong = true;
        try {
            transfer.file().truncate(end);
            directory.commits().commit(transfer.file(), snapshot);
        } finally {
            takesLong = false;
        }
        phase = Idle.IDLE;
        durability.forget();
        rules.bootstraps().leave(database);
        Path path = directory.snapshot(database);
        listener.on(new TransferEvent.Committed(snapshot, path, transfer.age()));
        return new ChunkOutcome.Committed(snapshot, path);
    }

    private void report(Transfer transfer, long end) {
        if (transfer.reportIsDue(end)) {
            listener.on(new TransferEvent.Progressed(transfer.identity(), end, transfer.durableBytes()));
        }
    }

    /**
     * Rule 1: a first chunk against which nothing speaks begins a transfer, whoever had one before. Lock held.
     *
     * @param file what it has been written to
     */
    Transfer begin(Source source, SnapshotIdentity identity, PartialFile file) {
        Optional<Announced> announced = phase instanceof Announced a && a.source() == source
                ? Optional.of(a)
                : Optional.empty();
        boolean opened = announced.isPresent() || phase instanceof UnderWay u && u.source() == source && u.opened();
        supersedeAllBut(source);
        if (announced.filter(a -> mayBelong(identity, a.identity())).isPresent()) {
            phase = Idle.IDLE; // not dropped: this is what was announced
        } else {
            replace(DropReason.REPLACED);
            listener.on(new TransferEvent.Began(identity, 0, 0, source.address()));
        }
        Transfer transfer = new Transfer(identity, file);
        phase = new UnderWay(source, transfer, opened);
        return transfer;
    }

    /** Takes a place among the transfers under way, if there is one. Lock held. */
    Optional<Refusal> enter(Source source) {
        return rules.bootstraps().enter(database, source.principal());
    }

    /** Whether {@code transfer} is under way and {@code source} owns it. Lock held. */
    boolean isOf(Source source, Transfer transfer) {
        return phase instanceof UnderWay underWay && underWay.source() == source && underWay.transfer() == transfer;
    }

    /** Held for one slice, one decision or one commit. */
    ReentrantLock lock() {
        return lock;
    }

    /** Takes {@link #lock}, unless somebody has it for long, or nothing may be done yet. */
    boolean tryLock() {
        if (phase instanceof Recovering) {
            return false;
        } else if (takesLong || !isAwaited.compareAndSet(false, true)) {
            return lock.tryLock();
        }
        try {
            return lock.tryLock(LOCK_PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the process is ending: whatever was to be done will not be
            return lock.tryLock();
        } finally {
            isAwaited.set(false);
        }
    }

    /** Whether a chunk of {@code bytes} that is accepted now has to wait for the disk. Any thread. */
    boolean hasToWaitForDisk(Transfer transfer, long bytes) {
        return isOpened() && durability.isDue(transfer, bytes);
    }

    /** Where its files are. */
    SnapshotDirectory directory() {
        return directory;
    }

    /** The transfer is over, and nothing of it remains, unless the process is ending. Lock held. */
    Refusal fail(Transfer transfer, Refusal refusal, Optional<Throwable> cause) {
        phase = Idle.IDLE;
        rules.bootstraps().leave(database);
        if (cause.filter(Interrupted::is).isPresent()) { // what is durable waits for the next process
            listener.on(new TransferEvent.Kept(transfer.identity(), transfer.durableBytes(), transfer.durableBytes(),
                    KeptReason.PROCESS_ENDING));
            return refusal;
        }
        durability.discard(Optional.of(transfer));
        listener.on(
                new TransferEvent.Failed(transfer.identity(), transfer.bytesDone(), refusal, cause, transfer.age()));
        return refusal;
    }

    /** What is under way, if anything is, stays as it was. */
    Refusal refused(Refusal refusal) {
        return refused(refusal, Optional.empty());
    }

    Refusal refused(Refusal refusal, Optional<Throwable> cause) {
        listener.on(new TransferEvent.Refused(database, refusal, cause));
        return refusal;
    }
}
