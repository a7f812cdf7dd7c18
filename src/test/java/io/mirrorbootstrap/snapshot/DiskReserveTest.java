package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

class DiskReserveTest {

    private static final int MIB = 1024 * 1024;
    private static final long RESERVE = 1000;
    private static final DatabaseId DB = new DatabaseId("db");
    private static final SnapshotIdentity STREAM = new SnapshotIdentity("c", DB, 1, 0, Crc32c.EMPTY);

    @TempDir
    Path data;

    private final List<TransferEvent> events = new ArrayList<>();

    @Test
    void aStreamOfUnknownSizeDoesNotEatTheReserve() throws Exception {
        long reserve = Files.getFileStore(data).getUsableSpace() - 8 * MIB;
        SnapshotDirectory directory = new SnapshotDirectory(data, reserve, new JsonRecords());
        directory.prepare();
        DatabaseId database = new DatabaseId("db");
        SnapshotReceiver receiver = new SnapshotReceiver(database, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(1), MIB, Runnable::run), event -> {
                }, Optional.empty());
        SnapshotIdentity stream = new SnapshotIdentity("c", database, 1, 0, Crc32c.EMPTY);
        Source source = new TestSource();

        long offset = 0;
        ChunkOutcome outcome = new ChunkOutcome.Pending(0, 0);
        // what others free on this disk meanwhile only makes it longer
        while (outcome instanceof ChunkOutcome.Pending && offset < 1024L * MIB) {
            IncomingChunk chunk = TestSource.chunk(receiver, source, stream, offset);
            chunk.write(ByteBuffer.allocate(MIB));
            outcome = chunk.finish(false, Optional.empty());
            offset += MIB;
        }

        Refusal refusal = assertInstanceOf(ChunkOutcome.Refused.class, outcome).refusal();
        assertEquals(0, assertInstanceOf(Refusal.InsufficientStorage.class, refusal).available());
        assertTrue(Files.size(directory.partial(database)) == offset - MIB, "the transfer stays as it was");
    }

    @Test
    void neitherAStreamNorWhatIsPutAsideBeginsWhereNothingIsLeft() throws Exception {
        SnapshotDirectory directory = new SnapshotDirectory(data, Long.MAX_VALUE, new JsonRecords());
        directory.prepare();
        DatabaseId database = new DatabaseId("db");
        SnapshotReceiver receiver = new SnapshotReceiver(database, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(1), MIB, Runnable::run), event -> {
                }, Optional.empty());
        SnapshotIdentity stream = new SnapshotIdentity("c", database, 1, 0, Crc32c.of(ByteBuffer.wrap(new byte[1])));

        IncomingChunk chunk = TestSource.chunk(receiver, new TestSource(), stream, 0);
        chunk.write(ByteBuffer.allocate(1));
        ChunkOutcome.Refused refused = assertInstanceOf(ChunkOutcome.Refused.class,
                chunk.finish(true, Optional.empty()));
        assertEquals(new Refusal.InsufficientStorage(1, 0, Long.MAX_VALUE, Optional.empty()), refused.refusal());

        try (PayloadSpill spill = directory.spill()) {
            RefusedException aside = assertThrows(RefusedException.class, () -> spill.write(ByteBuffer.allocate(1)));
            assertEquals(new Refusal.InsufficientStorage(1, 0, Long.MAX_VALUE, Optional.empty()), aside.refusal());
        }
    }

    @Test
    void aFirstChunkEndsWhereNothingIsLeftWhileItComes() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        SnapshotReceiver receiver = receiver(disk);
        IncomingChunk chunk = TestSource.chunk(receiver, new TestSource(), STREAM, 0);

        assertRefusedOnceNothingIsLeft(disk, chunk, 1);
        chunk.cancel();
        assertEquals(List.of(), disk.names());
        assertEquals(new TransferEvent.Refused(DB, Principal.ANYBODY,
                new Refusal.InsufficientStorage(1, 0, RESERVE, Optional.empty()), Optional.empty()),
                events.get(events.size() - 1), "the mirror's last error says it");
    }

    @Test
    void aFurtherChunkEndsWhereNothingIsLeftWhileItComesAndItsTransferStays() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        SnapshotReceiver receiver = receiver(disk);
        Source source = new TestSource();
        byte[] whole = new byte[3 * MIB];
        SnapshotIdentity known = new SnapshotIdentity("c", DB, 1, whole.length, Crc32c.of(ByteBuffer.wrap(whole)));
        IncomingChunk first = TestSource.chunk(receiver, source, known, 0);
        first.write(ByteBuffer.wrap(whole, 0, 10));
        assertEquals(new ChunkOutcome.Pending(10, 0), first.finish(false, Optional.empty()));

        IncomingChunk next = TestSource.chunk(receiver, source, known, 10);
        assertRefusedOnceNothingIsLeft(disk, next, whole.length - 10);
        next.cancel();
        assertEquals(10, disk.bytes("db.partial").orElseThrow().length);
        disk.usableBytes(RESERVE + 1);
        IncomingChunk again = TestSource.chunk(receiver, source, known, 10);
        again.write(ByteBuffer.wrap(whole, 10, whole.length - 10));
        assertInstanceOf(ChunkOutcome.Committed.class, again.finish(true, Optional.empty()));
    }

    private static void assertRefusedOnceNothingIsLeft(SimulatedDisk disk, IncomingChunk chunk, long needed) {
        chunk.write(ByteBuffer.allocate(MIB));
        disk.usableBytes(RESERVE);
        RefusedException refused = assertThrows(RefusedException.class, () -> chunk.write(ByteBuffer.allocate(1)));
        assertEquals(new Refusal.InsufficientStorage(needed, 0, RESERVE, Optional.empty()), refused.refusal());
    }

    private SnapshotReceiver receiver(SimulatedDisk disk) throws IOException {
        SnapshotDirectory directory = new SnapshotDirectory(disk, RESERVE, new JsonRecords());
        directory.prepare();
        return new SnapshotReceiver(DB, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(1), 64L * MIB, Runnable::run), events::add,
                Optional.empty());
    }

    @Test
    void aDiskWithNearlyTheMostBytesThereAreHasRoomForTheSuccessorOfWhatIsKept() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        disk.usableBytes(Long.MAX_VALUE - 9);
        SnapshotDirectory directory = new SnapshotDirectory(disk, 0, new JsonRecords());
        byte[] kept = new byte[100];
        DatabaseId database = new DatabaseId("db");
        SnapshotIdentity before = new SnapshotIdentity("c", database, 1, 1000, Crc32c.EMPTY);
        disk.put("db.partial", kept);
        SnapshotReceiver receiver = new SnapshotReceiver(database, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(1), MIB, Runnable::run), event -> {
                }, Optional.of(Inventory.Resumable.of(
                        new Checkpoint(before, kept.length, Crc32c.of(ByteBuffer.wrap(kept))))));
        SnapshotIdentity next = new SnapshotIdentity("c", database, 2, Long.MAX_VALUE, Crc32c.EMPTY);

        TestSource.assertOpened(0, receiver.open(new TestSource(), next));
    }

    @Test
    void whatHasComeWhollyIsCommittedHoweverLittleSpaceIsLeft() throws Exception {
        byte[] whole = new byte[MIB];
        DatabaseId database = new DatabaseId("db");
        SnapshotIdentity identity = new SnapshotIdentity("c", database, 1, MIB, Crc32c.of(ByteBuffer.wrap(whole)));
        SnapshotDirectory directory = new SnapshotDirectory(data, Long.MAX_VALUE, new JsonRecords());
        directory.prepare();
        Files.write(directory.partial(database), whole);
        Checkpoint left = new Checkpoint(identity, MIB, identity.totalCrc32c());
        SnapshotReceiver receiver = new SnapshotReceiver(database, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(1), MIB, Runnable::run), event -> {
                }, Optional.of(Inventory.Resumable.of(left)));
        Source source = new TestSource();

        TestSource.assertOpened(MIB, TestSource.open(receiver, source, identity));
        ChunkOutcome outcome = TestSource.chunk(receiver, source, identity, MIB).finish(true, Optional.empty());

        assertInstanceOf(ChunkOutcome.Committed.class, outcome);
    }
}
