package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

import io.mirrorbootstrap.snapshot.Phase.Announced;
import io.mirrorbootstrap.snapshot.Phase.Detached;
import io.mirrorbootstrap.snapshot.Phase.Idle;
import io.mirrorbootstrap.snapshot.Phase.Stored;
import io.mirrorbootstrap.snapshot.Phase.UnderWay;
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
        left.ifPresent(checkpoint -> phase = new Stored(checkpoint));
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
        lock.lock();
        try {
            Optional<CommittedSnapshot> committed = directory.committed(database);
            if (committed.isPresent() && committed.get().is(identity)) {
                return new OpenOutcome.AlreadyCommitted(committed.get(), directory.snapshot(database));
            }
            if (phase instanceof Stored stored && stored.checkpoint().identity().mismatch(identity, false).isEmpty()) {
                verify(stored.checkpoint());
            }
            Optional<Transfer> known = transfer().filter(t -> t.identity().mismatch(identity, false).isEmpty());
            long offset = known.map(Transfer::bytesDone).orElse(0L);
            Optional<Refusal> refusal = refuse(identity, offset);
            if (refusal.isPresent()) {
                return new OpenOutcome.Refused(refused(refusal.get()));
            }
            Optional<Refusal> full = enter();
            if (full.isPresent()) {
                return new OpenOutcome.Refused(refused(full.get()));
            }
            supersedeAllBut(source);
            if (known.isPresent()) {
                try {
                    known.get().cutBack();
                } catch (IOException e) {
                    return new OpenOutcome.Refused(fail(known.get(), broken(), Optional.of(e)));
                }
                phase = new UnderWay(source, known.get(), true);
            } else {
                replace(DropReason.REPLACED);
                phase = new Announced(source, identity);
            }
            listener.on(new TransferEvent.Began(identity, offset, known.map(Transfer::durableBytes).orElse(0L)));
            return new OpenOutcome.Opened(offset);
        } catch (IOException | RuntimeException e) {
            return new OpenOutcome.Refused(refused(broken(), Optional.of(e)));
        } finally {
            lock.unlock();
        }
    }

    /**
     * A chunk begins to arrive.
     *
     * @param source who sends it
     * @param identity stamped into it, of this receiver's database
     * @param offset position of its payload in the snapshot, in bytes, 0 or more
     */
    public IncomingChunk chunk(Source source, SnapshotIdentity identity, long offset) {
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

    /** Drops what is under way, whoever owns it; what is committed stays. */
    public void abort() {
        lock.lock();
        try {
            drop(DropReason.ABORTED);
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
            boolean waits = phase instanceof Detached || phase instanceof Stored;
            boolean expired = waits && directory.lastTouched(database).isBefore(before);
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
            } else if (phase instanceof UnderWay underWay && underWay.source() == source) {
                if (underWay.opened()) {
                    Transfer transfer = underWay.transfer();
                    transfer.cutBack();
                    phase = new Detached(transfer);
                    rules.bootstraps().leave(database);
                    durability.checkpointNow(transfer);
                    listener.on(new TransferEvent.Disconnected(transfer.identity(), transfer.bytesDone(),
                            transfer.durableBytes()));
                } else {
                    drop(DropReason.LINK_LOST);
                }
            }
        } catch (IOException | RuntimeException e) {
            transfer().ifPresent(transfer -> fail(transfer, broken(), Optional.of(e)));
        } finally {
            lock.unlock();
        }
    }

    /** Rule 1: offset 0 starts afresh, in a file of its own until the chunk is accepted. */
    private IncomingChunk first(Source source, SnapshotIdentity identity) throws IOException {
        Optional<Refusal> refusal = refuse(identity, 0);
        return refusal.isPresent()
                ? new RefusedChunk(this, refusal.get())
                : new FirstChunk(this, source, identity, directory.begin(database));
    }

    /**
     * What an earlier process left is gone on with only if it is what its checkpoint says; else from 0.
     *
     * @throws IOException when that cannot be told now: then it stays as it is
     */
    private void verify(Checkpoint checkpoint) throws IOException {
        if (SnapshotDirectory.size(directory.partial(database)) < checkpoint.bytes()) {
            drop(DropReason.DAMAGED);
            return;
        }
        PartialFile file = PartialFile.reopen(directory.partial(database), checkpoint.bytes());
        boolean same = false;
        try {
            same = file.hash().equals(checkpoint.crc32c());
        } finally {
            if (!same) {
                file.close();
            }
        }
        if (same) {
            phase = new Detached(new Transfer(checkpoint, file));
        } else {
            drop(DropReason.DAMAGED);
        }
    }

    /** Rules 2 and 3: any other offset goes on where the transfer of this very snapshot stands. */
    private IncomingChunk next(Source source, SnapshotIdentity identity, long offset) throws IOException {
        if (phase instanceof Stored stored && stored.checkpoint().bytes() == offset
                && stored.checkpoint().identity().mismatch(identity, false).isEmpty()) {
            verify(stored.checkpoint());
        }
        boolean othersOwn = phase instanceof UnderWay underWay && underWay.source() != source;
        Optional<Transfer> mine = othersOwn ? Optional.empty() : transfer();
        long expected = mine.map(Transfer::bytesDone).orElse(0L);
        if (mine.isEmpty() || offset != expected) {
            return new RefusedChunk(this, new Refusal.OffsetRegression(expected, offset));
        }
        Transfer transfer = mine.get();
        // a stream's CRC may differ on the last chunk only, and whether this is the last is known at its end
        Optional<Refusal.EnvelopeMismatch> mismatch = transfer.identity().mismatch(identity, false);
        if (mismatch.isPresent() && transfer.identity().mismatch(identity, true).isPresent()) {
            return new RefusedChunk(this, mismatch.get());
        }
        if (phase instanceof Detached) {
            Optional<Refusal> refusal = refuse(identity, offset);
            if (refusal.isPresent()) {
                return new RefusedChunk(this, refusal.get());
            }
            Optional<Refusal> full = enter();
            if (full.isPresent()) {
                return new RefusedChunk(this, full.get());
            }
            phase = new UnderWay(source, transfer, true);
            listener.on(new TransferEvent.Began(transfer.identity(), transfer.bytesDone(), transfer.durableBytes()));
        }
        if ((identity.isStream() || identity.totalBytes() > offset) && directory.available() == 0) {
            // what a stream brings is known to nobody, and others write to this disk too
            return new RefusedChunk(this, noRoom(Math.max(1, identity.totalBytes() - offset)));
        }
        return new NextChunk(this, source, identity, transfer);
    }

    /** What forbids the snapshot {@code identity} to be sent from {@code offset} on. */
    private Optional<Refusal> refuse(SnapshotIdentity identity, long offset) throws IOException {
        Optional<Refusal> refusal = rules.refuse(identity);
        if (refusal.isPresent()) {
            return refusal;
        }
        if (!rules.bootstraps().hasRoomFor(database)) {
            return Optional.of(new Refusal.TooManyBootstraps(rules.bootstraps().limit()));
        }
        long freed = offset > 0 ? 0 : Math.max(0, SnapshotDirectory.size(directory.partial(database)));
        long needed = Math.max(0, identity.totalBytes() - offset);
        long available = directory.available() + freed;
        return needed > available
                ? Optional.of(new Refusal.InsufficientStorage(needed, available))
                : Optional.empty();
    }

    private Optional<Transfer> transfer() {
        Phase now = phase;
        if (now instanceof UnderWay underWay) {
            return Optional.of(underWay.transfer());
        }
        return now instanceof Detached detached ? Optional.of(detached.transfer()) : Optional.empty();
    }

    private boolean isOpened() {
        return phase instanceof UnderWay underWay && underWay.opened();
    }

    private Optional<Source> owner() {
        Phase now = phase;
        if (now instanceof Announced announced) {
            return Optional.of(announced.source());
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
        Phase before = phase;
        phase = Idle.IDLE;
        if (before instanceof Announced announced) {
            listener.on(new TransferEvent.Dropped(announced.identity(), 0, reason));
        } else if (before instanceof Stored stored) {
            durability.discard(Optional.empty());
            listener.on(new TransferEvent.Dropped(stored.checkpoint().identity(), stored.checkpoint().bytes(), reason));
        } else if (before instanceof UnderWay || before instanceof Detached) {
            Transfer transfer = before instanceof UnderWay underWay
                    ? underWay.transfer()
                    : ((Detached) before).transfer();
            durability.discard(Optional.of(transfer));
            listener.on(new TransferEvent.Dropped(transfer.identity(), transfer.bytesDone(), reason));
        }
    }

    private boolean isCurrent(Transfer transfer) {
        return transfer().filter(current -> current == transfer).isPresent();
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

    /** The transfer is over, and nothing of it remains. Lock held. */
    Refusal fail(Transfer transfer, Refusal refusal, Optional<Throwable> cause) {
        phase = Idle.IDLE;
        rules.bootstraps().leave(database);
        if (cause.filter(Interrupted::is).isEmpty()) {
            durability.discard(Optional.of(transfer));
        } // else the process is ending: what is durable waits for the next one
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
