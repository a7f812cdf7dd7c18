package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A chunk at offset 0. It is written to a file of its own, and replaces any transfer once nothing speaks against it, not
 * before.
 */
final class FirstChunk extends ArrivingChunk {

    private final PartialFile file;
    private Optional<Transfer> begun = Optional.empty();

    FirstChunk(SnapshotReceiver receiver, Source source, SnapshotIdentity identity, PartialFile file) {
        super(receiver, source, identity, 0);
        this.file = file;
    }

    /** Without the lock: nobody else knows the file. */
    @Override
    void put(ByteBuffer slice, long position) throws IOException {
        file.write(slice, position);
    }

    @Override
    public boolean mayTakeLong(boolean done) {
        return done;
    }

    @Override
    public void cancel() {
        assert begun.isEmpty() : "finish was called, and its answer was not Busy";
        try {
            file.discard();
        } catch (IOException e) {
            failedAlone(e);
        }
    }

    @Override
    Optional<Transfer> transfer() {
        return begun;
    }

    @Override
    Verdict judge(Reception reception, boolean done, Optional<Crc32c> chunkCrc32c) throws IOException {
        reception.finishCommit(); // of another source, whose disk has failed since this chunk began
        Optional<Refusal> ended = refuseEnded();
        Optional<Refusal> refusal = ended.isPresent()
                ? ended
                : reception.admission().refuseForOthers(reception.phase(), source.principal(), identity)
                        .or(() -> refuseCrc(chunkCrc32c)).or(() -> refuseSize(done));
        refusal = refusal.isPresent()
                ? refusal
                : reception.admission().enterWithFirstChunk(reception.phase(), source, identity);
        if (refusal.isPresent()) {
            return new Verdict.Refused(reception.events().refused(source.principal(), refusal.get()));
        }
        Announcement said = reception.phase().announcement().filter(any -> reception.phase().isOwnedBy(source))
                .filter(announced -> announced.identity().mismatch(identity, done).isEmpty())
                .orElse(new Announcement(identity, true, Notes.NONE)); // nobody is asked who has not announced it
        Transfer transfer = new Transfer(said, file);
        begun = Optional.of(transfer);
        reception.begin(source, transfer);
        file.moveTo(SnapshotNames.partial(identity.database()));
        return new Verdict.Accepted(transfer);
    }

    @Override
    void revert() throws IOException {
        Optional<Transfer> transfer = mine();
        if (transfer.isPresent()) {
            transfer.get().cutBack();
        } else {
            file.discard();
        }
    }
}
