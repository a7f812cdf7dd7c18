package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;

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

    /**
     * The most bytes checked and handed to one {@code write(2)}: they are still in the cache when they are written, no
     * thread keeps a larger temporary buffer, and larger writes from where the JDK puts that buffer cost five times as
     * much on some processors (docs/performance.md).
     */
    private static final int SLICE_BYTES = 64 * 1024;

    private final DatabaseId database;
    private final SnapshotDirectory directory;
    private final ReceiverRules rules;
    private final TransferListener listener;

    /** Guards all that follows. Held for one slice, one decision or one commit, never while waiting for a source. */
    private final ReentrantLock lock = new ReentrantLock();
    /** Written under the lock only; volatile so that a source which owns nothing here need not wait for the lock. */
    private volatile Phase phase = Idle.IDLE;

    /** Taken after {@link #lock} or alone: keeps a checkpoint beside the flow from outliving its transfer. */
    private final ReentrantLock records = new ReentrantLock();

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
            supersedeAllBut(source);
            if (known.isPresent()) {
                known.get().cutBack();
                phase = new UnderWay(source, known.get(), true);
            } else {
                replace(DropReason.REPLACED);
                phase = new Announced(source, identity);
            }
            rules.bootstraps().enter(database);
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
            return new RefusedChunk(DiskFull.is(e) ? noRoom(identity.totalBytes() - offset) : broken(),
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
                    checkpointNow(transfer);
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
                ? new RefusedChunk(refusal.get())
                : new FirstChunk(source, identity, directory.begin(database));
    }

    /** What an earlier process left is gone on with only if it is what its checkpoint says; on any doubt, from 0. */
    private void verify(Checkpoint checkpoint) {
        try {
            PartialFile file = PartialFile.reopen(directory.partial(database), checkpoint.bytes());
            if (file.hash().equals(checkpoint.crc32c())) {
                phase = new Detached(new Transfer(checkpoint, file));
                return;
            }
            file.close();
        } catch (IOException e) {
            // as good as damaged: it cannot be read
        }
        drop(DropReason.DAMAGED);
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
            return new RefusedChunk(new Refusal.OffsetRegression(expected, offset));
        }
        Transfer transfer = mine.get();
        // a stream's CRC may differ on the last chunk only, and whether this is the last is known at its end
        Optional<Refusal.EnvelopeMismatch> mismatch = transfer.identity().mismatch(identity, false);
        if (mismatch.isPresent() && transfer.identity().mismatch(identity, true).isPresent()) {
            return new RefusedChunk(mismatch.get());
        }
        if (phase instanceof Detached) {
            Optional<Refusal> refusal = refuse(identity, offset);
            if (refusal.isPresent()) {
                return new RefusedChunk(refusal.get());
            }
            rules.bootstraps().enter(database);
            phase = new UnderWay(source, transfer, true);
            listener.on(new TransferEvent.Began(transfer.identity(), transfer.bytesDone(), transfer.durableBytes()));
        }
        return new NextChunk(source, identity, transfer);
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
            discard(Optional.empty());
            listener.on(new TransferEvent.Dropped(stored.checkpoint().identity(), stored.checkpoint().bytes(), reason));
        } else if (before instanceof UnderWay || before instanceof Detached) {
            Transfer transfer = before instanceof UnderWay underWay
                    ? underWay.transfer()
                    : ((Detached) before).transfer();
            discard(Optional.of(transfer));
            listener.on(new TransferEvent.Dropped(transfer.identity(), transfer.bytesDone(), reason));
        }
    }

    /** Removes the files of a transfer that is no longer the phase's: the checkpoint first, as it speaks of the other. */
    private void discard(Optional<Transfer> transfer) {
        records.lock();
        try {
            Files.deleteIfExists(directory.checkpoint(database));
            if (transfer.isPresent()) {
                transfer.get().file().discard();
            } else {
                Files.deleteIfExists(directory.partial(database));
            }
        } catch (IOException e) {
            // the state is right already; what is left under these names is replaced by the next transfer
        } finally {
            records.unlock();
        }
    }

    /**
     * After a crash a source sends at most {@code checkpointBytes} again: a checkpoint beside the flow begins at half of
     * them, and if it has not ended when all of them have come, the disk is slower than the source, which has to wait.
     */
    private void keepDurable(Transfer transfer) throws IOException {
        if (transfer.bytesDone() - transfer.durableBytes() >= rules.checkpointBytes()) {
            checkpointNow(transfer);
        } else if (transfer.checkpointIsDue(Math.max(1, rules.checkpointBytes() / 2))) {
            Checkpoint point = transfer.checkpoint();
            try {
                rules.checkpoints().execute(() -> checkpoint(transfer, point));
            } catch (RejectedExecutionException e) {
                transfer.checkpointEnded(); // the process is ending: the link's end makes one
            }
        }
    }

    /** Beside the flow: forces what has been accepted so far, then says so on disk. */
    private void checkpoint(Transfer transfer, Checkpoint point) {
        try {
            transfer.file().force();
            write(transfer, point);
        } catch (IOException | RuntimeException e) {
            lock.lock();
            try {
                if (isCurrent(transfer) && !DiskFull.is(e)) {
                    transfer.broken(e); // a force that failed once may succeed the next time, and the bytes be lost
                }
            } finally {
                lock.unlock();
            }
        } finally {
            lock.lock();
            transfer.checkpointEnded();
            lock.unlock();
        }
    }

    /** With the lock held: the flow waits. */
    private void checkpointNow(Transfer transfer) throws IOException {
        try {
            transfer.file().force();
            write(transfer, transfer.checkpoint());
        } catch (IOException e) {
            if (!DiskFull.is(e)) {
                throw e;
            }
            // the checkpoint before this one still counts
        }
    }

    private void write(Transfer transfer, Checkpoint point) throws IOException {
        records.lock();
        try {
            if (isCurrent(transfer) && point.bytes() > transfer.durableBytes()) {
                directory.write(point);
                transfer.durable(point.bytes());
            }
        } finally {
            records.unlock();
        }
    }

    private boolean isCurrent(Transfer transfer) {
        return transfer().filter(current -> current == transfer).isPresent();
    }

    /** The transfer is over, and nothing of it remains. */
    private Refusal fail(Transfer transfer, Refusal refusal, Optional<Throwable> cause) {
        phase = Idle.IDLE;
        rules.bootstraps().leave(database);
        discard(Optional.of(transfer));
        listener.on(
                new TransferEvent.Failed(transfer.identity(), transfer.bytesDone(), refusal, cause, transfer.age()));
        return refusal;
    }

    /** What is under way, if anything is, stays as it was. */
    private Refusal refused(Refusal refusal) {
        return refused(refusal, Optional.empty());
    }

    private Refusal refused(Refusal refusal, Optional<Throwable> cause) {
        listener.on(new TransferEvent.Refused(database, refusal, cause));
        return refusal;
    }

    /** Tells a stranger nothing about the sidecar's files: the cause is for the log. */
    private static Refusal broken() {
        return new Refusal.Transport("the sidecar could not store the snapshot, its log says why");
    }

    private Refusal noRoom(long needed) {
        long available = 0;
        try {
            available = directory.available();
        } catch (IOException e) {
            // nothing is known to be available
        }
        return new Refusal.InsufficientStorage(Math.max(0, needed), available);
    }

    /** A chunk that is refused whatever its payload. */
    private final class RefusedChunk implements IncomingChunk {

        private final Refusal refusal;
        private final Optional<Throwable> cause;

        RefusedChunk(Refusal refusal) {
            this(refusal, Optional.empty());
        }

        RefusedChunk(Refusal refusal, Optional<Throwable> cause) {
            this.refusal = refusal;
            this.cause = cause;
        }

        @Override
        public void write(ByteBuffer slice) {
            slice.position(slice.limit());
        }

        @Override
        public ChunkOutcome finish(boolean done, Optional<Crc32c> chunkCrc32c) {
            return new ChunkOutcome.Refused(refused(refusal, cause));
        }

        @Override
        public void cancel() {
            // nothing was begun
        }
    }

    /** What the two kinds of accepted chunk have in common: a payload on its way to a file. */
    private abstract class ArrivingChunk implements IncomingChunk {

        final Source source;
        final SnapshotIdentity identity;
        final long offset;
        private final CRC32C crc = new CRC32C();
        private long bytes;
        private Optional<Exception> failure = Optional.empty();

        ArrivingChunk(Source source, SnapshotIdentity identity, long offset) {
            this.source = source;
            this.identity = identity;
            this.offset = offset;
        }

        /** The file to write to, empty when the transfer is no longer this source's. */
        abstract Optional<PartialFile> file();

        /** Rules 3 to 5 for the whole chunk; the transfer to append to when nothing speaks against it. */
        abstract Verdict judge(boolean done, Optional<Crc32c> chunkCrc32c) throws IOException;

        /** The transfer that an accepted part of this chunk is in, if it is still this source's. */
        abstract Optional<Transfer> mine();

        /** Nothing of the chunk remains. */
        abstract void revert() throws IOException;

        @Override
        public final void write(ByteBuffer slice) {
            int end = slice.limit();
            while (slice.position() < end) {
                int start = slice.position();
                slice.limit(Math.min(end, start + SLICE_BYTES));
                writeOne(slice);
                bytes += slice.limit() - start;
                slice.position(slice.limit()).limit(end);
            }
        }

        private void writeOne(ByteBuffer slice) {
            lock.lock();
            try {
                Optional<PartialFile> file = failure.isEmpty() ? file() : Optional.empty();
                if (file.isPresent()) {
                    crc.update(slice.duplicate());
                    file.get().write(slice, offset + bytes);
                }
            } catch (IOException | RuntimeException e) {
                failure = Optional.of(e);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public final ChunkOutcome finish(boolean done, Optional<Crc32c> chunkCrc32c) {
            lock.lock();
            try {
                if (failure.isPresent()) {
                    return new ChunkOutcome.Refused(failed(failure.get()));
                }
                Verdict verdict = judge(done, chunkCrc32c);
                if (verdict instanceof Verdict.Accepted accepted) {
                    return append(accepted.transfer(), done);
                }
                revert();
                return new ChunkOutcome.Refused(((Verdict.Refused) verdict).refusal());
            } catch (IOException | RuntimeException e) {
                return new ChunkOutcome.Refused(failed(e));
            } finally {
                lock.unlock();
            }
        }

        @Override
        public final void cancel() {
            lock.lock();
            try {
                revert();
            } catch (IOException | RuntimeException e) {
                failed(e);
            } finally {
                lock.unlock();
            }
        }

        /** A full disk can be emptied: the transfer stays as it was. After any other failure it cannot be trusted. */
        private Refusal failed(Exception failure) {
            Exception cause = failure;
            try {
                revert();
            } catch (IOException | RuntimeException e) {
                e.addSuppressed(failure);
                cause = e;
            }
            if (DiskFull.is(cause)) {
                return refused(noRoom(identity.isStream() ? bytes : identity.totalBytes() - offset),
                        Optional.of(cause));
            }
            Optional<Transfer> transfer = mine();
            return transfer.isPresent()
                    ? fail(transfer.get(), broken(), Optional.of(cause))
                    : refused(broken(), Optional.of(cause));
        }

        /** Rule 4. */
        final Optional<Refusal> refuseCrc(Optional<Crc32c> stored) {
            Crc32c computed = Crc32c.of(crc);
            return stored.filter(crc32c -> !crc32c.equals(computed))
                    .map(crc32c -> new Refusal.ChunkCrcMismatch(offset, crc32c, computed));
        }

        /** Rule 5. */
        final Optional<Refusal> refuseSize(boolean done) {
            long end = offset + bytes;
            boolean wrong = !identity.isStream()
                    && (end > identity.totalBytes() || done && end < identity.totalBytes());
            return wrong ? Optional.of(new Refusal.SnapshotSizeMismatch(identity.totalBytes(), end)) : Optional.empty();
        }

        /** Rules 6 and 7. */
        private ChunkOutcome append(Transfer transfer, boolean done) throws IOException {
            long end = offset + bytes;
            Crc32c payload = Crc32c.of(crc);
            if (transfer.reportIsDue(end)) {
                listener.on(new TransferEvent.Progressed(transfer.identity(), end, transfer.durableBytes()));
            }
            if (!done) {
                transfer.accept(bytes, payload);
                if (isOpened()) {
                    keepDurable(transfer);
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
            directory.commit(transfer.file(), snapshot);
            phase = Idle.IDLE;
            rules.bootstraps().leave(database);
            Path path = directory.snapshot(database);
            listener.on(new TransferEvent.Committed(snapshot, path, transfer.age()));
            return new ChunkOutcome.Committed(snapshot, path);
        }
    }

    /** What rules 3 to 5 say to a whole chunk. */
    private sealed interface Verdict {
        record Accepted(Transfer transfer) implements Verdict {
        }

        record Refused(Refusal refusal) implements Verdict {
        }
    }

    /** A chunk at offset 0: it replaces whatever is under way once nothing speaks against it, and not before. */
    private final class FirstChunk extends ArrivingChunk {

        private final PartialFile file;
        private Optional<Transfer> begun = Optional.empty();

        FirstChunk(Source source, SnapshotIdentity identity, PartialFile file) {
            super(source, identity, 0);
            this.file = file;
        }

        @Override
        Optional<PartialFile> file() {
            return Optional.of(file);
        }

        @Override
        Optional<Transfer> mine() {
            return begun;
        }

        @Override
        Verdict judge(boolean done, Optional<Crc32c> chunkCrc32c) throws IOException {
            Optional<Refusal> refusal = refuseCrc(chunkCrc32c).or(() -> refuseSize(done));
            if (refusal.isEmpty() && !rules.bootstraps().enter(database)) {
                refusal = Optional.of(new Refusal.TooManyBootstraps(rules.bootstraps().limit()));
            }
            if (refusal.isPresent()) {
                return new Verdict.Refused(refused(refusal.get()));
            }
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
            begun = Optional.of(transfer);
            file.moveTo(directory.partial(database));
            return new Verdict.Accepted(transfer);
        }

        @Override
        void revert() throws IOException {
            if (begun.isPresent()) {
                begun.get().cutBack();
            } else {
                file.discard();
            }
        }
    }

    /** A chunk that continues a transfer. */
    private final class NextChunk extends ArrivingChunk {

        private final Transfer transfer;

        NextChunk(Source source, SnapshotIdentity identity, Transfer transfer) {
            super(source, identity, transfer.bytesDone());
            this.transfer = transfer;
        }

        @Override
        Optional<PartialFile> file() {
            return mine().map(Transfer::file);
        }

        @Override
        Optional<Transfer> mine() {
            return phase instanceof UnderWay underWay && underWay.source() == source
                    && underWay.transfer() == transfer ? Optional.of(transfer) : Optional.empty();
        }

        @Override
        Verdict judge(boolean done, Optional<Crc32c> chunkCrc32c) throws IOException {
            if (mine().isPresent() && transfer.failure().isPresent()) {
                throw new IOException("a checkpoint beside the flow failed", transfer.failure().get());
            }
            if (mine().isEmpty()) {
                // taken over (then the source has been told so) or aborted while the payload was arriving
                return new Verdict.Refused(refused(new Refusal.OffsetRegression(0, offset)));
            }
            Optional<Refusal> refusal = transfer.identity().mismatch(identity, done).<Refusal>map(m -> m)
                    .or(() -> refuseCrc(chunkCrc32c));
            if (refusal.isPresent()) {
                return new Verdict.Refused(refused(refusal.get()));
            }
            Optional<Refusal> size = refuseSize(done);
            return size.isPresent()
                    ? new Verdict.Refused(fail(transfer, size.get(), Optional.empty()))
                    : new Verdict.Accepted(transfer);
        }

        @Override
        void revert() throws IOException {
            if (mine().isPresent()) {
                transfer.cutBack();
            }
        }
    }
}
