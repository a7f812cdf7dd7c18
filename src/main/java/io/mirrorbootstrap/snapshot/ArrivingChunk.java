package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

import io.mirrorbootstrap.store.DiskFull;

/**
 * The common part of the two kinds of chunk that are not refused at once: a payload on its way to a file. A method that
 * takes a {@link Reception} is called with the lock held.
 */
abstract class ArrivingChunk implements IncomingChunk {

    /**
     * The most bytes checked and written at a time, with the receiver's lock held: as many as a processor's cache holds.
     */
    private static final int SLICE_BYTES = 256 * 1024;

    final SnapshotReceiver receiver;
    final Source source;
    final SnapshotIdentity identity;
    final long offset;
    private final CRC32C crc = new CRC32C();
    private long bytes;
    private long askAgainAt = DiskRoom.ASK_EVERY_BYTES; // before its first byte the room was asked for
    private Optional<Exception> failure = Optional.empty();

    ArrivingChunk(SnapshotReceiver receiver, Source source, SnapshotIdentity identity, long offset) {
        this.receiver = receiver;
        this.source = source;
        this.identity = identity;
        this.offset = offset;
    }

    /** A chunk begins to arrive. A chunk that is refused, too, is answered at its end only. */
    static IncomingChunk begin(SnapshotReceiver receiver, Reception reception, Source source,
            SnapshotIdentity identity, long offset) throws IOException {
        if (offset > 0) {
            Optional<Refusal> refusal = reception.admission().refuseNextChunk(reception.phase(), source, identity,
                    offset);
            return refusal.isPresent()
                    ? new RefusedChunk(receiver.events(), source.principal(), refusal.get())
                    : new NextChunk(receiver, source, identity, reception.phase().current().orElseThrow());
        }
        reception.finishCommit();
        Optional<Refusal> refusal = reception.admission().refuseFirstChunk(reception.phase(), source, identity);
        return refusal.isPresent()
                ? new RefusedChunk(receiver.events(), source.principal(), refusal.get())
                : new FirstChunk(receiver, source, identity,
                        reception.directory().newFiles().partial(identity.database()));
    }

    /** The answer to a source that has yet to hear that somebody has ended its transfer. */
    final Optional<Refusal> refuseEnded() {
        return source.endedByOthers().answerToChunk(identity.database(), offset);
    }

    /** Writes {@code slice}, which is consumed, to the payload's file, if that is still this source's. */
    abstract void put(ByteBuffer slice, long position) throws IOException;

    /** Rules 3 to 5 for the whole chunk; the transfer to append to when nothing speaks against it. */
    abstract Verdict judge(Reception reception, boolean done, Optional<Crc32c> chunkCrc32c) throws IOException;

    /** The transfer that the chunk belongs to; empty for a chunk that would begin one. */
    abstract Optional<Transfer> transfer();

    /** Undoes the chunk: nothing of it remains. Lock held, unless the chunk has a file of its own. */
    abstract void revert() throws IOException;

    /** The chunk's transfer, if it is under way and still this source's. Any thread. */
    final Optional<Transfer> mine() {
        Phase phase = receiver.phase();
        return transfer().filter(transfer -> phase.isOwnedBy(source) && phase.isOf(transfer));
    }

    @Override
    public final void write(ByteBuffer slice) {
        int end = slice.limit();
        while (slice.position() < end) {
            int start = slice.position();
            slice.limit(Math.min(end, start + SLICE_BYTES));
            requireRoom();
            writeOne(slice);
            bytes += slice.limit() - start;
            slice.position(slice.limit()).limit(end);
        }
    }

    /** All links together must not use up what is left to the mirror, however large their chunks are. */
    private void requireRoom() {
        if (failure.isPresent() || bytes < askAgainAt) {
            return;
        }
        askAgainAt = bytes + DiskRoom.ASK_EVERY_BYTES;
        try {
            receiver.directory().room().refuseIfFull(identity.totalBytes() - offset).ifPresent(refusal -> {
                throw new RefusedException(receiver.events().refused(source.principal(), refusal));
            });
        } catch (IOException e) {
            failure = Optional.of(e);
        }
    }

    private void writeOne(ByteBuffer slice) {
        if (failure.isPresent()) {
            return;
        }
        StepTimes times = receiver.directory().times();
        long begun = System.nanoTime();
        crc.update(slice.duplicate());
        long checked = System.nanoTime();
        times.took(StepTimes.Step.CRC, checked - begun);
        try {
            put(slice, offset + bytes);
            times.tookSince(StepTimes.Step.WRITE, checked);
        } catch (IOException | RuntimeException e) {
            failure = Optional.of(e);
        }
    }

    /** How much payload has come, in bytes. */
    final long arrivedBytes() {
        return bytes;
    }

    @Override
    public final ChunkOutcome finish(boolean done, Optional<Crc32c> chunkCrc32c, Optional<String> position) {
        return mine().isPresent()
                ? receiver.reception().whenFree(held -> finish(held, done, chunkCrc32c, position)) // no stranger keeps the owner out
                : receiver.reception().ifFree(held -> finish(held, done, chunkCrc32c, position))
                        .orElseGet(ChunkOutcome.Busy::new);
    }

    private ChunkOutcome finish(Reception reception, boolean done, Optional<Crc32c> chunkCrc32c,
            Optional<String> position) {
        if (failure.isPresent()) {
            return new ChunkOutcome.Refused(failed(reception, failure.get()));
        }
        try {
            Verdict verdict = judge(reception, done, chunkCrc32c);
            if (verdict instanceof Verdict.Accepted accepted) {
                return new Acceptance(reception, accepted.transfer(), identity, position).of(Crc32c.of(crc), bytes,
                        done);
            }
            revert();
            return new ChunkOutcome.Refused(((Verdict.Refused) verdict).refusal());
        } catch (IOException | RuntimeException e) {
            return new ChunkOutcome.Refused(failed(reception, e));
        }
    }

    /**
     * A full disk can be emptied: the transfer stays as it was. After any other failure it cannot be trusted, nor where it was a force
     * that found the disk full.
     */
    final Refusal failed(Reception reception, Exception failure) {
        boolean full = isReverted(failure) && DiskFull.is(failure);
        Optional<Transfer> transfer = mine();
        boolean ends = !full || transfer.map(Transfer::file)
                .filter(file -> file.isDoubtful() || file.isPublished()).isPresent(); // published: its commit is finished later
        boolean isFinishedLater = !full && transfer.filter(any -> any.file().isPublished()).isPresent()
                && reception.directory().commits().unfinished(identity.database()).isPresent();
        return transfer.isPresent() && ends
                ? reception.fail(transfer.get(),
                        isFinishedLater ? DiskRoom.unfinished(failure) : refusal(full, failure), Optional.of(failure))
                : reception.events().refused(source.principal(), refusal(full, failure), Optional.of(failure));
    }

    /** As {@link #failed}, without the lock: for a chunk that would begin a transfer. */
    final Refusal failedAlone(Exception failure) {
        boolean full = isReverted(failure) && DiskFull.is(failure);
        return receiver.events().refused(source.principal(), refusal(full, failure), Optional.of(failure));
    }

    private boolean isReverted(Exception failure) {
        try {
            revert();
            return true;
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
            return false;
        }
    }

    private Refusal refusal(boolean full, Exception failure) {
        return full
                ? receiver.directory().room().full(identity.isStream() ? bytes : identity.totalBytes() - offset,
                        Optional.of(failure))
                : DiskRoom.broken(failure);
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

    /** The answer of rules 3 to 5 to a whole chunk. */
    sealed interface Verdict {
        record Accepted(Transfer transfer) implements Verdict {
        }

        record Refused(Refusal refusal) implements Verdict {
        }
    }
}
