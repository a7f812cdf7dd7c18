package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.SimulatedDisk.Order;

/** A disk that fails once while a snapshot is sent: what was called durable is there for whoever goes on, as after a kill. */
class FailingDiskTest extends ReceiverOnSimulatedDisk {

    private static final String BROKEN = "Input/output error";

    /** Checkpoints beside the flow wait here until a test runs them. */
    private final Queue<Runnable> beside = new ArrayDeque<>();

    @BeforeEach
    void letCheckpointsWait() {
        receiver = new SnapshotReceiver(DB, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(2), CHECKPOINT_BYTES, beside::add), events::add,
                Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({"forceFile,.partial,Input/output error,200,transport",
            "forceFile,.partial,No space left on device,200,insufficient_storage",
            "forceFile,.partial,Disk quota exceeded,200,insufficient_storage",
            "write,.partial,Input/output error,200,transport",
            "create,checkpoint,Input/output error,300,transport",
            "rename,checkpoint,Input/output error,300,transport",
            "force,'',Input/output error,300,transport"})
    void whatWasForcedBeforeIsKept(String step, String name, String words, int kept, String told) throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        fail(step, words, name);

        Refusal refusal = refused(send(one, 200, 300));

        assertEquals(told.equals("transport") ? Refusal.Transport.class : Refusal.InsufficientStorage.class,
                refusal.getClass());
        assertTrue(!words.contains("quota") || refusal.message().contains("quota"), refusal::message);
        assertKept(kept, 200, refusal);
        assertEquals(new Refusal.OffsetRegression(0, 250), refused(send(one, 250, 300)));
        goOnAndCommit(kept);
    }

    @Test
    void whatLiesBehindTheLastForceIsNotBelievedThoughItCanBeRead() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        send(one, 200, 240);
        fail("forceFile", BROKEN, ".partial");
        refused(send(one, 240, 300));
        assertTrue(disk.bytes("db.partial").orElseThrow().length > 200);
        goOnAndCommit(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"forceFile", "truncate", "facts"})
    void aLinkThatEndsAtThatMomentLosesNoMore(String step) throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        send(one, 200, 240);
        fail(step, BROKEN, ".partial");
        receiver.disconnected(one, KeptReason.LINK_LOST);
        assertKept(200, 200, DiskRoom.broken());
        goOnAndCommit(200);
    }

    @Test
    void norDoesTheEndOfTheProcess() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        send(one, 200, 240);
        fail("forceFile", "No space left on device", ".partial");
        receiver.disconnected(one, KeptReason.PROCESS_ENDING);
        Refusal.InsufficientStorage told = assertInstanceOf(Refusal.InsufficientStorage.class,
                assertInstanceOf(TransferEvent.Refused.class, events.get(events.size() - 2)).refusal());
        assertKept(200, 200, told);
        receiver = receiver(directory.prepare().resumable().stream().findFirst());
        goOnAndCommit(200);
    }

    @Test
    void norDoesACommit() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        fail("forceFile", BROKEN, ".partial");
        assertKept(200, 200, refused(send(one, 200, whole.length)));
        goOnAndCommit(200);
    }

    @Test
    void norDoesATakeover() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        send(one, 200, 240);
        disk.observe((what, name) -> {
            if (what.equals("truncate")) {
                throw new IOException(BROKEN);
            }
        });
        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(other, identity));
        receiver.disconnected(one, KeptReason.LINK_LOST);
        assertKept(200, 200, DiskRoom.broken());
        disk.stopObserving();
        goOnAndCommit(200);
    }

    @Test
    void aStreamIsKeptToo() throws Exception {
        SnapshotIdentity stream = new SnapshotIdentity("cluster", DB, 42, 0, Crc32c.EMPTY);
        receiver.open(one, stream);
        put(one, stream, 0, 200);
        fail("forceFile", BROKEN, ".partial");
        refused(put(one, stream, 200, 300));
        TestSource.assertOpened(200, TestSource.open(receiver, other, stream));
    }

    @Test
    void ofWhatNoCheckpointTellsNothingIsKept() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 40);
        fail("write", BROKEN, ".partial");
        refused(send(one, 40, 45));
        assertInstanceOf(TransferEvent.Failed.class, events.get(events.size() - 1));
        assertTrue(disk.bytes("db.partial").isEmpty());
        assertEquals(0, disk.openFiles());
    }

    @Test
    void aCheckpointBesideTheFlowThatEndsLaterIsNotWritten() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        send(one, 200, 260); // half of a checkpoint
        fail("write", BROKEN, ".partial");
        refused(send(one, 260, 270));
        beside.remove().run();
        assertEquals(200, directory.records().checkpoint(DB).orElseThrow().bytes());
        goOnAndCommit(200);
    }

    @Test
    void bytesThatAreOthersThanTheCheckpointSaysAreFound() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        fail("write", BROKEN, ".partial");
        refused(send(one, 200, 300));
        byte[] damaged = disk.bytes("db.partial").orElseThrow().clone();
        damaged[7] ^= 1;
        disk.put("db.partial", damaged);
        TestSource.assertOpened(0, TestSource.open(receiver, other, identity));
        assertTrue(events.contains(new TransferEvent.Dropped(identity, 200, DropReason.DAMAGED)), events::toString);
    }

    /** A volume has room for the snapshot, and not for the given-up end of its own partial file once more. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsGivenUpTakesNoRoomFromItsOwnTransfer(boolean isKilled) throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        fail("forceFile", BROKEN, ".partial");
        refused(send(one, 200, 300));
        assertEquals(300, disk.bytes("db.partial").orElseThrow().length);
        receiver = isKilled ? receiver(directory.prepare().resumable().stream().findFirst()) : receiver;

        disk.usableBytes(whole.length - 301);
        assertEquals(new Refusal.InsufficientStorage(whole.length - 200, whole.length - 201, 0, Optional.empty()),
                assertInstanceOf(OpenOutcome.Refused.class, receiver.open(other, identity)).refusal());
        disk.usableBytes(whole.length - 300);
        goOnAndCommit(200);
    }

    @Test
    void whatIsUnderWayFreesNothingForWhoTakesItOver() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        IncomingChunk arriving = TestSource.chunk(receiver, one, identity, 200);
        arriving.write(ByteBuffer.wrap(whole, 200, 100));
        disk.usableBytes(whole.length - 201);
        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(other, identity));
        arriving.cancel();
    }

    @ParameterizedTest
    @EnumSource
    void aKillBehindItFindsTheSame(Order order) throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        fail("forceFile", BROKEN, ".partial");
        refused(send(one, 200, 300));
        TestSource.open(receiver, other, identity);
        send(other, 200, 240);
        for (int seed = 0; seed < 100; seed++) {
            SnapshotDirectory found = new SnapshotDirectory(disk.afterPowerCut(order, new Random(seed)), 0, RECORDS);
            assertEquals(200, found.prepare().resumable().get(0).checkpoint().bytes());
        }
    }

    /** The next such step on a file whose name ends with, or has in it, {@code name}, fails, and no other. */
    private void fail(String step, String words, String name) {
        boolean[] hasFailed = {false};
        disk.observe((what, of) -> {
            // a file is known to the simulated disk by the name under which it was opened
            boolean isThis = name.equals(".partial") ? of.contains("db") && !of.contains("json") : of.contains(name);
            if (what.equals(step) && isThis && !hasFailed[0]) {
                hasFailed[0] = true;
                throw new IOException(words);
            }
        });
    }

    private void assertKept(int bytes, int durable, Refusal refusal) {
        TransferEvent.Refused told = assertInstanceOf(TransferEvent.Refused.class, events.get(events.size() - 2));
        assertEquals(refusal, told.refusal());
        assertTrue(told.cause().isPresent());
        assertEquals(new TransferEvent.Kept(identity, bytes, durable, KeptReason.DISK_FAILED),
                events.get(events.size() - 1));
        assertEquals(0, disk.openFiles());
    }

    private void goOnAndCommit(int from) throws IOException {
        TestSource back = new TestSource();
        TestSource.assertOpened(from, TestSource.open(receiver, back, identity));
        assertInstanceOf(ChunkOutcome.Committed.class, send(back, from, whole.length));
        assertArrayEquals(whole,
                disk.afterPowerCut(Order.SUBSET, new Random(1)).bytes("db.snapshot").orElseThrow());
    }

    private ChunkOutcome put(Source source, SnapshotIdentity stream, int from, int to) {
        IncomingChunk chunk = TestSource.chunk(receiver, source, stream, from);
        chunk.write(ByteBuffer.wrap(whole, from, to - from));
        return chunk.finish(false, Optional.empty());
    }

    private static Refusal refused(ChunkOutcome outcome) {
        return assertInstanceOf(ChunkOutcome.Refused.class, outcome).refusal();
    }
}
