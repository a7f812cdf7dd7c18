package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** A chunk that continues a transfer. It is written behind the accepted bytes, and cut away again unless it is accepted. */
final class NextChunk extends ArrivingChunk {

    private final Transfer transfer;

    NextChunk(SnapshotReceiver receiver, Source source, SnapshotIdentity identity, Transfer transfer) {
        super(receiver, source, identity, transfer.bytesDone());
        this.transfer = transfer;
    }

    @Override
    void put(ByteBuffer slice, long position) throws IOException {
        if (mine().isEmpty()) {
            return; // a source that is not the owner waits for nobody
        }
        receiver.reception().doWhenFree(held -> {
            if (mine().isPresent()) { // else the file is not this source's any more either
                transfer.file().write(slice, position);
            }
        });
    }

    @Override
    public boolean mayTakeLong(boolean done) {
        return done || receiver.hasToWaitForDisk(transfer, arrivedBytes());
    }

    @Override
    public void cancel() {
        if (mine().isPresent()) {
            receiver.reception().doWhenFree(this::cancel);
        }
    }

    private void cancel(Reception reception) {
        try {
            revert();
        } catch (IOException | RuntimeException e) {
            failed(reception, e);
        }
    }

    @Override
    Optional<Transfer> transfer() {
        return Optional.of(transfer);
    }

    @Override
    Verdict judge(Reception reception, boolean done, Optional<Crc32c> chunkCrc32c) {
        if (mine().isEmpty()) {
            // taken over (then the source has been told so) or aborted while the payload was arriving
            Refusal refusal = refuseEnded().orElseGet(() -> new Refusal.OffsetRegression(0, offset));
            return new Verdict.Refused(reception.events().refused(source.principal(), refusal));
        }
        assert offset == transfer.bytesDone() : "one owner, one chunk at a time";
        Optional<Refusal> refusal = transfer.identity().mismatch(identity, done).<Refusal>map(mismatch -> mismatch)
                .or(() -> refuseCrc(chunkCrc32c));
        if (refusal.isPresent()) {
            return new Verdict.Refused(reception.events().refused(source.principal(), refusal.get()));
        }
        Optional<Refusal> size = refuseSize(done);
        return size.isPresent()
                ? new Verdict.Refused(reception.fail(transfer, size.get(), Optional.empty()))
                : new Verdict.Accepted(transfer);
    }

    @Override
    void revert() throws IOException {
        if (mine().isPresent()) {
            transfer.cutBack();
        }
    }
}
