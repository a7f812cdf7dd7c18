package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.FileFacts;

/**
 * A transfer that waits for its source, as a partial file that is not open. Bytes that this process received are known to
 * be right; bytes that an earlier process left are read back first, a part at a time.
 *
 * @param accepted how much of the partial file counts, and its CRC-32C
 * @param durableBytes how many of these survive a power cut
 * @param readBytes how many of these are known to be in the file
 * @param readCrc32c of these
 * @param mark the mark of the file when this process closed it: a file with another mark has been changed, and is read back
 */
record KeptTransfer(Checkpoint accepted, long durableBytes, long readBytes, Crc32c readCrc32c, Optional<String> mark) {

    /** Read in one go: short enough that a worker can look up now and then, even from a slow disk. */
    private static final long PART_BYTES = 16L * 1024 * 1024;

    KeptTransfer {
        assert 0 <= durableBytes && durableBytes <= accepted.bytes() : durableBytes + " of " + accepted.bytes();
        assert 0 <= readBytes && readBytes <= accepted.bytes() : readBytes + " of " + accepted.bytes();
    }

    /** A transfer that an earlier process left: not a byte of it is believed. */
    static KeptTransfer left(Checkpoint checkpoint) {
        return new KeptTransfer(checkpoint, checkpoint.bytes(), 0, Crc32c.EMPTY, Optional.empty());
    }

    /** A transfer that this process received. */
    static KeptTransfer received(Transfer transfer, Optional<String> mark) {
        Checkpoint accepted = transfer.checkpoint();
        return new KeptTransfer(accepted, transfer.durableBytes(), accepted.bytes(), accepted.crc32c(), mark);
    }

    /** The same, all of it durable. */
    KeptTransfer durable() {
        return new KeptTransfer(accepted, accepted.bytes(), readBytes, readCrc32c, mark);
    }

    /** The same; not a byte of it is believed if the file has been changed. */
    KeptTransfer asFound(Optional<FileFacts> file) {
        boolean isTouched = mark.isPresent() && file.filter(
                there -> there.bytes() >= accepted.bytes() && !there.mark().equals(mark.get())).isPresent();
        return isTouched ? new KeptTransfer(accepted, durableBytes, 0, Crc32c.EMPTY, Optional.empty()) : this;
    }

    /** The same, going on on behalf of {@code owner}. */
    KeptTransfer ownedBy(Optional<String> owner) {
        return new KeptTransfer(
                new Checkpoint(identity().ownedBy(owner), accepted.bytes(), accepted.crc32c()), durableBytes,
                readBytes, readCrc32c, mark);
    }

    SnapshotIdentity identity() {
        return accepted.identity();
    }

    /** Whether all that counts is known to be in the file. */
    boolean isVerified() {
        return readBytes == accepted.bytes() && readCrc32c.equals(accepted.crc32c());
    }

    /**
     * Reads the next part back, half of it by {@code helper} if that has a thread to spare. Takes as long as the disk
     * takes: no lock should be held.
     *
     * @return the transfer with this part read; empty when the file is missing, short, or has other bytes than were
     *             accepted
     * @throws IOException when that cannot be told now
     */
    Optional<KeptTransfer> readFurther(Disk disk, Executor helper) throws IOException {
        String partial = SnapshotNames.partial(identity().database());
        if (disk.facts(partial).filter(there -> there.bytes() >= accepted.bytes()).isEmpty()) {
            return Optional.empty(); // missing, or short
        }
        long end = Math.min(accepted.bytes(), readBytes + PART_BYTES);
        long middle = readBytes + (end - readBytes) / 2;
        FutureTask<ReadBack> other = new FutureTask<>(() -> ReadBack.of(disk, partial, middle, end));
        if (end == readBytes + PART_BYTES) { // for less it is not worth waking another
            lend(helper, other);
        }
        ReadBack first = ReadBack.of(disk, partial, readBytes, middle);
        other.run(); // if nobody has begun it
        ReadBack second = result(other);
        KeptTransfer further = new KeptTransfer(accepted, durableBytes, end,
                readCrc32c.followedBy(first.crc32c(), first.bytes()).followedBy(second.crc32c(), second.bytes()),
                mark);
        boolean tooShort = first.bytes() + second.bytes() < end - readBytes;
        boolean different = end == accepted.bytes() && !further.isVerified();
        return tooShort || different ? Optional.empty() : Optional.of(further);
    }

    private static void lend(Executor helper, Runnable task) {
        try {
            helper.execute(task);
        } catch (RejectedExecutionException e) {
            // the process is ending: the caller runs it
        }
    }

    /** Waits for no longer than a helper takes that has begun already. */
    private static ReadBack result(FutureTask<ReadBack> task) throws IOException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClosedByInterruptException();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
    }
}
