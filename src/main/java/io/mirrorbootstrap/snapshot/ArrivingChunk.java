package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

import io.mirrorbootstrap.store.DiskFull;

/**
 * What the two kinds of chunk that are not refused at once have in common: a payload on its way to a file. Methods without a
 * visibility are called with the receiver's lock held, but for {@code put} and {@code arrivedBytes}.
 */
abstract class ArrivingChunk implements IncomingChunk {

    /** The most bytes checked and written at a time, with the receiver's lock held: what a processor's cache holds. */
    private static final int SLICE_BYTES = 256 * 1024;

    final SnapshotReceiver receiver;
    final Source source;
    final SnapshotIdentity identity;
    final long offset;
    private final CRC32C crc = new CRC32C();
    private long bytes;
    private Optional<Exception> failure = Optional.empty();

    ArrivingChunk(SnapshotReceiver receiver, Source source, SnapshotIdentity identity, long offset) {
        this.receiver = receiver;
        this.source = source;
        this.identity = identity;
        this.offset = offset;
    }

    /** Writes {@code slice}, which is consumed, to where the payload goes, if that is still this source's. No lock held. */
    abstract void put(ByteBuffer slice, long position) throws IOException;

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
        if (failure.isPresent()) {
            return;
        }
        crc.update(slice.duplicate());
        try {
            put(slice, offset + bytes);
        } catch (IOException | RuntimeException e) {
            failure = Optional.of(e);
        }
    }

    /** How much payload has come, in bytes. */
    final long arrivedBytes() {
        return bytes;
    }

    @Override
    public final ChunkOutcome finish(boolean done, Optional<Crc32c> chunkCrc32c) {
        if (mine().isPresent()) {
            receiver.lock().lock(); // who owns it is not kept out by those who ask for it
        } else if (!receiver.tryLock()) {
            return new ChunkOutcome.Busy();
        }
        try {
            if (failure.isPresent()) {
                return new ChunkOutcome.Refused(failed(failure.get()));
            }
            Verdict verdict = judge(done, chunkCrc32c);
            if (verdict instanceof Verdict.Accepted accepted) {
                return receiver.append(accepted.transfer(), identity, Crc32c.of(crc), bytes, done);
            }
            revert();
            return new ChunkOutcome.Refused(((Verdict.Refused) verdict).refusal());
        } catch (IOException | RuntimeException e) {
            return new ChunkOutcome.Refused(failed(e));
        } finally {
            receiver.lock().unlock();
        }
    }

    /** A full disk can be emptied: the transfer stays as it was. After any other failure it cannot be trusted. */
    final Refusal failed(Exception failure) {
        boolean reverted = true;
        try {
            revert();
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
            reverted = false;
        }
        Optional<Transfer> transfer = mine();
        boolean published = transfer.filter(t -> t.file().isPublished()).isPresent();
        boolean full = reverted && DiskFull.is(failure);
        Refusal refusal = full
                ? receiver.directory().room().full(
                        Math.max(0, identity.isStream() ? bytes : identity.totalBytes() - offset),
                        Optional.of(failure))
                : DiskRoom.broken(failure);
        return transfer.isPresent() && (published || !full)
                ? receiver.fail(transfer.get(), refusal, Optional.of(failure)) // published: its commit is finished later
                : receiver.refused(refusal, Optional.of(failure));
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

    /** What rules 3 to 5 say to a whole chunk. */
    sealed interface Verdict {
        record Accepted(Transfer transfer) implements Verdict {
        }

        record Refused(Refusal refusal) implements Verdict {
        }
    }
}
