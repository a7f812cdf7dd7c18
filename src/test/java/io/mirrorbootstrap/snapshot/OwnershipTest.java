package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** A snapshot or transfer of another cluster or token is neither replaced nor removed. */
class OwnershipTest extends ReceiverOnFiles {

    @Test
    void whereClustersAreProvenWhatIsAnothersIsNotReplaced() throws Exception {
        TestSource proven = new TestSource(TestSource.cluster("mine"));
        SnapshotIdentity mine = new SnapshotIdentity("mine", DB, 1, 1, Crc32c.of(ByteBuffer.wrap(whole, 0, 1)));
        Refusal busy = new Refusal.TransferInProgress("cluster", 42, 1000, whole.length,
                Optional.of("cluster \"cluster\""));
        Refusal taken = new Refusal.StaleSnapshot(1, 42, "mine", "cluster", Optional.of("cluster \"cluster\""));
        IncomingChunk arriving = TestSource.chunk(receiver, proven, mine, 0); // when nobody had anything here
        arriving.write(ByteBuffer.wrap(whole, 0, 1));
        receiver.open(one, identity);
        send(one, 0, 1000); // under way

        assertEquals(new OpenOutcome.Refused(busy), receiver.open(proven, mine));
        assertEquals(new ChunkOutcome.Refused(busy), arriving.finish(true, Optional.empty()));
        assertEquals(new ChunkOutcome.Refused(busy),
                TestSource.chunk(receiver, proven, mine, 0).finish(true, Optional.empty()));
        assertInstanceOf(Removal.Refused.class, receiver.abort(TestSource.cluster("mine")));
        receiver.disconnected(one, KeptReason.LINK_LOST); // kept
        assertEquals(new OpenOutcome.Refused(busy), receiver.open(proven, mine));
        receiver.open(other, identity);
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, 1000, whole.length)); // committed
        assertEquals(new OpenOutcome.Refused(taken), receiver.open(proven, mine));
        assertInstanceOf(Removal.Refused.class, receiver.removeSnapshot(TestSource.cluster("mine")));
        assertArrayEquals(whole, Files.readAllBytes(directory.snapshot(DB)));
        assertEquals(new Removal.Done(), receiver.removeSnapshot(TestSource.cluster("cluster")));
        TestSource.assertOpened(0, receiver.open(proven, mine));
    }

    /** Whoever has damaged its manifest may be one of those who share the volume. */
    @Test
    void aSnapshotOfWhichNoRecordTellsWhoseItIsIsNobodysToReplaceOrRemove() throws Exception {
        TestSource a = new TestSource(TestSource.token("a"));
        TestSource b = new TestSource(TestSource.token("b"));
        SnapshotIdentity small = new SnapshotIdentity("cluster", DB, 99, 1, Crc32c.of(ByteBuffer.wrap(whole, 0, 1)));
        receiver.open(a, identity);
        assertInstanceOf(ChunkOutcome.Committed.class, send(a, 0, whole.length));
        Files.write(directory.path().resolve(DB + ".manifest.json"), new byte[0]);

        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(b, small));
        assertInstanceOf(ChunkOutcome.Refused.class,
                TestSource.chunk(receiver, b, small, 0).finish(true, Optional.empty()));
        assertInstanceOf(Removal.Refused.class, receiver.removeSnapshot(b.principal()));
        assertArrayEquals(whole, Files.readAllBytes(directory.snapshot(DB)));
        assertEquals(new Removal.Done(), receiver.removeSnapshot(Principal.ANYBODY));
    }

    @Test
    void whatIsOfATokenWithANameIsNotReplacedNorRemovedByAnother() throws Exception {
        TestSource a = new TestSource(TestSource.token("a"));
        TestSource b = new TestSource(TestSource.token("b"));
        TestSource nameless = new TestSource(
                new Principal(CallerId.ofToken("token #1"), Optional.empty(), Optional.empty(),
                        true, Optional.empty()));
        SnapshotIdentity small = new SnapshotIdentity("cluster", DB, 99, 1, Crc32c.of(ByteBuffer.wrap(whole, 0, 1)));
        Refusal busy = new Refusal.TransferInProgress("cluster", 42, 1000, whole.length,
                Optional.of("the token named a"));
        Refusal taken = new Refusal.StaleSnapshot(99, 42, "cluster", "cluster", Optional.of("the token named a"));
        receiver.open(a, identity);
        send(a, 0, 1000);

        for (TestSource stranger : List.of(b, nameless)) {
            assertEquals(new OpenOutcome.Refused(busy), receiver.open(stranger, identity), "even the same snapshot");
            assertEquals(new ChunkOutcome.Refused(busy),
                    TestSource.chunk(receiver, stranger, small, 0).finish(true, Optional.empty()));
            assertEquals(new Removal.Refused(new Refusal.NotOwner("a")), receiver.abort(stranger.principal()));
        }
        receiver.disconnected(a, KeptReason.PROCESS_ENDING);
        // as the next process finds it: the record on disk knows whose it is
        receiver = receiver(DB, Optional.of(
                new Inventory.Resumable(directory.records().checkpoint(DB).orElseThrow(), Duration.ZERO)));
        assertEquals(new OpenOutcome.Refused(busy), receiver.open(b, small));
        TestSource.assertOpened(1000, TestSource.open(receiver, new TestSource(a.principal()), identity));
        TestSource again = new TestSource(a.principal());
        receiver.open(again, identity);
        assertInstanceOf(ChunkOutcome.Committed.class, send(again, 1000, whole.length));

        for (TestSource stranger : List.of(b, nameless)) {
            assertEquals(new OpenOutcome.Refused(taken), receiver.open(stranger, small));
            assertEquals(new ChunkOutcome.Refused(taken),
                    TestSource.chunk(receiver, stranger, small, 0).finish(true, Optional.empty()));
            assertEquals(new Removal.Refused(new Refusal.NotOwner("a")),
                    receiver.removeSnapshot(stranger.principal()));
        }
        assertArrayEquals(whole, Files.readAllBytes(directory.snapshot(DB)));
        // whoever does not tell tokens apart any more may do what it likes
        assertEquals(new Removal.Done(), receiver.removeSnapshot(Principal.ANYBODY));
        TestSource.assertOpened(0, receiver.open(b, small));
    }

    /** As a backup does, or whoever looks at them elsewhere for a moment. */
    @Test
    void aSnapshotThatWasAwayWhenAnotherBeganIsNotReplacedWhenItIsBack() throws Exception {
        TestSource a = new TestSource(TestSource.token("a"));
        TestSource b = new TestSource(TestSource.token("b"));
        List<String> files = List.of(DB + ".snapshot", DB + ".manifest.json");
        receiver.open(b, identity);
        CommittedSnapshot committed = assertInstanceOf(ChunkOutcome.Committed.class, send(b, 0, whole.length))
                .snapshot();
        SnapshotIdentity ofTwo = new SnapshotIdentity("another", DB, 1, 2, Crc32c.of(ByteBuffer.wrap(whole, 0, 2)));
        SnapshotIdentity stream = new SnapshotIdentity("another", DB, 1, 0, ofTwo.totalCrc32c());
        Refusal taken = new Refusal.StaleSnapshot(1, 42, "another", "cluster", Optional.of("the token named b"));
        for (SnapshotIdentity mine : List.of(ofTwo, stream)) {
            assertEquals(new OpenOutcome.Refused(taken), receiver.open(a, mine));
            move(files, directory.path(), data);
            TestSource.assertOpened(0, receiver.open(a, mine));
            assertInstanceOf(ChunkOutcome.Pending.class, sendByte(a, mine, 0));
            move(files, data, directory.path());
            events.clear();

            assertEquals(new ChunkOutcome.Refused(taken), sendByte(a, mine, 1));

            assertEquals(List.of(new TransferEvent.Dropped(mine.ownedBy(Optional.of("a")), 1, DropReason.FORBIDDEN),
                    new TransferEvent.Refused(DB, a.principal(), taken, Optional.empty())), events);
            assertEquals(Optional.of(committed), directory.verify(DB));
            assertFalse(Files.exists(directory.partial(DB)));
            assertInstanceOf(OpenOutcome.AlreadyCommitted.class, receiver.open(b, identity));
        }
    }

    private ChunkOutcome sendByte(TestSource source, SnapshotIdentity ofTwo, int offset) {
        IncomingChunk chunk = TestSource.chunk(receiver, source, ofTwo, offset);
        chunk.write(ByteBuffer.wrap(whole, offset, 1));
        return chunk.finish(offset == 1, Optional.empty());
    }

    private static void move(List<String> names, Path from, Path to) throws IOException {
        for (String name : names) {
            Files.move(from.resolve(name), to.resolve(name));
        }
    }

    @Test
    void whatWasNobodysBelongsToWhoeverGoesOnWithIt() throws Exception {
        TestSource a = new TestSource(TestSource.token("a"));
        TestSource b = new TestSource(TestSource.token("b"));
        receiver.open(one, identity);
        send(one, 0, 1000);
        TestSource.assertOpened(1000, receiver.open(a, identity)); // under way
        assertEquals(new Removal.Refused(new Refusal.NotOwner("a")), receiver.abort(b.principal()));
        assertEquals(new Removal.Done(), receiver.abort(a.principal()));

        TestSource third = new TestSource();
        receiver.open(third, identity);
        send(third, 0, 1000);
        receiver.disconnected(third, KeptReason.LINK_LOST);
        receiver = receiver(DB, Optional.of(
                new Inventory.Resumable(directory.records().checkpoint(DB).orElseThrow(), Duration.ZERO)));
        assertInstanceOf(OpenOutcome.Verifying.class, receiver.open(a, identity)); // kept, by an earlier process
        assertEquals(new Removal.Refused(new Refusal.NotOwner("a")), receiver.abort(b.principal()));
        TestSource.assertOpened(1000, TestSource.open(receiver, a, identity));
        assertEquals(new Removal.Refused(new Refusal.NotOwner("a")), receiver.abort(b.principal()));
        send(a, 1000, 2000);
        receiver.disconnected(a, KeptReason.LINK_LOST);
        assertEquals(Optional.of("a"), directory.records().checkpoint(DB).orElseThrow().identity().owner());
    }

    @Test
    void whoeverMayNotSendItIsToldSoAtAnyOffset() throws Exception {
        receiver.open(new TestSource(TestSource.token("a")), identity);
        TestSource b = new TestSource(TestSource.token("b"));
        assertInstanceOf(Refusal.TransferInProgress.class, ((ChunkOutcome.Refused) TestSource
                .chunk(receiver, b, identity, 777).finish(false, Optional.empty())).refusal());
    }

    @Test
    void aTokenIsForItsDatabasesOnly() throws Exception {
        Principal forOthers = new Principal(CallerId.NOBODY, Optional.empty(), Optional.empty(), false,
                Optional.of(Set.of(new DatabaseId("other"))));
        TestSource source = new TestSource(forOthers);
        Refusal refusal = new Refusal.DatabaseNotAllowed(DB, List.of("other"));
        receiver.open(one, identity);
        send(one, 0, 1000);

        assertEquals(new OpenOutcome.Refused(refusal), receiver.open(source, identity));
        assertEquals(new ChunkOutcome.Refused(refusal),
                TestSource.chunk(receiver, source, identity, 0).finish(false, Optional.empty()));
        assertEquals(new Removal.Refused(refusal), receiver.abort(forOthers));
        assertEquals(new Removal.Refused(refusal), receiver.removeSnapshot(forOthers));
        assertInstanceOf(ChunkOutcome.Committed.class, send(one, 1000, whole.length));
        assertEquals(new Removal.Refused(refusal), receiver.removeSnapshot(forOthers));
    }

    @Test
    void aNameThatClustersShareMakesNoneOfThemTheOwnerOfTheOthersSnapshots() {
        Optional<String> shared = Optional.of("shared");
        Principal proven = new Principal(CallerId.ofToken("token shared").with("cluster one"), Optional.of("one"),
                shared, true, Optional.empty());
        assertTrue(proven.owns("one", shared));
        assertTrue(proven.owns("one", Optional.empty()));
        assertFalse(proven.owns("two", shared));
        assertTrue(TestSource.token("shared").owns("two", shared), "where no cluster is proven, it does");
    }
}
