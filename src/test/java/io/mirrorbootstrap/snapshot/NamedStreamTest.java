package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** Bytes that have a name, and whose CRC-32C and LSN are told at their end. */
class NamedStreamTest extends ReceiverOnSimulatedDisk {

    private static final Notes NOTES = new Notes(Optional.of("16/B374D848"), Map.of("app", "shop"));

    private final SnapshotIdentity pipe = new SnapshotIdentity("cluster", DB, 42, 0, Crc32c.EMPTY);
    private final SnapshotIdentity end = new SnapshotIdentity("cluster", DB, 42, 0, crc(1000));

    @ParameterizedTest
    @CsvSource({"0, 42", "1000, 42", "0, 0", "1000, 0"})
    void whatIsNamedGoesOnAndIsCommittedByWhatItsLastChunkSays(long total, long lsnAtFirst) throws Exception {
        SnapshotIdentity begun = new SnapshotIdentity("cluster", DB, lsnAtFirst, total, Crc32c.EMPTY);
        assertEquals(new OpenOutcome.Opened(0, Crc32c.EMPTY), open(one, begun, "s"));
        send(one, begun, 0, 300);
        receiver.disconnected(one, KeptReason.LINK_LOST);

        assertEquals(new OpenOutcome.Opened(300, crc(300)), open(other, begun, "s"));
        assertInstanceOf(ChunkOutcome.Committed.class,
                send(other, new SnapshotIdentity("cluster", DB, 42, total, crc(1000)), 300, 1000));

        CommittedSnapshot committed = directory.committed(DB).orElseThrow();
        assertEquals(42, committed.lsn());
        assertArrayEquals(whole, disk.bytes("db.snapshot").orElseThrow());
        assertInstanceOf(OpenOutcome.AlreadyCommitted.class, open(new TestSource(), begun, "s"));
        assertFalse(open(new TestSource(), begun, "t") instanceof OpenOutcome.AlreadyCommitted);
    }

    @Test
    void itGoesOnAfterAKillWithWhatItsSourceHasSaid() throws Exception {
        receiver.open(one, new Announcement(pipe.named("s"), false, NOTES));
        send(one, pipe, 0, 150);
        receiver = receiver(directory.prepare().resumable().stream().findFirst());

        assertEquals(new OpenOutcome.Opened(150, crc(150)), open(other, pipe, "s"));
        send(other, end, 150, 1000);
        assertEquals(NOTES, directory.committed(DB).orElseThrow().notes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"t", ""})
    void withAnotherNameOrNoneItBeginsAt0(String name) throws Exception {
        open(one, pipe, "s");
        send(one, pipe, 0, 300);
        receiver.disconnected(one, KeptReason.LINK_LOST);

        TestSource.assertOpened(0, open(other, pipe, name));
        assertTrue(disk.bytes("db.partial").isEmpty());
    }

    @Test
    void whatHadNoNameDoesNotGoOnWithOne() throws Exception {
        open(one, pipe, "");
        send(one, pipe, 0, 300);
        receiver.disconnected(one, KeptReason.LINK_LOST);

        TestSource.assertOpened(0, open(other, pipe, "s"));
    }

    @Test
    void aChunkAloneDoesNotGoOnWithWhatIsNamed() {
        open(one, pipe, "s");
        send(one, pipe, 0, 300);
        receiver.disconnected(one, KeptReason.LINK_LOST);

        assertEquals(new ChunkOutcome.Refused(new Refusal.OffsetRegression(0, 300)), send(other, pipe, 300, 400));
        assertEquals(new OpenOutcome.Opened(300, crc(300)), open(other, pipe, "s"));
    }

    @Test
    void offset0BeginsTheNamedStreamAgain() throws Exception {
        open(one, pipe, "s");
        send(one, pipe, 0, 300);
        send(one, pipe, 0, 200);
        receiver.disconnected(one, KeptReason.LINK_LOST);

        assertEquals(new OpenOutcome.Opened(200, crc(200)), open(other, pipe, "s"));
    }

    @Test
    void onlyTheLastChunkTellsLsnAndCrc() {
        SnapshotIdentity begun = new SnapshotIdentity("cluster", DB, 0, 1000, Crc32c.EMPTY);
        open(one, begun, "s");
        send(one, begun, 0, 300);

        assertRefused(SnapshotIdentity.Part.LSN,
                send(one, new SnapshotIdentity("cluster", DB, 42, 1000, Crc32c.EMPTY), 300, 400));
        assertRefused(SnapshotIdentity.Part.CRC32C,
                send(one, new SnapshotIdentity("cluster", DB, 0, 1000, crc(1000)), 300, 400));
        assertInstanceOf(ChunkOutcome.Committed.class,
                send(one, new SnapshotIdentity("cluster", DB, 42, 1000, crc(1000)), 300, 1000));
    }

    @Test
    void aSizeThatIsKnownIsHeld() throws Exception {
        SnapshotIdentity begun = new SnapshotIdentity("cluster", DB, 42, 900, Crc32c.EMPTY);
        open(one, begun, "s");
        send(one, begun, 0, 300);

        Refusal refusal = assertInstanceOf(ChunkOutcome.Refused.class, send(one, begun, 300, 950)).refusal();
        assertEquals(new Refusal.SnapshotSizeMismatch(900, 950), refusal);
    }

    @Test
    void withoutANameAFileHasItsCrcFromTheFirst() {
        SnapshotIdentity file = new SnapshotIdentity("cluster", DB, 42, 1000, Crc32c.EMPTY);
        open(one, file, "");
        send(one, file, 0, 300);

        assertRefused(SnapshotIdentity.Part.CRC32C, send(one, identity, 300, 1000));
    }

    @Test
    void aChunkWithoutAByteAsksForACheckpoint() throws Exception {
        open(one, pipe, "s");
        assertEquals(new ChunkOutcome.Pending(30, 0), send(one, pipe, 0, 30));
        IncomingChunk asking = TestSource.chunk(receiver, one, pipe, 30);
        assertTrue(asking.mayTakeLong(false));

        assertEquals(new ChunkOutcome.Pending(30, 30), asking.finish(false, Optional.empty()));
        assertEquals(30, directory.records().checkpoint(DB).orElseThrow().bytes());
        assertFalse(TestSource.chunk(receiver, one, pipe, 30).mayTakeLong(false));
    }

    @Test
    void whereTheDiskIsFullForACheckpointThatIsAskedForItIsSaid() throws Exception {
        open(one, pipe, "s");
        send(one, pipe, 0, 30);
        disk.observe((what, name) -> {
            if (what.equals("create")) {
                throw new IOException("No space left on device");
            }
        });

        Refusal refusal = assertInstanceOf(ChunkOutcome.Refused.class,
                TestSource.chunk(receiver, one, pipe, 30).finish(false, Optional.empty())).refusal();
        assertInstanceOf(Refusal.InsufficientStorage.class, refusal);
        disk.stopObserving();
        assertEquals(new ChunkOutcome.Pending(40, 0), send(one, pipe, 30, 40));
    }

    @Test
    void theLastPositionCounts() throws Exception {
        receiver.open(one, new Announcement(pipe.named("s"), false, NOTES));
        send(one, pipe, 0, 300);
        receiver.disconnected(one, KeptReason.LINK_LOST);
        receiver.open(other, new Announcement(pipe.named("s"), false, new Notes(Optional.of("b"), Map.of())));
        assertEquals(Optional.of("b"), directory.records().checkpoint(DB).orElseThrow().notes().position());

        IncomingChunk last = TestSource.chunk(receiver, other, end, 300);
        last.write(ByteBuffer.wrap(whole, 300, 700));
        last.finish(true, Optional.empty(), Optional.of("c"));
        assertEquals(new Notes(Optional.of("c"), Map.of("app", "shop")), directory.committed(DB).orElseThrow().notes());
    }

    @Test
    void aPositionBehindAllThatIsDurableIsRecordedToo() throws Exception {
        open(one, pipe, "s");
        send(one, pipe, 0, 150);
        TestSource.chunk(receiver, one, pipe, 150).finish(false, Optional.empty());
        IncomingChunk saying = TestSource.chunk(receiver, one, pipe, 150);
        saying.finish(false, Optional.empty(), Optional.of("b"));
        receiver = receiver(directory.prepare().resumable().stream().findFirst());

        assertEquals(new OpenOutcome.Opened(150, crc(150)), open(other, pipe, "s"));
        send(other, end, 150, 1000);
        assertEquals(Optional.of("b"), directory.committed(DB).orElseThrow().notes().position());
    }

    @Test
    void aPositionThatIsSaidAgainBehindATakeOverIsRecordedToo() throws Exception {
        receiver.open(one, new Announcement(pipe.named("s"), false, NOTES));
        send(one, pipe, 0, 150);
        receiver.open(other, new Announcement(pipe.named("s"), false, new Notes(Optional.of("b"), Map.of())));
        TestSource.chunk(receiver, other, pipe, 150).finish(false, Optional.empty(), NOTES.position());

        assertEquals(NOTES, directory.records().checkpoint(DB).orElseThrow().notes());
    }

    @Test
    void aPositionThatComesWithBytesIsRecordedWhenTheLinkEnds() throws Exception {
        open(one, pipe, "s");
        send(one, pipe, 0, 150);
        IncomingChunk saying = TestSource.chunk(receiver, one, pipe, 150);
        saying.write(ByteBuffer.wrap(whole, 150, 10));
        saying.finish(false, Optional.empty(), Optional.of("b"));
        receiver.disconnected(one, KeptReason.LINK_LOST);

        assertEquals(Optional.of("b"), directory.records().checkpoint(DB).orElseThrow().notes().position());
    }

    @Test
    void whatIsDroppedTakesItsPositionWithIt() throws Exception {
        receiver.open(one, new Announcement(pipe.named("s"), false, NOTES));
        IncomingChunk dropped = TestSource.chunk(receiver, one, pipe, 0);
        dropped.write(ByteBuffer.wrap(whole, 0, 300));
        dropped.finish(false, Optional.empty(), Optional.of("b"));
        send(one, end, 0, 1000);

        assertEquals(NOTES, directory.committed(DB).orElseThrow().notes());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void openedAgainBeforeAByteItKeepsWhatWasSaid(boolean isTakenOver) throws Exception {
        TestSource again = isTakenOver ? other : one;
        receiver.open(one, new Announcement(pipe.named("s"), false, NOTES));
        open(again, pipe, "s");
        send(again, end, 0, 1000);

        assertEquals(NOTES, directory.committed(DB).orElseThrow().notes());
    }

    @Test
    void thePositionOfAChunkThatIsRefusedDoesNotCount() throws Exception {
        receiver.open(one, new Announcement(pipe.named("s"), false, NOTES));
        IncomingChunk refused = TestSource.chunk(receiver, one, pipe, 0);
        refused.finish(false, Optional.of(new Crc32c(7)), Optional.of("c"));
        send(one, end, 0, 1000);

        assertEquals(NOTES, directory.committed(DB).orElseThrow().notes());
    }

    @Test
    void whatIsSaidAgainOfWhatIsCommittedCounts() throws Exception {
        receiver.open(one, new Announcement(identity, false, NOTES));
        super.send(one, 0, 1000);
        Notes later = new Notes(Optional.of("b"), Map.of());

        OpenOutcome.AlreadyCommitted already = assertInstanceOf(OpenOutcome.AlreadyCommitted.class,
                receiver.open(other, new Announcement(identity, false, later)));
        Notes both = new Notes(Optional.of("b"), Map.of("app", "shop"));
        assertEquals(both, already.snapshot().notes());
        assertEquals(Optional.of(already.snapshot()), directory.committed(DB));
        assertEquals(new TransferEvent.Noted(already.snapshot(), directory.snapshot(DB)),
                events.get(events.size() - 1));
        int told = events.size();
        receiver.open(other, identity);
        assertEquals(told, events.size(), "nothing was said");
        assertEquals(both, new SnapshotDirectory(disk, 0, RECORDS).prepare().committed().get(0).notes());
    }

    @Test
    void aStreamWhoseSourceWillNotReturnIsNotKeptAsLongAsAFile() {
        Retention retention = new Retention(Duration.ofDays(7), Duration.ZERO);
        open(one, pipe, "s");
        send(one, pipe, 0, 300);
        receiver.disconnected(one, KeptReason.LINK_LOST);
        assertTrue(receiver.expire(retention));

        open(other, new SnapshotIdentity("cluster", DB, 42, 1000, Crc32c.EMPTY), "f");
        send(other, new SnapshotIdentity("cluster", DB, 42, 1000, Crc32c.EMPTY), 0, 300);
        receiver.disconnected(other, KeptReason.LINK_LOST);
        assertFalse(receiver.expire(retention));
    }

    /** @param name empty for none */
    private OpenOutcome open(TestSource source, SnapshotIdentity begun, String name) {
        return TestSource.open(receiver, source, name.isEmpty() ? begun : begun.named(name));
    }

    private ChunkOutcome send(TestSource source, SnapshotIdentity stamp, int from, int to) {
        IncomingChunk chunk = TestSource.chunk(receiver, source, stamp, from);
        chunk.write(ByteBuffer.wrap(whole, from, to - from));
        return chunk.finish(to == whole.length, Optional.empty());
    }

    private static void assertRefused(SnapshotIdentity.Part part, ChunkOutcome outcome) {
        Refusal refusal = assertInstanceOf(ChunkOutcome.Refused.class, outcome).refusal();
        assertEquals(part, assertInstanceOf(Refusal.IdentityMismatch.class, refusal).part());
    }

    private Crc32c crc(int bytes) {
        return Crc32c.of(ByteBuffer.wrap(whole, 0, bytes));
    }
}
