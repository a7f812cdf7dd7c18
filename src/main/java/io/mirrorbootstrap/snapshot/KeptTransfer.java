package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;

import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.FileFacts;

/**
 * A transfer that waits for its source, as a partial file that is not open. Bytes that this process received are known to
 * be right, as long as nobody touches the file and no disk fails; all others are read back first, a part at a time.
 *
 * @param accepted how much of the partial file counts, and its CRC-32C
 * @param durableBytes how many of these survive a power cut
 * @param known how much of these is known to be in the file; empty: not a byte
 * @param waiting for how long it has waited
 * @param isDoubted whether its file could not be read, or not be opened to write, at the last attempt
 * @param isMeant see {@link Transfer#isMeant}; no record says so: what an earlier process left was asked there
 */
record KeptTransfer(Checkpoint accepted, long durableBytes, Optional<KnownPart> known, Waiting waiting,
        boolean isDoubted, boolean isMeant) {

    /** Read in one go: short enough that a worker can look up now and then, even from a slow disk. */
    private static final long PART_BYTES = 16L * 1024 * 1024;

    KeptTransfer {
        assert 0 <= durableBytes && durableBytes <= accepted.bytes() : durableBytes + " of " + accepted.bytes();
        assert known.filter(part -> part.bytes() > accepted.bytes()).isEmpty() : known + " of " + accepted.bytes();
    }

    /** The outcome of reading a part back. */
    sealed interface Outcome {

        /**
         * The transfer as it is known now.
         *
         * @param isTouched whether the file was changed, or replaced, since it was looked at before: what was known of it is not
         */
        record Read(KeptTransfer transfer, boolean isTouched) implements Outcome {
        }

        /** Nothing can go on with this file. */
        record Useless(DropReason reason) implements Outcome {
        }
    }

    /** A transfer that an earlier process left: not a byte of it is believed. */
    static KeptTransfer left(Inventory.Resumable left) {
        return new KeptTransfer(left.checkpoint(), left.checkpoint().bytes(), Optional.empty(),
                Waiting.after(left.age()), false, true);
    }

    /**
     * A transfer that this process received.
     *
     * @param file its partial file, cut back to what is accepted; if it has another length, somebody has been at it
     */
    static KeptTransfer received(Transfer transfer, FileFacts file) {
        Checkpoint accepted = transfer.checkpoint();
        return new KeptTransfer(accepted, transfer.durableBytes(), Optional.of(file)
                .filter(there -> there.bytes() == accepted.bytes())
                .map(there -> new KnownPart(accepted.bytes(), accepted.crc32c(), there)), Waiting.now(), false,
                transfer.isMeant());
    }

    /** A transfer that this process received up to a failure of the disk: all behind its last force is given up, no byte is believed. */
    static KeptTransfer fallenBack(Transfer transfer) {
        return new KeptTransfer(transfer.forced(), transfer.durableBytes(), Optional.empty(), Waiting.now(), false,
                transfer.isMeant());
    }

    /** The same, all of it durable. */
    KeptTransfer durable() {
        return new KeptTransfer(accepted, accepted.bytes(), known, waiting, isDoubted, isMeant);
    }

    /** The same; not a byte of it is known if {@code file} is not the very file that was known, as it was. */
    KeptTransfer asFound(Optional<FileFacts> file) {
        return known.filter(part -> !part.isOf(file)).isPresent() ? unread() : this;
    }

    /** The same; not a byte of it is known. */
    KeptTransfer unread() {
        return new KeptTransfer(accepted, durableBytes, Optional.empty(), waiting, isDoubted, isMeant);
    }

    /** The same, whose file could not be read, or not be opened to write, just now. */
    KeptTransfer doubted() {
        return new KeptTransfer(accepted, durableBytes, known, waiting, true, isMeant);
    }

    /** The same, going on as it is announced {@code again}. */
    KeptTransfer as(Announcement again) {
        return new KeptTransfer(
                accepted.of(identity().ownedBy(again.identity().owner()), accepted.notes().followedBy(again.notes())),
                durableBytes, known, waiting, isDoubted, again.isMeant());
    }

    SnapshotIdentity identity() {
        return accepted.identity();
    }

    /** How many bytes are known to be in the file. */
    long readBytes() {
        return known.map(KnownPart::bytes).orElse(0L);
    }

    private Crc32c readCrc32c() {
        return known.map(KnownPart::crc32c).orElse(Crc32c.EMPTY);
    }

    /** The file, if all that counts is known to be in it. */
    Optional<FileFacts> verified() {
        return known.filter(part -> part.bytes() == accepted.bytes() && part.crc32c().equals(accepted.crc32c()))
                .map(KnownPart::file);
    }

    /** Whether {@code file} is long enough to have all that counts. */
    boolean mayBeIn(Optional<FileFacts> file) {
        return file.filter(there -> there.bytes() >= accepted.bytes()).isPresent();
    }

    /**
     * Reads the next part back, half of it by {@code helper} if that has a thread to spare. The file is looked at before and
     * after: if it is not the one of the parts before, or not as it was, none of these is known any more. Takes as long as the
     * disk takes: no lock should be held.
     *
     * @throws IOException when that cannot be told now
     */
    Outcome readFurther(Disk disk, Executor helper) throws IOException {
        String partial = SnapshotNames.partial(identity().database());
        Optional<FileFacts> before = disk.facts(partial);
        if (!mayBeIn(before)) {
            return new Outcome.Useless(DropReason.MISSING);
        }
        KeptTransfer begun = asFound(before);
        Optional<KnownPart> part = begun.nextPart(disk, partial, before.get(), helper);
        if (!disk.facts(partial).equals(before)) {
            return new Outcome.Read(unread(), true);
        }
        KeptTransfer further = new KeptTransfer(accepted, durableBytes, part, Waiting.now(), false, isMeant);
        boolean isDifferent = further.readBytes() == accepted.bytes() && further.verified().isEmpty();
        return part.isEmpty() || isDifferent
                ? new Outcome.Useless(DropReason.DAMAGED)
                : new Outcome.Read(further, begun != this);
    }

    /** @return all that is known then; empty when the file ends before */
    private Optional<KnownPart> nextPart(Disk disk, String partial, FileFacts file, Executor helper)
            throws IOException {
        long from = readBytes();
        long end = Math.min(accepted.bytes(), from + PART_BYTES);
        long middle = from + (end - from) / 2;
        FutureTask<ReadBack> other = new FutureTask<>(() -> ReadBack.of(disk, partial, middle, end));
        if (end == from + PART_BYTES) { // for less it is not worth waking another
            lend(helper, other);
        }
        ReadBack first = ReadBack.of(disk, partial, from, middle);
        other.run(); // if nobody has begun it
        ReadBack second = result(other);
        Crc32c crc32c = readCrc32c().followedBy(first.crc32c(), first.bytes()).followedBy(second.crc32c(),
                second.bytes());
        return Optional.of(new KnownPart(end, crc32c, file))
                .filter(part -> first.bytes() + second.bytes() == end - from);
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
