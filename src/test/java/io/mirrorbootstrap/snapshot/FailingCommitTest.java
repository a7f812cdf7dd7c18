package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.LostAndFound.Look;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;

/** A disk that fails in the middle of a commit: it is finished or undone, and everybody hears the truth. */
class FailingCommitTest extends ReceiverOnSimulatedDisk {

    @Test
    void aFirstChunkDoesNotPassACommitThatIsNotFinished() throws Exception {
        receiver.open(one, identity);
        send(one, 0, whole.length);
        IncomingChunk arriving = TestSource.chunk(receiver, other, identity(whole, 44), 0);
        arriving.write(ByteBuffer.wrap(whole));
        receiver.open(one, identity(whole, 43));
        failWhenRenamed();
        IncomingChunk unfinished = TestSource.chunk(receiver, one, identity(whole, 43), 0);
        unfinished.write(ByteBuffer.wrap(whole));
        assertInstanceOf(ChunkOutcome.Refused.class, unfinished.finish(true, Optional.empty()));

        assertInstanceOf(ChunkOutcome.Refused.class, arriving.finish(true, Optional.empty()));

        assertEquals(43, RECORDS.manifest(disk.bytes("db.successor.json").orElseThrow()).orElseThrow().snapshot().lsn(),
                "what tells of the snapshot that is there stays");
    }

    @Test
    void betweenTheRenameAndTheManifestTheSuccessorRecordTells() throws Exception {
        receiver.open(one, identity);
        send(one, 0, whole.length);
        receiver.open(one, identity(whole, 43));
        failWhenRenamed();
        IncomingChunk next = TestSource.chunk(receiver, one, identity(whole, 43), 0);
        next.write(ByteBuffer.wrap(whole));
        next.finish(true, Optional.empty());
        assertEquals(43, directory.committed(DB).orElseThrow().lsn());
        assertEquals(43, directory.verify(DB).orElseThrow().lsn());
    }

    @Test
    void aDirectoryThatCannotBeForcedAtTheCommitIsForcedWhenTheSourceComesBack() throws Exception {
        failWhenRenamed();
        receiver.open(one, identity);
        Refusal refusal = assertInstanceOf(ChunkOutcome.Refused.class, send(one, 0, whole.length)).refusal();
        assertTrue(
                assertInstanceOf(Refusal.Transport.class, refusal).message()
                        .endsWith("it is finished later, come back"),
                "who sends a stream must not begin it again");
        assertInstanceOf(TransferEvent.Failed.class, events.get(events.size() - 1));
        assertEquals(Optional.of(DB), directory.unfinishedCommits().stream().findFirst());
        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(other, identity));
        int[] forces = {0};
        disk.observe((what, name) -> forces[0] += what.equals("force") ? 1 : 0);

        OpenOutcome outcome = receiver.open(other, identity);

        assertInstanceOf(OpenOutcome.AlreadyCommitted.class, outcome);
        assertTrue(forces[0] > 0, "committed means that it survives a power cut");
        assertInstanceOf(TransferEvent.Committed.class, events.get(events.size() - 1), "the board is told");
        assertTrue(directory.unfinishedCommits().isEmpty());
    }

    @Test
    void itIsToldThatAllOfItIsInPlaceMeanwhile() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 60);
        failWhenRenamed();
        send(one, 60, whole.length);
        TransferEvent.Failed failed = assertInstanceOf(TransferEvent.Failed.class, events.get(events.size() - 1));
        assertEquals(Remains.SNAPSHOT, failed.remains());
        assertEquals(whole.length, failed.bytesDone());
        assertArrayEquals(whole, disk.bytes("db.snapshot").orElseThrow());
    }

    @Test
    void aCommitThatFailsBeforeItsRenameIsNotToldToBeInPlace() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 40);
        disk.observe((what, name) -> {
            if (what.equals("create") && name.contains("successor")) {
                throw new IOException("Input/output error");
            }
        });
        send(one, 40, whole.length);
        TransferEvent.Failed failed = assertInstanceOf(TransferEvent.Failed.class, events.get(events.size() - 1));
        assertEquals(Remains.NOTHING, failed.remains());
        assertEquals(40, failed.bytesDone());
    }

    @Test
    void aDiskThatIsFullBehindTheRenameIsSaidToBeFull() throws Exception {
        boolean[] renamed = {false};
        disk.observe((what, name) -> {
            renamed[0] |= what.equals("rename") && name.equals("db.snapshot");
            if (renamed[0] && what.equals("write")) {
                throw new IOException("No space left on device");
            }
        });
        receiver.open(one, identity);
        assertInstanceOf(Refusal.InsufficientStorage.class,
                assertInstanceOf(ChunkOutcome.Refused.class, send(one, 0, whole.length)).refusal());
        assertInstanceOf(Refusal.InsufficientStorage.class,
                assertInstanceOf(OpenOutcome.Refused.class, receiver.open(other, identity)).refusal());
        disk.stopObserving();
        assertInstanceOf(OpenOutcome.AlreadyCommitted.class, receiver.open(other, identity));
    }

    @Test
    void aDiskWithoutRoomForTheRecordOfACommitMissesAByte() throws Exception {
        receiver.open(one, identity);
        IncomingChunk most = TestSource.chunk(receiver, one, identity, 0);
        most.write(ByteBuffer.wrap(whole));
        most.finish(false, Optional.empty());
        disk.usableBytes(0);
        disk.whileFull("create", () -> {
            Refusal.InsufficientStorage refusal = assertInstanceOf(Refusal.InsufficientStorage.class, assertInstanceOf(
                    ChunkOutcome.Refused.class, send(one, whole.length, whole.length)).refusal());
            assertEquals(1, refusal.needed());
            assertEquals(0, refusal.available());
        });
        assertInstanceOf(ChunkOutcome.Committed.class, send(one, whole.length, whole.length));
    }

    @Test
    void aCommitThatCouldNotBeFinishedHealsWithoutItsSource() throws Exception {
        disk.observe((what, name) -> {
            if (what.equals("rename") && name.equals("db.manifest.json")) {
                throw new IOException("Input/output error");
            }
        });
        receiver.open(one, identity);
        send(one, 0, whole.length);
        disk.stopObserving();
        receiver.heal();
        assertInstanceOf(TransferEvent.Committed.class, events.get(events.size() - 1));
        assertEquals(42, directory.committed(DB).orElseThrow().lsn());
    }

    @Test
    void whoeverAsksForItsEndFinishesACommitWhoseFileIsInPlace() throws Exception {
        replaceInVain();
        disk.stopObserving();

        assertEquals(new Removal.Done(), receiver.abort(Principal.ANYBODY));

        assertTrue(events.get(events.size() - 2) instanceof TransferEvent.Committed done
                && done.snapshot().lsn() == 43, events::toString);
        assertTrue(directory.unfinishedCommits().isEmpty());
        assertEquals(43, directory.committed(DB).orElseThrow().lsn());
    }

    @Test
    void nothingIsRemovedOfACommitThatCannotBeFinishedYet() throws Exception {
        replaceInVain();

        assertInstanceOf(Refusal.Transport.class,
                assertInstanceOf(Removal.Refused.class, receiver.abort(Principal.ANYBODY)).refusal());
        disk.observe((what, name) -> {
            if (what.equals("create")) {
                throw new IOException("No space left on device");
            }
        });
        assertInstanceOf(Refusal.InsufficientStorage.class,
                assertInstanceOf(Removal.Refused.class, receiver.abort(Principal.ANYBODY)).refusal());
        assertThrows(IOException.class, () -> receiver.removeSnapshot(Principal.ANYBODY));
        assertThrows(IOException.class, () -> receiver.lostAndFound().look(Optional::empty));

        assertArrayEquals(whole, disk.bytes("db.snapshot").orElseThrow());
        assertTrue(events.stream().noneMatch(TransferEvent.NoneToAbort.class::isInstance), events::toString);
        disk.stopObserving();
        assertEquals(new Removal.Done(), receiver.removeSnapshot(Principal.ANYBODY));
        assertTrue(events.get(events.size() - 1) instanceof TransferEvent.Removed removed
                && removed.snapshot().lsn() == 43, events::toString);
        assertTrue(disk.bytes("db.snapshot").isEmpty());
    }

    @Test
    void aLookAtTheFilesFinishesACommit() throws Exception {
        replaceInVain();
        disk.stopObserving();
        assertEquals(Look.COMPARED, receiver.lostAndFound().look(Optional::empty));
        assertTrue(events.stream().anyMatch(event -> event instanceof TransferEvent.Committed done
                && done.snapshot().lsn() == 43), events::toString);
        assertTrue(directory.unfinishedCommits().isEmpty());
    }

    /** The same bytes at a later position take the place of a snapshot, and the directory cannot be forced. */
    private void replaceInVain() {
        receiver.open(one, identity);
        send(one, 0, whole.length);
        receiver.open(one, identity(whole, 43));
        failWhenRenamed();
        IncomingChunk next = TestSource.chunk(receiver, one, identity(whole, 43), 0);
        next.write(ByteBuffer.wrap(whole));
        assertInstanceOf(ChunkOutcome.Refused.class, next.finish(true, Optional.empty()));
    }

    @Test
    void theRecordOfAnAttemptBeforeDoesNotGoInPlaceOfTheOneThatIsTrue() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 60);
        disk.observe((what, name) -> {
            if (what.equals("rename") && name.equals("db.snapshot")) {
                throw new IOException("No space left on device");
            } else if (what.equals("remove") && name.equals("db.successor.json")) {
                throw new IOException("Input/output error");
            }
        });
        assertInstanceOf(ChunkOutcome.Refused.class, send(one, 60, whole.length)); // and its record stays
        boolean[] renamed = {false};
        disk.observe((what, name) -> {
            boolean isToldOf = disk.bytes("db.successor.json").isPresent()
                    || disk.bytes("db.manifest.json").isPresent();
            assertTrue(isToldOf || !renamed[0], "a crash at this step would leave a snapshot that nobody can tell");
            renamed[0] |= what.equals("rename") && name.equals("db.snapshot");
        });

        assertInstanceOf(ChunkOutcome.Committed.class, send(one, 60, whole.length));
    }

    /** From the next commit's rename on the directory cannot be forced. */
    private void failWhenRenamed() {
        boolean[] renamed = {false};
        disk.observe((what, name) -> {
            renamed[0] |= what.equals("rename") && name.equals("db.snapshot");
            if (renamed[0] && what.equals("force")) {
                throw new IOException("Invalid argument");
            }
        });
    }
}
