package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.Phase.Idle;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;

/**
 * Rules 6 and 7: a whole chunk with nothing against it is accepted; with the last one, the snapshot is verified and
 * committed.
 *
 * @param identity of the chunk: the last one has the CRC-32C of a stream
 * @param position that it says
 */
record Acceptance(Reception reception, Transfer transfer, SnapshotIdentity identity, Optional<String> position) {

    /**
     * @param payload the CRC-32C of its {@code bytes} bytes of payload, which are in the file
     * @param done whether it is the last one
     */
    ChunkOutcome of(Crc32c payload, long bytes, boolean done) throws IOException {
        return done ? last(payload, bytes) : further(payload, bytes);
    }

    private ChunkOutcome further(Crc32c payload, long bytes) throws IOException {
        if (reception.phase().isOpened()) {
            reception.durability().makeRoom(transfer, bytes);
        }
        transfer.accept(bytes, payload);
        transfer.saysPosition(position);
        if (reception.phase().isOpened()) {
            reception.durability().keep(transfer, bytes);
        }
        report(transfer.bytesDone());
        return new ChunkOutcome.Pending(transfer.bytesDone(), transfer.durableBytes());
    }

    private ChunkOutcome last(Crc32c payload, long bytes) throws IOException {
        long end = transfer.bytesDone() + bytes;
        report(end); // though the last chunk is accepted only with the snapshot
        Crc32c computed = transfer.crc().followedBy(payload, bytes);
        if (!identity.totalCrc32c().equals(computed)) {
            return new ChunkOutcome.Refused(reception.fail(transfer,
                    new Refusal.SnapshotCrcMismatch(identity.totalCrc32c(), computed), Optional.empty()));
        }
        CommittedSnapshot snapshot = new CommittedSnapshot(identity.sourceClusterId(), identity.database(),
                identity.lsn(), end, computed, Instant.now(), transfer.identity().streamId(),
                transfer.notes().at(position),
                identity.owner());
        reception.lock().forLong(() -> makeDurable(end));
        Source source = reception.phase().owner().orElseThrow();
        Optional<Refusal> forbidden = refuse(source); // as when the transfer began: somebody may have brought a snapshot back since
        if (forbidden.isPresent()) {
            reception.drop(DropReason.FORBIDDEN);
            return new ChunkOutcome.Refused(reception.events().refused(source.principal(), forbidden.get()));
        }
        reception.lock().forLong(() -> commit(snapshot));
        reception.become(Idle.IDLE);
        reception.durability().forget();
        Path path = reception.directory().snapshot(identity.database());
        reception.events().tell(new TransferEvent.Committed(snapshot, path, transfer.age()));
        return new ChunkOutcome.Committed(snapshot, path);
    }

    private Optional<Refusal> refuse(Source source) throws IOException {
        Optional<Refusal> others = reception.admission().refuseForOthers(reception.phase(), source.principal(),
                identity);
        return others.isPresent() || transfer.isMeant()
                ? others
                : reception.admission().refuseStale(source, transfer.identity()); // as it was opened: its LSN may be told just now
    }

    private void commit(CommittedSnapshot snapshot) throws IOException {
        long begun = System.nanoTime();
        reception.directory().commits().commit(transfer.file(), snapshot);
        reception.directory().times().tookSince(StepTimes.Step.COMMIT, begun);
    }

    private void makeDurable(long end) throws IOException {
        transfer.file().truncate(end);
        reception.durability().force(transfer.file());
    }

    private void report(long end) {
        if (transfer.reportIsDue(end)) {
            reception.events()
                    .tell(new TransferEvent.Progressed(transfer.identity(), end, transfer.durableBytes()));
        }
    }
}
