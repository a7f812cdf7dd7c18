package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.nio.ByteBuffer;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** A source that has been forgotten takes no mirror back, and ends nobody's work, unless it says that this is meant. */
class GuardsTest extends ReceiverOnSimulatedDisk {

    @ParameterizedTest
    @CsvSource({"41, cluster, true", "1, cluster, true", "42, cluster, false", "43, cluster, false",
            "0, cluster, false",
            "43, another, true", "0, another, true"})
    void anEarlierSnapshotAndOneOfAnotherClusterAreMeantOrRefused(long lsn, String cluster, boolean isStale) {
        receiver.open(one, identity);
        send(one, 0, 1000);
        SnapshotIdentity next = new SnapshotIdentity(cluster, DB, lsn, 7, Crc32c.EMPTY);

        OpenOutcome refused = new OpenOutcome.Refused(
                new Refusal.StaleSnapshot(lsn, 42, cluster, "cluster", Optional.empty()));
        OpenOutcome opened = new OpenOutcome.Opened(0, Crc32c.EMPTY);
        assertEquals(isStale ? refused : opened, receiver.open(other, next));
        assertEquals(opened, receiver.open(other, TestSource.meant(next)));
    }

    /** A copy has another mark than its record says, as a file has whose time was set. */
    @ParameterizedTest
    @CsvSource({"41, cluster, true", "43, another, true", "42, cluster, false"})
    void soAreTheyWhereACopyOfTheCommittedOneLies(long lsn, String cluster, boolean isStale) {
        receiver.open(one, identity);
        send(one, 0, 1000);
        disk.put("db.snapshot", whole);
        SnapshotIdentity next = new SnapshotIdentity(cluster, DB, lsn, 7, Crc32c.EMPTY);

        OpenOutcome refused = new OpenOutcome.Refused(
                new Refusal.StaleSnapshot(lsn, 42, cluster, "cluster", Optional.empty()));
        OpenOutcome opened = new OpenOutcome.Opened(0, Crc32c.EMPTY);
        assertEquals(isStale ? refused : opened, receiver.open(other, next));
        assertEquals(opened, receiver.open(other, TestSource.meant(next)));
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

    private void assertRefused(long bytesDone, OpenOutcome outcome) {
        assertEquals(new OpenOutcome.Refused(
                new Refusal.TransferInProgress("cluster", 42, bytesDone, 1000, Optional.empty())), outcome);
    }
}
