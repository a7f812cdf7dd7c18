package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** A chunk at offset 0: it replaces whatever is under way once nothing speaks against it, and not before. */
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
        try {
            file.discard(); // nothing has begun: finish has not been called, or was told to come again
        } catch (IOException e) {
            failed(e);
        }
    }

    @Override
    Optional<Transfer> mine() {
        return begun;
    }

    @Override
    Verdict judge(boolean done, Optional<Crc32c> chunkCrc32c) throws IOException {
        receiver.finishCommit(); // another's, whose disk has failed since this one began
        Optional<Refusal> refusal = refuseCrc(chunkCrc32c).or(() -> refuseSize(done))
                .or(() -> receiver.refuseGone(source));
        refusal = refusal.isPresent() ? refusal : receiver.refuseOthers(source, identity); // it may be another's by now
        refusal = refusal.or(() -> receiver.enter(source));
        if (refusal.isPresent()) {
            return new Verdict.Refused(receiver.refused(refusal.get()));
        }
        Transfer transfer = receiver.begin(source, identity, file);
        begun = Optional.of(transfer);
        file.moveTo(SnapshotNames.partial(identity.database()));
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
