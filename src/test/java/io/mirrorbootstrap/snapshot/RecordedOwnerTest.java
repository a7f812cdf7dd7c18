package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** The records on the disk say at any time whose a transfer is and what is true of it now: a crash changes neither. */
class RecordedOwnerTest extends ReceiverOnSimulatedDisk {

    private final TestSource named = new TestSource(TestSource.token("n"));
    private final Principal stranger = TestSource.token("m");
    /** What is done beside the flow waits here until a test runs it. */
    private final Queue<Runnable> beside = new ArrayDeque<>();

    @BeforeEach
    void holdBackWhatIsDoneBesideTheFlow() {
        receiver = new SnapshotReceiver(DB, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(2), CHECKPOINT_BYTES, beside::add), events::add,
                Optional.empty());
        receiver.open(one, identity);
        send(one, 0, 60); // more than half: a checkpoint is due, and waits
        assertEquals(1, beside.size());
    }

    @Test
    void aCheckpointThatWasDueBeforeATakeoverNamesTheNewOwner() throws Exception {
        TestSource.assertOpened(60, receiver.open(named, identity));
        beside.remove().run();

        assertIsOf("n", 60);
    }

    @Test
    void aCheckpointThatIsBeingWrittenDuringATakeoverDoesNotPassIt() throws Exception {
        runDuringTheNextCheckpoint(new Thread(() -> receiver.open(named, identity)));

        assertIsOf("n", 60);
    }

    @Test
    void whoGoesOnWithWhatWasKeptIsNamedAtOnce() throws Exception {
        receiver.disconnected(one, KeptReason.LINK_LOST);
        TestSource.assertOpened(60, receiver.open(named, identity));

        assertIsOf("n", 60);
    }

    @Test
    void soIsWhoWaitsUntilWhatAnEarlierProcessLeftIsReadBack() throws Exception {
        receiver.disconnected(one, KeptReason.LINK_LOST);
        afterACrash();
        assertInstanceOf(OpenOutcome.Verifying.class, receiver.open(named, identity));

        assertIsOf("n", 60);
    }

    @Test
    void whereTokensAreNotToldApartAnyMoreTheOwnerIsNobodyAfterACrashToo() throws Exception {
        receiver.open(named, identity);
        receiver.disconnected(named, KeptReason.LINK_LOST);
        receiver.open(other, identity);
        afterACrash();

        assertEquals(new Removal.Done(), receiver.abort(stranger));
    }

    @Test
    void aTransferIsRemovedThoughItsCheckpointCannotBe() throws Exception {
        beside.remove().run();
        disk.observe((what, name) -> {
            if (what.equals("remove") && name.equals("db.checkpoint.json")) {
                throw new IOException("Input/output error");
            }
        });
        receiver.abort(Principal.ANYBODY);

        assertTrue(disk.bytes("db.partial").isEmpty());
    }

    /** Has {@code other} come as far as it can while a checkpoint is written, which has the name of the owner of before. */
    private void runDuringTheNextCheckpoint(Thread other) throws Exception {
        disk.observe((what, name) -> {
            if (what.equals("rename") && name.equals("db.checkpoint.json") && Thread.currentThread() != other
                    && other.getState() == Thread.State.NEW) {
                other.start();
                while (other.getState() != Thread.State.WAITING && other.getState() != Thread.State.TERMINATED) {
                    Thread.onSpinWait();
                }
            }
        });
        beside.remove().run();
        other.join();
        disk.stopObserving();
    }

    private void afterACrash() throws IOException {
        receiver = receiver(directory.prepare().resumable().stream().findFirst());
    }

    /** @param owner null for none */
    private void assertIsOf(String owner, long bytes) throws IOException {
        Checkpoint recorded = directory.records().checkpoint(DB).orElseThrow();
        assertEquals(Optional.ofNullable(owner), recorded.identity().owner());
        assertEquals(bytes, recorded.bytes());
        afterACrash();
        assertEquals(owner == null ? new Removal.Done() : new Removal.Refused(new Refusal.NotOwner(owner)),
                receiver.abort(stranger));
        assertEquals(owner == null, disk.bytes("db.partial").isEmpty());
    }
}
