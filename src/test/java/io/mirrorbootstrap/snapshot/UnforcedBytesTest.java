package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** Of what is written, some file systems say only when it is forced that its room is used. */
class UnforcedBytesTest {

    private static final int MIB = 1024 * 1024;
    private static final long RESERVE = 1000;
    private static final int ROOM_MIB = 8;
    private static final DatabaseId DB = new DatabaseId("db");
    private static final DatabaseId OTHER = new DatabaseId("other");

    private final SimulatedDisk disk = new SimulatedDisk();
    private final SnapshotDirectory directory = new SnapshotDirectory(disk, RESERVE, new JsonRecords());
    private final Source source = new TestSource();

    @BeforeEach
    void prepare() throws Exception {
        directory.prepare();
    }

    private void count(boolean whenForced) {
        disk.roomForFiles(RESERVE + (long) ROOM_MIB * MIB, whenForced);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theReserveIsNotUsedWhereRoomIsCountedWhenItIsForced(boolean isOpened) {
        count(true);
        assertNoneIsTakenBeyondTheRoom(receiver(DB), isOpened);
        assertEquals(ROOM_MIB * MIB, disk.bytes("db.partial").orElseThrow().length);
    }

    /** Nor does a force count. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void norWhereItIsCountedLaterStill(boolean isOpened) throws Exception {
        disk.usableBytes(RESERVE + (long) ROOM_MIB * MIB);
        SnapshotDirectory late = new SnapshotDirectory(countingLate(disk), RESERVE, new JsonRecords());
        late.prepare();
        assertNoneIsTakenBeyondTheRoom(receiver(DB, late, MIB), isOpened);
    }

    private void assertNoneIsTakenBeyondTheRoom(SnapshotReceiver receiver, boolean isOpened) {
        SnapshotIdentity stream = new SnapshotIdentity("c", DB, 1, 0, Crc32c.EMPTY);
        if (isOpened) {
            receiver.open(source, stream);
        }
        for (int mib = 0; mib < ROOM_MIB; mib++) {
            assertInstanceOf(ChunkOutcome.Pending.class, send(receiver, stream, mib, false), "MiB " + mib);
        }
        assertFull(send(receiver, stream, ROOM_MIB, false));
    }

    @Test
    void norByOneChunkHoweverLong() {
        count(true);
        SnapshotReceiver receiver = receiver(DB);
        IncomingChunk chunk = TestSource.chunk(receiver, source, new SnapshotIdentity("c", DB, 1, 0, Crc32c.EMPTY), 0);
        for (int mib = 0; mib < ROOM_MIB; mib++) {
            chunk.write(ByteBuffer.allocate(MIB));
        }
        assertThrows(RefusedException.class, () -> chunk.write(ByteBuffer.allocate(1)));
        chunk.cancel();
    }

    /** To be on the safe side must not cost the last snapshot that fits. */
    @ParameterizedTest
    @CsvSource({"false, true", "false, false", "true, true", "true, false"})
    void whatFitsIsCommittedWheneverRoomIsCounted(boolean whenForced, boolean isOpened) {
        byte[] whole = new byte[ROOM_MIB * MIB];
        SnapshotIdentity identity = new SnapshotIdentity("c", DB, 1, whole.length, Crc32c.of(ByteBuffer.wrap(whole)));
        count(whenForced);
        SnapshotReceiver receiver = receiver(DB);
        if (isOpened) {
            TestSource.assertOpened(0, receiver.open(source, identity));
        }
        ChunkOutcome outcome = new ChunkOutcome.Pending(0, 0);
        for (int mib = 0; mib < ROOM_MIB; mib++) {
            assertInstanceOf(ChunkOutcome.Pending.class, outcome, "MiB " + mib);
            outcome = send(receiver, identity, mib, mib == ROOM_MIB - 1);
        }
        assertInstanceOf(ChunkOutcome.Committed.class, outcome);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatOneTransferHasNotForcedIsNeitherForgottenNorCountedTwiceForAnother(boolean whenForced) {
        count(whenForced);
        SnapshotReceiver one = receiver(DB);
        SnapshotIdentity stream = new SnapshotIdentity("c", DB, 1, 0, Crc32c.EMPTY);
        for (int mib = 0; mib < ROOM_MIB / 2; mib++) {
            send(one, stream, mib, false);
        }
        SnapshotReceiver other = receiver(OTHER);
        OpenOutcome tooLarge = other.open(source,
                new SnapshotIdentity("c", OTHER, 1, ROOM_MIB / 2 * MIB + 1, Crc32c.EMPTY));
        assertInstanceOf(Refusal.InsufficientStorage.class,
                assertInstanceOf(OpenOutcome.Refused.class, tooLarge).refusal());
        TestSource.assertOpened(0,
                other.open(source, new SnapshotIdentity("c", OTHER, 1, ROOM_MIB / 2 * MIB, Crc32c.EMPTY)));
    }

    @Test
    void whatIsCutAwayOrDiscardedIsNotCounted() {
        count(true);
        SnapshotReceiver receiver = receiver(DB);
        SnapshotIdentity stream = new SnapshotIdentity("c", DB, 1, 0, Crc32c.EMPTY);
        send(receiver, stream, 0, false);
        disk.observe((what, name) -> assertNotEquals("forceFile", what, "to find out what room there is"));
        for (int i = 0; i < 2 * ROOM_MIB; i++) {
            IncomingChunk chunk = TestSource.chunk(receiver, source, stream, MIB);
            chunk.write(ByteBuffer.allocate(MIB));
            chunk.cancel();
            IncomingChunk first = TestSource.chunk(receiver(OTHER), source,
                    new SnapshotIdentity("c", OTHER, 1, 0, Crc32c.EMPTY), 0);
            first.write(ByteBuffer.allocate(MIB));
            first.cancel();
        }
    }

    /** Else a source that is refused again and again would make the disk look full for all others. */
    @Test
    void norWhereItIsCountedLaterStillNorIsWhatIsPutAside() throws Exception {
        disk.usableBytes(RESERVE + (long) ROOM_MIB * MIB);
        SnapshotDirectory late = new SnapshotDirectory(countingLate(disk), RESERVE, new JsonRecords());
        late.prepare();
        for (int i = 0; i < 2 * ROOM_MIB; i++) {
            IncomingChunk first = TestSource.chunk(receiver(DB, late, MIB), source,
                    new SnapshotIdentity("c", DB, 1, 0, Crc32c.EMPTY), 0);
            first.write(ByteBuffer.allocate(MIB));
            assertInstanceOf(Refusal.ChunkCrcMismatch.class, assertInstanceOf(ChunkOutcome.Refused.class,
                    first.finish(false, Optional.of(Crc32c.EMPTY))).refusal());
            try (PayloadSpill aside = late.spill()) {
                aside.write(ByteBuffer.allocate(MIB));
            }
        }
        TestSource.assertOpened(0, receiver(OTHER, late, MIB).open(source,
                new SnapshotIdentity("c", OTHER, 1, ROOM_MIB * MIB, Crc32c.EMPTY)));
    }

    private ChunkOutcome send(SnapshotReceiver receiver, SnapshotIdentity identity, int mib, boolean done) {
        ChunkStart start = receiver.chunk(source, identity, (long) mib * MIB);
        IncomingChunk chunk = ((ChunkStart.Arriving) start).chunk();
        chunk.write(ByteBuffer.allocate(MIB));
        return chunk.finish(done, Optional.empty());
    }

    private static void assertFull(ChunkOutcome outcome) {
        Refusal refusal = assertInstanceOf(ChunkOutcome.Refused.class, outcome).refusal();
        assertEquals(0, assertInstanceOf(Refusal.InsufficientStorage.class, refusal).available());
    }

    private static Disk countingLate(Disk disk) {
        return (Disk) Proxy.newProxyInstance(Disk.class.getClassLoader(), new Class<?>[]{Disk.class},
                (self, method, arguments) -> method.getName().equals("countsLate")
                        ? (Object) true
                        : method.invoke(disk, arguments));
    }

    private SnapshotReceiver receiver(DatabaseId database) {
        return receiver(database, directory, 64L * MIB);
    }

    private static SnapshotReceiver receiver(DatabaseId database, SnapshotDirectory directory, long checkpointBytes) {
        return new SnapshotReceiver(database, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(2), checkpointBytes, Runnable::run), event -> {
                }, Optional.empty());
    }
}
