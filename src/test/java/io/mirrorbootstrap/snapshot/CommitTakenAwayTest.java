package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.LostAndFound.Look;
import io.mirrorbootstrap.snapshot.TransferEvent.Committed;
import io.mirrorbootstrap.snapshot.TransferEvent.FoundAgain;
import io.mirrorbootstrap.snapshot.TransferEvent.NoneToAbort;
import io.mirrorbootstrap.snapshot.TransferEvent.Removed;

/** The first snapshot of a database, of which only the successor record tells, is taken away before its commit is finished, and brought back. */
class CommitTakenAwayTest extends ReceiverOnSimulatedDisk {

    private static final String SNAPSHOT = "db.snapshot";

    private final TestSource a = new TestSource(TestSource.token("a"));
    private final TestSource b = new TestSource(TestSource.token("b"));
    private final SnapshotIdentity next = identity(whole, 43);
    private IncomingChunk ofB;
    private CommittedSnapshot snapshot;

    @BeforeEach
    void commitInVain() throws IOException {
        ofB = TestSource.chunk(receiver, b, next, 0); // when nobody had anything here
        ofB.write(ByteBuffer.wrap(whole));
        receiver.open(a, identity);
        failBehindTheRename();
        assertInstanceOf(ChunkOutcome.Refused.class, send(a, 0, whole.length));
        snapshot = directory.committed(DB).orElseThrow();
        takeAway();
        events.clear();
    }

    @Test
    void itIsFinishedWhenItIsBack() throws Exception {
        bringBack();
        look(committed());
        look();
        assertFinished();
    }

    @Test
    void soItIsWhereAnotherFileHadItsPlaceMeanwhile() throws Exception {
        disk.put(SNAPSHOT, new byte[7]);
        look();
        disk.remove(SNAPSHOT);
        bringBack();
        assertEquals(Set.of(DB), directory.described());
        look(committed());
        assertFinished();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void itIsNobodyElsesToReplaceOrRemove(boolean isBack) throws Exception {
        if (isBack) {
            bringBack();
        }
        Refusal taken = new Refusal.StaleSnapshot(43, 42, "cluster", "cluster", Optional.of("the token named a"));
        assertEquals(new OpenOutcome.Refused(taken), receiver.open(b, next));
        assertEquals(new ChunkOutcome.Refused(taken), ofB.finish(true, Optional.empty()));
        assertEquals(new Removal.Refused(new Refusal.NotOwner("a")), receiver.removeSnapshot(b.principal()));
        if (!isBack) {
            bringBack();
        }
        receiver.heal();
        assertFinished();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void norWhereTheRecordAloneTellsOfIt(boolean isBack) throws Exception {
        disk.put(SNAPSHOT, new byte[7]);
        look(); // what is to be finished is forgotten
        disk.remove(SNAPSHOT);
        if (isBack) {
            bringBack();
        }
        assertInstanceOf(Refusal.StaleSnapshot.class,
                assertInstanceOf(OpenOutcome.Refused.class, receiver.open(b, next)).refusal());
        assertInstanceOf(ChunkOutcome.Refused.class, ofB.finish(true, Optional.empty()));
        assertInstanceOf(Removal.Refused.class, receiver.removeSnapshot(b.principal()));
        assertTrue(disk.bytes("db.successor.json").isPresent());
    }

    @Test
    void itsOwnerReplacesItMeanwhile() throws Exception {
        TestSource.assertOpened(0, receiver.open(a, next));
        IncomingChunk chunk = TestSource.chunk(receiver, a, next, 0);
        chunk.write(ByteBuffer.wrap(whole));
        assertInstanceOf(ChunkOutcome.Committed.class, chunk.finish(true, Optional.empty()));
        assertEquals(43, directory.committed(DB).orElseThrow().lsn());
        assertTrue(directory.unfinishedCommits().isEmpty());
    }

    @Test
    void itsOwnerRemovesItMeanwhile() throws Exception {
        assertEquals(new Removal.Done(), receiver.removeSnapshot(a.principal()));
        assertEquals(List.of(new Removed(snapshot)), events);
        events.clear();
        bringBack();
        look();
        assertEquals(Set.of(), directory.described());
    }

    @Test
    void itsOwnerMayEndTheTransferOfWhichItIsTold() throws Exception {
        assertEquals(new Removal.Done(), receiver.abort(a.principal()));
        assertEquals(List.of(new NoneToAbort(DB, a.principal())), events);
        events.clear();
        bringBack();
        look(committed());
        assertFinished();
    }

    @Test
    void aTransferThatHasBegunMeanwhileGoesOn() throws Exception {
        receiver.open(a, next);
        IncomingChunk first = TestSource.chunk(receiver, a, next, 0);
        first.write(ByteBuffer.wrap(whole, 0, 200));
        first.finish(false, Optional.empty());
        events.clear();
        bringBack();

        look(new FoundAgain(snapshot, directory.snapshot(DB)));

        IncomingChunk last = TestSource.chunk(receiver, a, next, 200);
        last.write(ByteBuffer.wrap(whole, 200, whole.length - 200));
        assertInstanceOf(ChunkOutcome.Committed.class, last.finish(true, Optional.empty()));
        assertEquals(43, directory.committed(DB).orElseThrow().lsn());
    }

    @Test
    void noOtherTransferThatFailsIsSaidToBeFinishedLater() throws Exception {
        receiver.open(a, next);
        IncomingChunk first = TestSource.chunk(receiver, a, next, 0);
        first.write(ByteBuffer.wrap(whole, 0, 40));
        first.finish(false, Optional.empty());
        disk.observe((what, name) -> {
            if (what.equals("write")) {
                throw new IOException("Input/output error");
            }
        });
        IncomingChunk second = TestSource.chunk(receiver, a, next, 40);
        second.write(ByteBuffer.wrap(whole, 40, 2));
        Refusal refusal = assertInstanceOf(ChunkOutcome.Refused.class, second.finish(false, Optional.empty()))
                .refusal();
        assertTrue(!refusal.message().contains("finished later"), refusal::message);
    }

    private void takeAway() throws IOException {
        disk.rename(SNAPSHOT, "elsewhere");
        look();
        disk.stopObserving();
        look();
    }

    private void bringBack() throws IOException {
        disk.rename("elsewhere", SNAPSHOT);
    }

    private TransferEvent committed() {
        return new Committed(snapshot, directory.snapshot(DB), Duration.ZERO);
    }

    private void look(TransferEvent... expected) throws IOException {
        int before = events.size();
        assertEquals(Look.COMPARED, receiver.lostAndFound().look(this::told));
        assertEquals(List.of(expected), events.subList(before, events.size()));
    }

    /** As a board would have it. */
    private Optional<CommittedSnapshot> told() {
        return events.stream().anyMatch(event -> event instanceof Committed || event instanceof FoundAgain)
                ? Optional.of(snapshot)
                : Optional.empty();
    }

    /** As far as that a power cut finds it. */
    private void assertFinished() throws IOException {
        assertEquals(Optional.of(snapshot), directory.records().manifest(DB).map(Manifest::snapshot));
        assertEquals(Optional.of(snapshot), directory.committed(DB));
        assertArrayEquals(whole, disk.bytes(SNAPSHOT).orElseThrow());
        assertTrue(directory.unfinishedCommits().isEmpty());
    }

    /** From the commit's rename on the directory cannot be forced. */
    private void failBehindTheRename() {
        boolean[] renamed = {false};
        disk.observe((what, name) -> {
            renamed[0] |= what.equals("rename") && name.equals(SNAPSHOT);
            if (renamed[0] && what.equals("force")) {
                throw new IOException("Input/output error");
            }
        });
    }
}
