package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk that fails at a removal: either nothing has changed, or the snapshot is gone and its records follow. */
class FailingRemovalTest extends ReceiverOnSimulatedDisk {

    private final TestSource a = new TestSource(TestSource.token("a"));
    private final TestSource b = new TestSource(TestSource.token("b"));

    @ParameterizedTest
    @ValueSource(strings = {"force", "remove"})
    void whereTheSnapshotCannotBeRemovedTheTransferGoesOn(String failing) throws Exception {
        send(a, 0, whole.length);
        receiver.open(a, TestSource.meant(identity(whole, 43)));
        IncomingChunk first = TestSource.chunk(receiver, a, identity(whole, 43), 0);
        first.write(ByteBuffer.wrap(whole, 0, 10));
        assertInstanceOf(ChunkOutcome.Pending.class, first.finish(false, Optional.empty()));
        disk.observe((what, name) -> failIf(what.equals(failing)));

        assertThrows(IOException.class, () -> receiver.removeAll(a.principal()));
        disk.stopObserving();
        assertTrue(directory.verify(DB).isPresent());
        assertEquals(10, receiver.progress().orElseThrow().bytesDone());

        assertEquals(new Removal.Done(), receiver.removeAll(a.principal()));
        assertEquals(List.of(), disk.names());
        assertTrue(receiver.isIdle());
    }

    @Test
    void whoseTransferItIsDecidesBeforeTheSnapshotGoes() throws Exception {
        send(a, 0, whole.length);
        receiver.open(a, TestSource.meant(identity(whole, 43)));
        assertInstanceOf(Removal.Refused.class, receiver.removeAll(b.principal()));
        assertTrue(directory.verify(DB).isPresent());
    }

    /** Else the name would be that of an owner who has nothing there any more. */
    @Test
    void recordsOfWhatIsGoneGoAsSoonAsTheDiskLetsThem() throws Exception {
        removeInVain();
        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(b, identity));
        assertEquals(Set.of(DB), directory.unfinishedCommits(), "housekeeping finishes it, too");

        disk.stopObserving();
        TestSource.assertOpened(0, receiver.open(b, identity));
        assertTrue(disk.bytes("db.manifest.json").isEmpty());
        assertEquals(Set.of(), directory.unfinishedCommits());
        assertInstanceOf(ChunkOutcome.Committed.class, send(b, 0, whole.length));
        receiver.heal();
        assertTrue(directory.verify(DB).isPresent());
    }

    @Test
    void whatSomebodyHasBroughtBackKeepsItsRecord() throws Exception {
        removeInVain();
        disk.put("db.snapshot", whole);
        disk.stopObserving();
        receiver.heal();
        assertEquals(Set.of(), directory.unfinishedCommits());
        assertTrue(disk.bytes("db.manifest.json").isPresent());
    }

    private void removeInVain() {
        send(a, 0, whole.length);
        disk.observe((what, name) -> failIf(what.equals("force") && disk.bytes("db.snapshot").isEmpty()));
        assertThrows(IOException.class, () -> receiver.removeAll(a.principal()));
        assertInstanceOf(TransferEvent.Removed.class, events.get(events.size() - 1));
        assertTrue(disk.bytes("db.manifest.json").isPresent());
    }

    private static void failIf(boolean isFailing) throws IOException {
        if (isFailing) {
            throw new IOException("Input/output error");
        }
    }
}
