package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;

import io.mirrorbootstrap.snapshot.Phase.Kept;
import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFull;
import io.mirrorbootstrap.store.FileFacts;

/**
 * Makes the accepted bytes of a database's transfer durable, beside the flow, and writes checkpoints. All methods are
 * called with the receiver's lock held, except for those that say otherwise.
 */
final class Durability {

    private final TransferLock lock;
    private final DatabaseId database;
    private final SnapshotDirectory directory;
    private final Disk disk;
    private final ReceiverRules rules;
    private final CurrentPhase phase;

    /** Taken after the receiver's lock or alone: keeps a checkpoint beside the flow from outliving its transfer. */
    private final ReentrantLock records = new ReentrantLock();

    Durability(TransferLock lock, DatabaseId database, SnapshotDirectory directory, ReceiverRules rules,
            CurrentPhase phase) {
        this.lock = lock;
        this.database = database;
        this.directory = directory;
        this.disk = directory.disk();
        this.rules = rules;
        this.phase = phase;
    }

    /** Forces what was written to {@code file}; see {@link PartialFile#force}. */
    void force(PartialFile file) throws IOException {
        long begun = System.nanoTime();
        file.force();
        directory.times().tookSince(StepTimes.Step.FORCE, begun);
    }

    /**
     * Removes the files of a transfer that is no longer the phase's: the checkpoint first, as it speaks of the other.
     *
     * @param transfer empty if it was kept, as files that nobody has open
     */
    void discard(Optional<Transfer> transfer) {
        assert lock.isHeld() && transfer.filter(phase.now()::isOf).isEmpty();
        records.lock();
        try {
            removeQuietly(SnapshotNames.checkpoint(database));
            if (transfer.isPresent()) {
                transfer.get().file().discard();
            } else {
                removeQuietly(SnapshotNames.partial(database));
            }
        } catch (IOException e) {
            // its name is left, as by removeQuietly
        } finally {
            records.unlock();
        }
    }

    /**
     * The disk has failed {@code transfer}, which becomes a kept one that ends where it was forced last. What is behind is cut away
     * when it goes on.
     */
    KeptTransfer fallBack(Transfer transfer) {
        assert lock.isHeld() && phase.now().isOf(transfer);
        records.lock(); // no checkpoint beside the flow writes a record of a later point behind this
        try {
            KeptTransfer kept = KeptTransfer.fallenBack(transfer);
            phase.become(new Kept(kept));
            return kept;
        } finally {
            records.unlock();
        }
    }

    /** The state is right already, and the next transfer replaces a file that is left under this name. */
    private void removeQuietly(String name) {
        try {
            disk.remove(name);
        } catch (IOException e) {
            // nothing to be done
        }
    }

    /** Removes the checkpoint behind a commit, which has left no partial file. */
    void forget() {
        records.lock();
        try {
            removeQuietly(SnapshotNames.checkpoint(database)); // without its partial file it is removed at the next start
        } finally {
            records.unlock();
        }
    }

    /**
     * No chunk counts behind which more than {@code checkpointBytes} would not be durable, unless it alone has as many: its source need
     * not be able to send more again.
     *
     * @param bytes of the chunk that is about to count
     * @throws IOException also where the disk is full for the checkpoint: then the chunk does not count
     */
    void makeRoom(Transfer transfer, long bytes) throws IOException {
        if (isDue(transfer, bytes) && transfer.bytesDone() > transfer.durableBytes()) {
            waitForCheckpoint(transfer, true);
        }
    }

    /**
     * Has a checkpoint written where one is due. After a crash a source sends at most {@code checkpointBytes} again: a
     * checkpoint beside the flow begins at half of them; if it has not ended when all of them have come, the disk is
     * slower than the source, which has to wait. A chunk without a byte asks for one: its source can hold no more than it does.
     *
     * @param bytes of the chunk that was accepted last
     * @throws IOException also where the disk is full for a checkpoint that was asked for
     */
    void keep(Transfer transfer, long bytes) throws IOException {
        boolean isAskedFor = isAskedFor(transfer, bytes);
        if (isAskedFor || isDue(transfer, 0)) {
            waitForCheckpoint(transfer, isAskedFor);
        } else if (transfer.checkpointIsDue(Math.max(1, rules.checkpointBytes() / 2))) {
            Checkpoint point = transfer.checkpoint();
            try {
                rules.helpers().execute(() -> checkpoint(transfer, point));
            } catch (RejectedExecutionException e) {
                transfer.checkpointEnded(); // the process is ending: the link's end makes one
            }
        }
    }

    /** @param isMust whether it is a failure that the disk is full for it */
    private void waitForCheckpoint(Transfer transfer, boolean isMust) throws IOException {
        lock.forLong(() -> {
            Optional<IOException> full = tryCheckpoint(transfer);
            if (isMust && full.isPresent()) {
                throw full.get();
            }
        });
    }

    /** Whether a chunk of {@code bytes} asks for a checkpoint of what came before it. Any thread. */
    static boolean isAskedFor(Transfer transfer, long bytes) {
        return bytes == 0 && (transfer.bytesDone() > transfer.durableBytes() || transfer.hasNews());
    }

    /** Whether {@link #keep} will have to wait for the disk when {@code bytes} more have been accepted. Any thread. */
    boolean isDue(Transfer transfer, long bytes) {
        return transfer.bytesDone() + bytes - transfer.durableBytes() >= rules.checkpointBytes();
    }

    /** Beside the flow, without the receiver's lock: forces the accepted bytes, then writes the checkpoint. */
    private void checkpoint(Transfer transfer, Checkpoint point) {
        try {
            force(transfer.file());
            write(transfer, point);
        } catch (IOException e) {
            // the flow goes on, but not for long: the checkpoint that it has to wait for meets the same
        } finally {
            transfer.checkpointEnded();
        }
    }

    /** The flow waits while all accepted bytes are forced. */
    void checkpointNow(Transfer transfer) throws IOException {
        tryCheckpoint(transfer); // where the disk is full, the checkpoint before this one still counts
    }

    /** Returns the failure where the disk is full for the record. */
    private Optional<IOException> tryCheckpoint(Transfer transfer) throws IOException {
        assert lock.isHeld();
        force(transfer.file()); // nor does it count on a full disk that this fails
        try {
            write(transfer, transfer.checkpoint());
            return Optional.empty();
        } catch (IOException e) {
            if (!DiskFull.is(e)) {
                throw e;
            }
            return Optional.of(e);
        }
    }

    /**
     * Has the checkpoint that is there, if it is one of {@code snapshot}, name the owner that this snapshot has now, and what is said of it
     * now: otherwise it would belong after a crash to whom it belonged before, and others might end it. A checkpoint that is being written
     * beside the flow is waited for; one that begins later names what its transfer has then.
     *
     * @param transfer empty if it is kept
     */
    void recordAgain(SnapshotIdentity snapshot, Notes notes, Optional<Transfer> transfer) throws IOException {
        assert lock.isHeld();
        lock.forLong(() -> {
            records.lock();
            try {
                Optional<Checkpoint> there = directory.records().checkpoint(database);
                Optional<Checkpoint> now = there.filter(recorded -> recorded.isOf(snapshot))
                        .map(recorded -> recorded.of(snapshot, notes));
                if (now.isPresent() && !now.equals(there)) {
                    record(now.get());
                    transfer.ifPresent(any -> any.recorded(notes));
                }
            } finally {
                records.unlock();
            }
        });
    }

    /**
     * Makes a kept transfer durable whose bytes are all known to be in {@code file}.
     *
     * @return false when the file is not that one, or not as it was: then nothing is done
     */
    boolean makeDurable(KeptTransfer kept, FileFacts file) throws IOException {
        assert lock.isHeld() && phase.now().kept().filter(now -> now == kept).isPresent();
        Checkpoint accepted = kept.accepted();
        Optional<PartialFile> partial = PartialFile.reopen(disk, directory.room(), SnapshotNames.partial(database),
                file,
                accepted.bytes());
        if (partial.isPresent()) {
            try (PartialFile open = partial.get()) {
                force(open);
                records.lock();
                try {
                    record(accepted);
                } finally {
                    records.unlock();
                }
            }
        }
        return partial.isPresent();
    }

    private void write(Transfer transfer, Checkpoint point) throws IOException {
        records.lock();
        try {
            boolean isNews = point.bytes() > transfer.durableBytes()
                    || point.bytes() == transfer.durableBytes() && transfer.hasNews();
            if (phase.now().isOf(transfer) && isNews) {
                transfer.forced(point);
                Notes said = transfer.notes(); // which may have changed since, as its owner may
                record(point.of(transfer.identity(), said));
                transfer.recorded(said);
                transfer.durable(point.bytes());
            }
        } finally {
            records.unlock();
        }
    }

    /** The records' lock is held: a checkpoint that was begun earlier does not come later. */
    private void record(Checkpoint point) throws IOException {
        assert records.isHeldByCurrentThread();
        directory.records().write(point);
    }
}
