package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** A chunk that continues a transfer. */
final class NextChunk extends ArrivingChunk {

    private final Transfer transfer;

    NextChunk(SnapshotReceiver receiver, Source source, SnapshotIdentity identity, Transfer transfer) {
        super(receiver, source, identity, transfer.bytesDone());
        this.transfer = transfer;
    }

    @Override
    void put(ByteBuffer slice, long position) throws IOException {
        if (mine().isEmpty()) {
            return; // who does not own it waits for nobody
        }
        receiver.lock().lock();
        try {
            if (mine().isPresent()) { // else it is no longer this source's, and its file neither
                transfer.file().write(slice, position);
            }
        } finally {
            receiver.lock().unlock();
        }
    }

    @Override
    public boolean mayTakeLong(boolean done) {
        return done || receiver.hasToWaitForDisk(transfer, arrivedBytes());
    }

    @Override
    public void cancel() {
        if (mine().isEmpty()) {
            return;
        }
        receiver.lock().lock();
        try {
            revert();
        } catch (IOException | RuntimeException e) {
            failed(e);
        } finally {
            receiver.lock().unlock();
        }
    }

    @Override
    Optional<Transfer> mine() {
        return receiver.isOf(source, transfer) ? Optional.of(transfer) : Optional.empty();
    }

    @Override
    Verdict judge(boolean done, Optional<Crc32c> chunkCrc32c) {
        if (mine().isEmpty()) {
            // taken over (then the source has been told so) or aborted while the payload was arriving
            return new Verdict.Refused(receiver.refused(new Refusal.OffsetRegression(0, offset)));
        }
        Optional<Refusal> refusal = transfer.identity().mismatch(identity, done).<Refusal>map(m -> m)
                .or(() -> refuseCrc(chunkCrc32c));
        if (refusal.isPresent()) {
            return new Verdict.Refused(receiver.refused(refusal.get()));
        }
        Optional<Refusal> size = refuseSize(done);
        return size.isPresent()
                ? new Verdict.Refused(receiver.fail(transfer, size.get(), Optional.empty()))
                : new Verdict.Accepted(transfer);
    }

    @Override
    void revert() throws IOException {
        if (mine().isPresent()) {
            transfer.cutBack();
        }
    }
}
