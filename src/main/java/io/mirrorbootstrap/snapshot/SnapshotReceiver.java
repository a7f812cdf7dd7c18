package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

import io.mirrorbootstrap.snapshot.Phase.Announced;
import io.mirrorbootstrap.snapshot.Phase.Idle;
import io.mirrorbootstrap.snapshot.Phase.Kept;
import io.mirrorbootstrap.snapshot.Phase.UnderWay;
import io.mirrorbootstrap.snapshot.Phase.Verifying;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;

/**
 * The receiving end of one database: at most one transfer under way, at most one source that owns it, and the rules by
 * which chunks are accepted and a snapshot is committed.
 * <p>
 * Worker only; any number of threads. A chunk is written while others may open, abort or take over: whoever comes second
 * finds that the transfer is no longer theirs, and what they wrote is cut away.
 */
public final class SnapshotReceiver {

    private final DatabaseId database;
    private final SnapshotDirectory directory;
    private final ReceiverRules rules;
    private final TransferListener listener;

    /** Guards all that follows. Held for one slice, one decision or one commit, never while waiting for a source. */
    private final ReentrantLock lock = new ReentrantLock();
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
            TransferListener listener, Optional<Checkpoint> left) {
        this.database = Objects.requireNonNull(database);
        this.directory = Objects.requireNonNull(directory);
        this.rules = Objects.requireNonNull(rules);
        this.listener = Objects.requireNonNull(listener);
        this.durability = new Durability(database, directory, rules, lock, this::isCurrent);
        left.ifPresent(checkpoint -> phase = new Kept(KeptTransfer.left(checkpoint)));
    }

    /** Whether nothing is under way and nothing waits for its source. */
    public boolean isIdle() {
        return phase == Idle.IDLE;
    }

    /**
     * A source wishes to send a snapshot, and to go on where an earlier link broke.
     *
     * @param source becomes the owner, whoever owned the transfer before
     * @param identity of this receiver's database
     */
    public OpenOutcome open(Source source, SnapshotIdentity identity) {
        return open(source, identity, true);
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
            return new OpenOutcome.Refused(refused(broken(), Optional.of(e)));
        }
    }

    private OpenOutcome begin(Source source, SnapshotIdentity identity, boolean recognize) throws IOException {
        lock.lock();
        try {
            finishCommit();
            Optional<Refusal> foreign = rules.refuse(source.provenCluster(), identity.sourceClusterId());
            if (foreign.isPresent()) {
                return new OpenOutcome.Refused(refused(foreign.get()));
            }
            Optional<CommittedSnapshot> committed = directory.committed(database);
            if (recognize && committed.isPresent() && committed.get().is(identity)) {
                return new OpenOutcome.AlreadyCommitted(committed.get(), directory.snapshot(database));
            }
            Optional<UnderWay> taken = underWay().filter(u -> isSame(u.transfer().identity(), identity));
            Optional<KeptTransfer> kept = kept().filter(k -> isSame(k.identity(), identity));
            long offset = taken.map(u -> u.transfer().bytesDone())
                    .or(() -> kept.map(k -> k.accepted().bytes())).orElse(0L);
            Optional<Refusal> refusal = refuseGone(source);
            refusal = refusal.isPresent() ? refusal : refuseForRoom(identity, offset).or(this::enter);
            if (refusal.isPresent()) {
                return new OpenOutcome.Refused(refused(refusal.get()));
            }
            supersedeAllBut(source);
            if (kept.isPresent() && !kept.get().isVerified()) {
                return verify(source, kept.get());
            }
            if (kept.isPresent()) {
                resume(source, kept.get());
            } else if (taken.isPresent()) {
                takeOver(source, taken.get().transfer());
            } else {
                replace(DropReason.REPLACED);
                phase = new Announced(source, identity);
                listener.on(new TransferEvent.Began(identity, 0, 0));
            }
            return new OpenOutcome.Opened(offset);
        } finally {
            if (owner().isEmpty()) {
                rules.bootstraps().leave(database);
            }
            lock.unlock();
        }
    }

    private OpenOutcome verify(Source source, KeptTransfer kept) {
        if (phase instanceof Kept) {
            listener.on(new TransferEvent.Verifying(kept.identity(), kept.accepted().bytes()));
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
            further = verifying.transfer().readFurther(directory.partial(database), rules.helpers());
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

    /** What has been accepted goes on, with its file open again. Lock held, place taken. */
    private void resume(Source source, KeptTransfer kept) throws IOException {
        Transfer transfer = new Transfer(kept,
                PartialFile.reopen(directory.partial(database), kept.accepted().bytes()));
        phase = new UnderWay(source, transfer, true);
        listener.on(new TransferEvent.Began(kept.identity(), kept.accepted().bytes(), kept.durableBytes()));
    }

    /** What has been accepted goes on, from another source. Lock held. */
    private void takeOver(Source source, Transfer transfer) throws IOException {
        transfer.cutBack(); // should that fail, the link that was superseded meets it too, and drops the transfer
        phase = new UnderWay(source, transfer, true);
        listener.on(new TransferEvent.Began(transfer.identity(), transfer.bytesDone(), transfer.durableBytes()));
    }

    /**
     * A chunk begins to arrive.
     *
     * @param source who sends it
     * @param identity stamped into it, of this receiver's database
     * @param offset position of its payload in the snapshot, in bytes, 0 or more
     */
    public IncomingChunk chunk(Source source, SnapshotIdentity identity, long offset) {
        Optional<SnapshotIdentity> waiting = kept().filter(k -> offset > 0 && offset == k.accepted().bytes())
                .map(KeptTransfer::identity).filter(begun -> mayBelong(identity, begun));
        if (waiting.isPresent()) {
            OpenOutcome outcome = open(source, waiting.get(), false);
            while (outcome instanceof OpenOutcome.Verifying) {
                outcome = open(source, waiting.get(), false);
            }
            if (outcome instanceof OpenOutcome.Refused refused) {
                return new RefusedChunk(this, refused.refusal());
            }
        }
        lock.lock();
        try {
            return offset == 0 ? first(source, identity) : next(source, identity, offset);
        } catch (IOException | RuntimeException e) {
            return new RefusedChunk(this, DiskFull.is(e) ? noRoom(identity.totalBytes() - offset) : broken(),
                    Optional.of(e));
        } finally {
            lock.unlock();
        }
    }

    /** A chunk that begins to arrive, and is not wanted. */
    public IncomingChunk refusedChunk(Refusal refusal) {
        return new RefusedChunk(this, refusal);
    }

    /**
     * Drops what is under way, whoever owns it; what is committed stays.
     *
     * @param proven the only cluster for which it may be done; empty: it does not matter
     */
    public Optional<Refusal> abort(Optional<String> proven) {
        lock.lock();
        try {
            Optional<Refusal> refusal = refuseForeign(proven, identity().map(SnapshotIdentity::sourceClusterId));
            if (refusal.isEmpty()) {
                drop(DropReason.ABORTED);
            }
            return refusal;
        } finally {
            lock.unlock();
        }
    }

    private Optional<Refusal> refuseForeign(Optional<String> proven, Optional<String> cluster) {
        return cluster.filter(any -> proven.isPresent()).flatMap(of -> rules.refuse(proven, of)).map(this::refused);
    }

    /**
     * Removes the committed snapshot, if there is one; what is under way goes on.
     *
     * @param proven the only cluster for which it may be done; empty: it does not matter
     * @throws IOException when that fails; it may be gone nevertheless
     */
    public Optional<Refusal> removeSnapshot(Optional<String> proven) throws IOException {
        lock.lock();
        try {
            finishCommit();
            Optional<CommittedSnapshot> committed = directory.committed(database);
            Optional<Refusal> refusal = refuseForeign(proven, committed.map(CommittedSnapshot::sourceClusterId));
            if (refusal.isEmpty()) {
                directory.removeSnapshot(database);
                committed.ifPresent(snapshot -> listener.on(new TransferEvent.Removed(snapshot)));
            }
            return refusal;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Drops what waits for a source that has not been here since {@code before}, in this process or an earlier one.
     *
     * @return whether something was dropped
     */
    public boolean expire(Instant before) throws IOException {
        lock.lock();
        try {
            boolean expired = phase instanceof Kept && directory.lastTouched(database).isBefore(before);
            if (expired) {
                drop(DropReason.EXPIRED);
            }
            return expired;
        } finally {
            lock.unlock();
        }
    }

    /** The link of {@code source} is gone: what it opened is kept, what it did not open is dropped. */
    public void disconnected(Source source) {
        if (!owner().filter(owner -> owner == source).isPresent()) {
            return; // nor will it become the owner: its link is gone
        }
        lock.lock();
        try {
            if (phase instanceof Announced announced && announced.source() == source) {
                drop(DropReason.LINK_LOST);
            } else if (phase instanceof Verifying verifying && verifying.source() == source) {
                keep(verifying.transfer());
            } else if (phase instanceof UnderWay underWay && underWay.source() == source) {
                Transfer transfer = underWay.transfer();
                if (underWay.opened()) {
                    transfer.cutBack();
                    durability.checkpointNow(transfer);
                    transfer.file().close(); // many may wait, for long, and files that are open are few
                    keep(KeptTransfer.received(transfer));
                } else {
                    drop(DropReason.LINK_LOST);
                }
            }
        } catch (IOException | RuntimeException e) {
            underWay().ifPresent(u -> fail(u.transfer(), broken(), Optional.of(e)));
        } finally {
            lock.unlock();
        }
    }

    private void keep(KeptTransfer kept) {
        phase = new Kept(kept);
        rules.bootstraps().leave(database);
        listener.on(new TransferEvent.Disconnected(kept.identity(), kept.accepted().bytes(), kept.durableBytes()));
    }

    /** Rule 1: offset 0 starts afresh, in a file of its own until the chunk is accepted. */
    private IncomingChunk first(Source source, SnapshotIdentity identity) throws IOException {
        finishCommit();
        Optional<Refusal> refusal = rules.refuse(source.provenCluster(), identity.sourceClusterId());
        refusal = refusal.isPresent() ? refusal : refuseForRoom(identity, 0);
        return refusal.isPresent()
                ? new RefusedChunk(this, refusal.get())
                : new FirstChunk(this, source, identity, directory.begin(database));
    }

    private void finishCommit() throws IOException {
        directory.finishCommit(database).ifPresent(snapshot -> listener
                .on(new TransferEvent.Committed(snapshot, directory.snapshot(database), Duration.ZERO)));
    }

    /** Rules 2 and 3: any other offset goes on where the transfer of this very snapshot stands. */
    private IncomingChunk next(Source source, SnapshotIdentity identity, long offset) throws IOException {
        Optional<Transfer> mine = underWay().filter(u -> u.source() == source).map(UnderWay::transfer);
        long expected = mine.map(Transfer::bytesDone).orElse(0L);
        if (mine.isEmpty() || offset != expected) {
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
            return new RefusedChunk(this, noRoom(Math.max(1, identity.totalBytes() - offset)));
        }
        return new NextChunk(this, source, identity, transfer);
    }

    /** What forbids the snapshot {@code identity}, which is allowed, to be sent from {@code offset} on. */
    private Optional<Refusal> refuseForRoom(SnapshotIdentity identity, long offset) throws IOException {
        if (!rules.bootstraps().hasRoomFor(database)) {
            return Optional.of(new Refusal.TooManyBootstraps(rules.bootstraps().limit()));
        }
        long freed = offset > 0 ? 0 : Math.max(0, OwnFiles.size(directory.partial(database)));
        long needed = identity.isStream() ? 1 : Math.max(0, identity.totalBytes() - offset);
        long available = directory.available() + freed;
        return needed > available
                ? Optional.of(new Refusal.InsufficientStorage(needed, available))
                : Optional.empty();
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
        owner().filter(owner -> owner != source).ifPresent(owner -> owner.superseded(database));
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
        if (transfer.reportIsDue(end)) {
            listener.on(new TransferEvent.Progressed(transfer.identity(), end, transfer.durableBytes()));
        }
        if (!done) {
            transfer.accept(bytes, payload);
            if (isOpened()) {
                durability.keep(transfer);
            }
            return new ChunkOutcome.Pending(end, transfer.durableBytes());
        }
        Crc32c computed = transfer.crc().followedBy(payload, bytes);
        Crc32c stored = identity.totalCrc32c();
        if (!stored.equals(computed)) {
            return new ChunkOutcome.Refused(
                    fail(transfer, new Refusal.SnapshotCrcMismatch(stored, computed), Optional.empty()));
        }
        CommittedSnapshot snapshot = new CommittedSnapshot(identity.sourceClusterId(), database, identity.lsn(),
                end,
                computed, Instant.now());
        transfer.file().truncate(end);
        directory.commit(transfer.file(), snapshot);
        phase = Idle.IDLE;
        durability.forget();
        rules.bootstraps().leave(database);
        Path path = directory.snapshot(database);
        listener.on(new TransferEvent.Committed(snapshot, path, transfer.age()));
        return new ChunkOutcome.Committed(snapshot, path);
    }

    /**
     * Rule 1: a first chunk against which nothing speaks begins a transfer, whoever had one before. Lock held.
     *
     * @param file what it has been written to
     */
    Transfer begin(Source source, SnapshotIdentity identity, PartialFile file) {
        boolean announced = phase instanceof Announced a && a.source() == source;
        boolean opened = announced || phase instanceof UnderWay u && u.source() == source && u.opened();
        supersedeAllBut(source);
        if (announced) {
            phase = Idle.IDLE; // not dropped: this is what was announced
        } else {
            replace(DropReason.REPLACED);
            listener.on(new TransferEvent.Began(identity, 0, 0));
        }
        Transfer transfer = new Transfer(identity, file);
        phase = new UnderWay(source, transfer, opened);
        return transfer;
    }

    /** Takes a place among the transfers under way, if there is one. Lock held. */
    Optional<Refusal> enter() {
        return rules.bootstraps().enter(database)
                ? Optional.empty()
                : Optional.of(new Refusal.TooManyBootstraps(rules.bootstraps().limit()));
    }

    /** Whether {@code transfer} is under way and {@code source} owns it. Lock held. */
    boolean isOf(Source source, Transfer transfer) {
        return phase instanceof UnderWay underWay && underWay.source() == source && underWay.transfer() == transfer;
    }

    /** Held for one slice, one decision or one commit. */
    ReentrantLock lock() {
        return lock;
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
            listener.on(new TransferEvent.Disconnected(transfer.identity(), transfer.durableBytes(),
                    transfer.durableBytes()));
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

    /** Tells a stranger nothing about the sidecar's files: the cause is for the log. */
    static Refusal broken() {
        return new Refusal.Transport("the sidecar could not store the snapshot, its log says why");
    }

    Refusal noRoom(long needed) {
        long available = 0;
        try {
            available = directory.available();
        } catch (IOException e) {
            // nothing is known to be available
        }
        return new Refusal.InsufficientStorage(Math.max(0, needed), available);
    }
}
