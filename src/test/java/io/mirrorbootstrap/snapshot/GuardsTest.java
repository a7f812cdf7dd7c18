package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** A source that has been forgotten takes no mirror back, and ends nobody's work, unless it says that this is meant. */
class GuardsTest extends ReceiverOnSimulatedDisk {

    private static final byte[] TWO = {1, 2};

    @ParameterizedTest
    @CsvSource({"41, cluster, true", "1, cluster, true", "42, cluster, false", "43, cluster, false",
            "0, cluster, false",
            "43, another, true", "0, another, true"})
    void anEarlierSnapshotAndOneOfAnotherClusterAreMeantOrRefused(long lsn, String cluster, boolean isStale) {
        receiver.open(one, identity);
        send(one, 0, 1000);
        assertMeantOrRefused(lsn, cluster, isStale);
    }

    /** A copy has another mark than its record says, as a file has whose time was set. */
    @ParameterizedTest
    @CsvSource({"41, cluster, true", "43, another, true", "42, cluster, false"})
    void soAreTheyWhereACopyOfTheCommittedOneLies(long lsn, String cluster, boolean isStale) {
        receiver.open(one, identity);
        send(one, 0, 1000);
        disk.put("db.snapshot", whole);
        assertMeantOrRefused(lsn, cluster, isStale);
    }

    @Test
    void whatIsLostIsNotGuarded() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        disk.put("db.snapshot", new byte[999]);
        TestSource.assertOpened(0, receiver.open(other, identity(whole, 41)));
        disk.remove("db.snapshot");
        TestSource.assertOpened(0, receiver.open(other, identity(whole, 40)));
    }

    @Test
    void whoseLinkIsThereIsNotDisplacedByAnotherSnapshot() {
        receiver.open(one, identity); // before a byte
        assertRefused(0, receiver.open(other, identity(whole, 43)));
        send(one, 0, 300);
        assertRefused(300, receiver.open(other, identity(whole, 43)));
        assertRefused(300, receiver.open(other, identity.named("s")));
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 300, 400), "nothing has happened to it");

        TestSource.assertOpened(0, receiver.open(other, TestSource.meant(identity(whole, 43))));
        assertEquals(new ChunkOutcome.Refused(new Refusal.OffsetRegression(0, 400)), send(one, 400, 500));
    }

    @Test
    void theSameSnapshotTakesOver() {
        receiver.open(one, identity);
        send(one, 0, 300);

        TestSource.assertOpened(300, receiver.open(other, identity));
    }

    @Test
    void ofOneLinkTheLastWordCounts() {
        receiver.open(one, identity);
        send(one, 0, 300);

        TestSource.assertOpened(0, receiver.open(one, identity(whole, 43)));
    }

    @Test
    void ofOneLinkTooAnEarlierSnapshotIsMeantOrRefused() {
        receiver.open(one, identity);
        send(one, 0, 1000);
        receiver.open(one, identity(whole, 43));

        assertEquals(new OpenOutcome.Refused(
                new Refusal.StaleSnapshot(41, 42, "cluster", "cluster", Optional.empty())),
                receiver.open(one, identity(whole, 41)));
    }

    @Test
    void whatIsKeptOrWasNotOpenedIsNoWorkUnderWay() {
        receiver.open(one, identity);
        send(one, 0, 300);
        one.leave();
        TestSource.assertOpened(0, receiver.open(other, identity(whole, 43))); // its link has ended, though that is not dealt with yet
        receiver.disconnected(other, KeptReason.LINK_LOST);

        TestSource bare = new TestSource();
        send(bare, 0, 300);
        TestSource.assertOpened(0, receiver.open(new TestSource(), identity(whole, 44)));
    }

    @Test
    void whatIsReadBackForItsSourceIsWorkUnderWay() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 300);
        receiver = receiver(directory.prepare().resumable().stream().findFirst());
        assertInstanceOf(OpenOutcome.Verifying.class, receiver.open(other, identity));

        assertRefused(300, receiver.open(new TestSource(), identity(whole, 43)));
    }

    @Test
    void chunksThatWereNotOpenedAreNotAskedWhetherTheyAreMeant() {
        receiver.open(one, identity);
        send(one, 0, 1000);
        SnapshotIdentity earlier = identity(whole, 7);
        IncomingChunk chunk = TestSource.chunk(receiver, other, earlier, 0);
        chunk.write(ByteBuffer.wrap(whole));

        assertInstanceOf(ChunkOutcome.Committed.class, chunk.finish(true, Optional.empty()));
    }

    /** Of a file, and of a stream whose last chunk is empty. */
    @ParameterizedTest
    @CsvSource({"41, cluster, true, false", "43, another, true, false", "41, another, true, true",
            "43, cluster, false, false", "0, cluster, false, true"})
    void whatIsBroughtBackMeanwhileIsGuardedAtTheLastChunk(long lsn, String cluster, boolean isStale, boolean isStream)
            throws Exception {
        Taken committed = commitAndTakeAway();
        SnapshotIdentity next = new SnapshotIdentity(cluster, DB, lsn, isStream ? 0 : 2,
                Crc32c.of(ByteBuffer.wrap(TWO)));
        TestSource.assertOpened(0, receiver.open(other, next));
        assertInstanceOf(ChunkOutcome.Pending.class, sendOf(other, next, 0, isStream ? 2 : 1, false));
        committed.bringBack();
        events.clear();

        ChunkOutcome outcome = isStream ? sendOf(other, next, 2, 2, true) : sendOf(other, next, 1, 2, true);

        if (isStale) {
            Refusal refusal = new Refusal.StaleSnapshot(lsn, 42, cluster, "cluster", Optional.empty());
            assertEquals(new ChunkOutcome.Refused(refusal), outcome);
            assertEquals(new TransferEvent.Dropped(next, isStream ? 2 : 1, DropReason.FORBIDDEN), events.get(0));
            assertArrayEquals(whole, disk.bytes("db.snapshot").orElseThrow());
            assertTrue(disk.bytes("db.partial").isEmpty());
        } else {
            assertInstanceOf(ChunkOutcome.Committed.class, outcome);
        }
    }

    /** Also where it goes on by a chunk, which does not say whether it is meant: so it was said, or not, when it was opened. */
    @ParameterizedTest
    @CsvSource({"true, true", "false, true", "true, false", "false, false"})
    void whetherItIsMeantIsRememberedUntilThen(boolean isMeant, boolean byChunk) throws Exception {
        Taken committed = commitAndTakeAway();
        SnapshotIdentity next = new SnapshotIdentity("another", DB, 7, 2, Crc32c.of(ByteBuffer.wrap(TWO)));
        Announcement said = isMeant ? TestSource.meant(next) : Announcement.of(next);
        receiver.open(other, said);
        sendOf(other, next, 0, 1, false);
        TestSource third = new TestSource();
        TestSource.assertOpened(1, receiver.open(third, said)); // takes over
        receiver.disconnected(third, KeptReason.LINK_LOST);
        TestSource fourth = new TestSource();
        if (!byChunk) {
            TestSource.assertOpened(1, receiver.open(fourth, said));
        }
        committed.bringBack();

        assertEquals(isMeant, sendOf(fourth, next, 1, 2, true) instanceof ChunkOutcome.Committed);
    }

    /** The earlier process has asked; where its source opens it again, what it says then counts. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAnEarlierProcessLeftIsAskedAgainWhereItIsOpenedAgain(boolean isOpened) throws Exception {
        Taken committed = commitAndTakeAway();
        SnapshotIdentity next = new SnapshotIdentity("another", DB, 7, 2, Crc32c.of(ByteBuffer.wrap(TWO)));
        receiver.open(other, TestSource.meant(next));
        sendOf(other, next, 0, 1, false);
        receiver.disconnected(other, KeptReason.LINK_LOST);
        receiver = receiver(directory.prepare().resumable().stream().findFirst());
        TestSource third = new TestSource();
        if (isOpened) {
            TestSource.assertOpened(1, TestSource.open(receiver, third, Announcement.of(next)));
        }
        committed.bringBack();
        assertEquals(!isOpened, sendOf(third, next, 1, 2, true) instanceof ChunkOutcome.Committed);
    }

    /** The files of a committed snapshot, which somebody takes away and brings back. */
    private final class Taken {
        private final byte[] snapshot = disk.bytes("db.snapshot").orElseThrow();
        private final byte[] manifest = disk.bytes("db.manifest.json").orElseThrow();

        void takeAway() throws IOException {
            disk.remove("db.snapshot");
            disk.remove("db.manifest.json");
        }

        void bringBack() {
            disk.put("db.snapshot", snapshot);
            disk.put("db.manifest.json", manifest);
        }
    }

    private Taken commitAndTakeAway() throws IOException {
        receiver.open(one, identity);
        send(one, 0, 1000);
        Taken files = new Taken();
        files.takeAway();
        return files;
    }

    private ChunkOutcome sendOf(Source source, SnapshotIdentity next, int from, int to, boolean done) {
        IncomingChunk chunk = TestSource.chunk(receiver, source, next, from);
        chunk.write(ByteBuffer.wrap(TWO, from, to - from));
        return chunk.finish(done, Optional.empty());
    }

    private void assertMeantOrRefused(long lsn, String cluster, boolean isStale) {
        SnapshotIdentity next = new SnapshotIdentity(cluster, DB, lsn, 7, Crc32c.EMPTY);

        OpenOutcome refused = new OpenOutcome.Refused(
                new Refusal.StaleSnapshot(lsn, 42, cluster, "cluster", Optional.empty()));
        OpenOutcome opened = new OpenOutcome.Opened(0, Crc32c.EMPTY);
        assertEquals(isStale ? refused : opened, receiver.open(other, next));
        assertEquals(opened, receiver.open(other, TestSource.meant(next)));
    }

    private void assertRefused(long bytesDone, OpenOutcome outcome) {
        assertEquals(new OpenOutcome.Refused(
                new Refusal.TransferInProgress("cluster", 42, bytesDone, 1000, Optional.empty())), outcome);
    }
}
