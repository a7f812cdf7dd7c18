package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.protocol.TestChunk.part;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;

/** What becomes of a transfer, and of the snapshot before it, that is opened, left, begun afresh, aborted, or that fails. */
abstract class TransferScenarios extends Scenario {

    @Test
    void offsetZeroStartsAfresh() throws Exception {
        byte[] whole = random(4000, 8);
        sendPending(random(5000, 7), 0, 4500);

        assertPending(100, link.send(part(whole, database, 0, 100).lsn(43)));

        assertPartialHas(100);
        assertEquals(43, assertCommitted(whole, link.send(part(whole, database, 100, 4000).lsn(43))).lsn());
    }

    @Test
    void aCommittedSnapshotStaysUntilItsSuccessorIsVerified() throws Exception {
        byte[] old = random(100, 10);
        byte[] whole = random(200, 11);
        link.send(TestChunk.of(old, database));

        link.send(part(whole, database, 0, 150).lsn(43));
        assertSnapshotIs(old);
        byte[] wrong = Arrays.copyOf(Arrays.copyOf(whole, 150), 200);
        assertRefused(
                new Refusal.SnapshotCrcMismatch(new Crc32c(TestChunk.crc(whole)), new Crc32c(TestChunk.crc(wrong))),
                link.send(part(whole, database, 150, 200).lsn(43).data(new byte[50])));
        assertSnapshotIs(old);

        assertCommitted(whole, link.send(TestChunk.of(whole, database).lsn(44)));
    }

    @Test
    void anOpenedTransferIsKeptWhenItsLinkDrops() throws Exception {
        byte[] whole = random(5000, 21);
        assertOpened(0, link.open(TestChunk.of(whole, database)));
        sendPending(whole, 0, 2000);
        link.drop();
        assertEquals("disconnected", sidecar.status(database));
        assertPartialHas(2000);

        link = sidecar.link();
        assertOpened(2000, link.open(TestChunk.of(whole, database)));
        assertCommitted(whole, link.send(part(whole, database, 2000, 5000)));
    }

    @Test
    void aTransferThatWasNotOpenedIsDiscardedWhenItsLinkDrops() throws Exception {
        byte[] whole = random(5000, 22);
        sendPending(whole, 0, 2000);
        link.drop();
        assertNothingRemains();
        assertEquals("disconnected", sidecar.status(database));

        link = sidecar.link();
        assertRefused(new Refusal.OffsetRegression(0, 2000), link.send(part(whole, database, 2000, 5000)));
    }

    @Test
    void offsetZeroOnTheLinkThatOpenedLeavesTheTransferOpened() throws Exception {
        byte[] whole = random(5000, 23);
        link.open(TestChunk.of(whole, database));
        sendPending(whole, 0, 2000);
        sendPending(whole, 0, 1000);
        link.drop();
        assertPartialHas(1000);
    }

    @Test
    void whatIsHereAlreadyNeedNotBeSent() throws Exception {
        byte[] whole = random(5000, 24);
        link.send(TestChunk.of(whole, database));
        assertCommitted(whole, link.open(TestChunk.of(whole, database)));
        assertOpened(0, link.open(TestChunk.of(whole, database).lsn(43)));
        assertSnapshotIs(whole);
    }

    @Test
    void whatMayBeAStreamIsOpenedThoughAnEmptySnapshotIsHere() throws Exception {
        byte[] none = {};
        assertCommitted(none, link.send(TestChunk.of(none, database)));
        assertOpened(0, link.open(TestChunk.of(none, database)));
    }

    @Test
    void abortDropsWhatIsUnderWayAndOnlyThat() throws Exception {
        Answer aborted = new Answer.Aborted(new DatabaseId(database));
        byte[] old = random(10, 25);
        byte[] whole = random(5000, 26);
        assertEquals(aborted, link.abort(database), "also when there is nothing to drop");
        link.send(TestChunk.of(old, database));
        link.open(TestChunk.of(whole, database));
        sendPending(whole, 0, 2000);

        assertEquals(aborted, link.abort(database));

        assertFalse(Files.exists(file(".partial")));
        assertSnapshotIs(old);
        assertEquals("following", sidecar.status(database));
        assertRefused(new Refusal.OffsetRegression(0, 2000), link.send(part(whole, database, 2000, 5000)));
    }

    @Test
    void twoDatabasesOnOneLinkDoNotDisturbEachOther() throws Exception {
        String other = database + "-other";
        byte[] whole = random(5000, 27);
        byte[] others = random(6000, 28);
        sendPending(whole, 0, 2000);
        assertPending(3000, link.send(part(others, other, 0, 3000)));
        assertRefused(new Refusal.OffsetRegression(2000, 2001), link.send(part(whole, database, 2001, 3000)));
        assertPending(4000, link.send(part(others, other, 3000, 4000)));
        assertCommitted(whole, link.send(part(whole, database, 2000, 5000)));
        assertInstanceOf(Answer.Committed.class, link.send(part(others, other, 4000, 6000)));
        assertArrayEquals(others, Files.readAllBytes(sidecar.directory().resolve(other + ".snapshot")));
    }

    @Test
    void anUnexpectedFailureEndsTheTransferAndDoesNotBlockItsSuccessor() throws Exception {
        byte[] whole = random(5000, 29);
        // what no source can do and an operator can: a directory where the snapshot must go
        Path obstacle = Files.createDirectories(file(".snapshot").resolve("in-the-way"));
        sendPending(whole, 0, 2000);

        Answer.Failure failure = assertInstanceOf(Answer.Failure.class,
                link.send(part(whole, database, 2000, 5000)));

        assertEquals(ErrorCode.TRANSPORT.spelling(), failure.code());
        assertFalse(Files.exists(file(".partial")));
        assertFalse(Files.exists(file(".manifest.json")));
        assertEquals("failed", sidecar.status(database));
        Files.delete(obstacle);
        Files.delete(file(".snapshot"));
        link.drop(); // closed 1011 where there is a real one
        link = sidecar.link();
        assertCommitted(whole, link.send(TestChunk.of(whole, database)));
    }
}
