package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** Who may do what, when, to a transfer: sources that come, go, and come too late; a process that ends; a disk that fails. */
class ReceiverTest {

    private static final DatabaseId DB = new DatabaseId("db");
    private static final JsonRecords RECORDS = new JsonRecords();

    @TempDir
    Path data;

    private final byte[] whole = random(40 * 1024 * 1024); // read back in more than two parts
    private final SnapshotIdentity identity = identity(DB);
    private final List<TransferEvent> events = new ArrayList<>();
    private final BootstrapLimit limit = new BootstrapLimit(1);
    private final TestSource one = new TestSource();
    private final TestSource other = new TestSource();
    private SnapshotDirectory directory;
    private SnapshotReceiver receiver;

    @BeforeEach
    void prepare() throws IOException {
        directory = new SnapshotDirectory(data, 0, RECORDS);
        directory.prepare();
        receiver = receiver(DB, Optional.empty());
    }

    @Test
    void whoComesWhileAnotherReadsBackTakesOverAndGoesOnFromThere() throws Exception {
        leave(whole.length);
        OpenOutcome.Verifying begun = assertInstanceOf(OpenOutcome.Verifying.class, receiver.open(one, identity));
        assertEquals(0, begun.bytesRead());
        assertEquals(whole.length, begun.bytesKept());

        OpenOutcome.Verifying further = assertInstanceOf(OpenOutcome.Verifying.class, receiver.open(other, identity));

        assertTrue(further.bytesRead() > 0, further::toString);
        assertTrue(one.isGone());
        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(one, identity));
        assertFalse(other.isGone());
        assertEquals(new OpenOutcome.Opened(whole.length), TestSource.open(receiver, other, identity));
        assertEquals(1, events.stream().filter(TransferEvent.Verifying.class::isInstance).count());
    }

    @Test
    void aSourceThatGoesWhileItsTransferIsReadBackFindsThatPartDone() throws Exception {
        leave(whole.length);
        receiver.open(one, identity);
        one.leave();
        receiver.disconnected(one, KeptReason.LINK_LOST);

        OpenOutcome.Verifying further = assertInstanceOf(OpenOutcome.Verifying.class, receiver.open(other, identity));

        assertTrue(further.bytesRead() > 0, further::toString);
        assertEquals(new OpenOutcome.Opened(whole.length), TestSource.open(receiver, other, identity));
    }

    @Test
    void whatIsAbortedWhileItIsReadBackStartsFromZero() throws Exception {
        leave(whole.length);
        receiver.open(one, identity);
        receiver.abort(Principal.ANYBODY);
        assertEquals(new OpenOutcome.Opened(0), receiver.open(one, identity));
        assertFalse(Files.exists(directory.partial(DB)));
    }

    @Test
    void whatIsReadBackTakesAPlaceAndGivesItBack() throws Exception {
        leave(whole.length);
        SnapshotReceiver another = receiver(new DatabaseId("another"), Optional.empty());
        receiver.open(one, identity);
        assertInstanceOf(OpenOutcome.Refused.class, another.open(other, identity(new DatabaseId("another"))));
        one.leave();
        receiver.disconnected(one, KeptReason.LINK_LOST);
        assertEquals(new OpenOutcome.Opened(0), another.open(other, identity(new DatabaseId("another"))));
    }

    @Test
    void aDiskThatCannotBeReadNowIsNoReasonToStartFromZero() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        directory = new SnapshotDirectory(disk, 0, RECORDS);
        disk.put("db.partial", whole);
        receiver = receiver(DB, Optional.of(Inventory.Resumable.of(checkpoint(1000))));
        disk.observe((what, name) -> {
            if (what.equals("readFile")) {
                throw new IOException("Input/output error");
            }
        });

        assertEquals(DiskRoom.broken(),
                assertInstanceOf(OpenOutcome.Refused.class, receiver.open(one, identity)).refusal());
        one.leave();
        receiver.disconnected(one, KeptReason.LINK_LOST);

        disk.observe((what, name) -> {
        });
        assertEquals(new OpenOutcome.Opened(1000), TestSource.open(receiver, other, identity));
    }

    @Test
    void aSourceThatIsGoneTakesNothingFromOneThatIsThere() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        receiver.open(other, identity);
        assertTrue(one.isGone());

        assertEquals(new Refusal.Superseded(DB),
                assertInstanceOf(OpenOutcome.Refused.class, receiver.open(one, identity)).refusal());
        assertEquals(new Refusal.Superseded(DB),
                assertInstanceOf(ChunkOutcome.Refused.class, send(one, 0, 1000)).refusal());

        assertFalse(other.isGone());
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, 1000, whole.length));
    }

    @Test
    void aSourceThatIsGoneTakesNothingFromOneThatWillComeBack() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        one.leave();
        receiver.disconnected(one, KeptReason.LINK_LOST);
        other.leave();

        assertInstanceOf(ChunkOutcome.Refused.class, send(other, 0, 10));
        assertInstanceOf(ChunkOutcome.Refused.class, send(other, 1000, 2000));
        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(other, identity));

        assertEquals(new OpenOutcome.Opened(1000), receiver.open(new TestSource(), identity));
    }

    @Test
    void whatCameFromASourceBeforeItWentIsStillTaken() throws Exception {
        one.leave();
        assertInstanceOf(ChunkOutcome.Committed.class, send(one, 0, whole.length));
    }

    @Test
    void whereClustersAreProvenWhatIsAnothersIsNotReplaced() throws Exception {
        TestSource proven = new TestSource(TestSource.cluster("mine"));
        SnapshotIdentity mine = new SnapshotIdentity("mine", DB, 1, 1, Crc32c.of(ByteBuffer.wrap(whole, 0, 1)));
        Refusal busy = new Refusal.TransferInProgress("cluster", 42, 1000, whole.length, "cluster \"cluster\"");
        Refusal taken = new Refusal.StaleSnapshot(1, 42, "mine", "cluster", "cluster \"cluster\"");
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
        assertEquals(new OpenOutcome.Opened(0), receiver.open(proven, mine));
    }

    @Test
    void whatIsOfATokenWithANameIsNotReplacedNorRemovedByAnother() throws Exception {
        TestSource a = new TestSource(TestSource.token("a"));
        TestSource b = new TestSource(TestSource.token("b"));
        TestSource nameless = new TestSource(new Principal(Optional.of("token #1"), Optional.empty(), Optional.empty(),
                true, Optional.empty()));
        SnapshotIdentity small = new SnapshotIdentity("cluster", DB, 99, 1, Crc32c.of(ByteBuffer.wrap(whole, 0, 1)));
        Refusal busy = new Refusal.TransferInProgress("cluster", 42, 1000, whole.length, "the token named a");
        Refusal taken = new Refusal.StaleSnapshot(99, 42, "cluster", "cluster", "the token named a");
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
        assertEquals(new OpenOutcome.Opened(1000), TestSource.open(receiver, new TestSource(a.principal()), identity));
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
        assertEquals(new OpenOutcome.Opened(0), receiver.open(b, small));
    }

    @Test
    void whatWasNobodysBelongsToWhoeverGoesOnWithIt() throws Exception {
        TestSource a = new TestSource(TestSource.token("a"));
        TestSource b = new TestSource(TestSource.token("b"));
        receiver.open(one, identity);
        send(one, 0, 1000);
        assertEquals(new OpenOutcome.Opened(1000), receiver.open(a, identity)); // under way
        assertEquals(new Removal.Refused(new Refusal.NotOwner("a")), receiver.abort(b.principal()));
        assertEquals(new Removal.Done(), receiver.abort(a.principal()));

        receiver.open(one, identity);
        send(one, 0, 1000);
        receiver.disconnected(one, KeptReason.LINK_LOST);
        receiver = receiver(DB, Optional.of(
                new Inventory.Resumable(directory.records().checkpoint(DB).orElseThrow(), Duration.ZERO)));
        assertInstanceOf(OpenOutcome.Verifying.class, receiver.open(a, identity)); // kept, by an earlier process
        assertEquals(new Removal.Refused(new Refusal.NotOwner("a")), receiver.abort(b.principal()));
        assertEquals(new OpenOutcome.Opened(1000), TestSource.open(receiver, a, identity));
        assertEquals(new Removal.Refused(new Refusal.NotOwner("a")), receiver.abort(b.principal()));
        send(a, 1000, 2000);
        receiver.disconnected(a, KeptReason.LINK_LOST);
        assertEquals(Optional.of("a"), directory.records().checkpoint(DB).orElseThrow().identity().owner());
    }

    @Test
    void aFileThatSomebodyPutInPlaceOfThePartialOneIsNotCommitted() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        Path other = Files.write(data.resolve("other"), new byte[1000]);
        Files.move(other, directory.partial(DB), StandardCopyOption.REPLACE_EXISTING);

        ChunkOutcome outcome = send(one, 1000, whole.length); // goes to the file that has no name any more
        assertInstanceOf(Refusal.Transport.class, ((ChunkOutcome.Refused) outcome).refusal());
        assertFalse(Files.exists(directory.snapshot(DB)));
    }

    @Test
    void aKeptFileThatSomebodyHasBeenAtIsReadBackFirst() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        receiver.disconnected(one, KeptReason.LINK_LOST);
        try (FileChannel file = FileChannel.open(directory.partial(DB), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(new byte[]{(byte) ~whole[500]}), 500);
        }

        assertEquals(new OpenOutcome.Opened(0), TestSource.open(receiver, other, identity), "it is damaged");
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, 0, whole.length));
        assertArrayEquals(whole, Files.readAllBytes(directory.snapshot(DB)));
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
        Principal forOthers = new Principal(Optional.empty(), Optional.empty(), Optional.empty(), false,
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
    void aTransferThatWaitsHasNoFileOpen() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        assertEquals(1, openFiles());
        one.leave();
        receiver.disconnected(one, KeptReason.LINK_LOST);

        assertEquals(0, openFiles());

        assertEquals(new OpenOutcome.Opened(1000), receiver.open(other, identity));
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, 1000, whole.length));
        assertArrayEquals(whole, Files.readAllBytes(directory.snapshot(DB)));
        assertEquals(0, openFiles());
    }

    @Test
    void twoFirstChunksAtOnceDoNotPassTheLimitTogether() throws Exception {
        DatabaseId another = new DatabaseId("another");
        SnapshotReceiver second = receiver(another, Optional.empty());
        IncomingChunk a = TestSource.chunk(receiver, one, identity, 0);
        IncomingChunk b = TestSource.chunk(second, other, identity(another), 0);
        a.write(ByteBuffer.wrap(whole, 0, 10));
        b.write(ByteBuffer.wrap(whole, 0, 10));

        assertInstanceOf(ChunkOutcome.Pending.class, a.finish(false, Optional.empty()));
        assertEquals(new Refusal.TooManyBootstraps(1),
                assertInstanceOf(ChunkOutcome.Refused.class, b.finish(false, Optional.empty())).refusal());
        assertFalse(Files.exists(directory.partial(another)));
    }

    @Test
    void aWorkerThatIsInterruptedAsTheProcessEndsLeavesWhatIsDurable() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 2 * 1024 * 1024);
        Checkpoint durable = directory.records().checkpoint(DB).orElseThrow();
        assertEquals(2 * 1024 * 1024, durable.bytes());

        Thread.currentThread().interrupt();
        ChunkOutcome outcome = send(one, 2 * 1024 * 1024, 3 * 1024 * 1024);
        assertTrue(Thread.interrupted());

        assertEquals(DiskRoom.broken(), assertInstanceOf(ChunkOutcome.Refused.class, outcome).refusal());
        assertEquals(new TransferEvent.Kept(identity, durable.bytes(), durable.bytes(), KeptReason.PROCESS_ENDING),
                events.get(events.size() - 1));
        SnapshotReceiver next = receiver(DB, directory.records().checkpoint(DB).map(Inventory.Resumable::of));
        assertEquals(new OpenOutcome.Opened(durable.bytes()), TestSource.open(next, other, identity));
    }

    private ChunkOutcome send(Source source, int from, int to) {
        IncomingChunk chunk = TestSource.chunk(receiver, source, identity, from);
        chunk.write(ByteBuffer.wrap(whole, from, to - from));
        return chunk.finish(to == whole.length, Optional.empty());
    }

    /** An earlier process has received so many bytes. */
    private void leave(int bytes) throws IOException {
        Files.write(directory.partial(DB), whole);
        directory.records().write(checkpoint(bytes));
        receiver = receiver(DB, Optional.of(Inventory.Resumable.of(checkpoint(bytes))));
    }

    private Checkpoint checkpoint(int bytes) {
        return new Checkpoint(identity, bytes, Crc32c.of(ByteBuffer.wrap(whole, 0, bytes)));
    }

    private SnapshotReceiver receiver(DatabaseId database, Optional<Inventory.Resumable> left) {
        return new SnapshotReceiver(database, directory,
                new ReceiverRules(List.of(), limit, 1 << 20, Runnable::run), events::add, left);
    }

    private SnapshotIdentity identity(DatabaseId database) {
        return new SnapshotIdentity("cluster", database, 42, whole.length, Crc32c.of(ByteBuffer.wrap(whole)));
    }

    private long openFiles() throws IOException {
        long open = 0;
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                open += Files.isSymbolicLink(descriptor)
                        && Files.readSymbolicLink(descriptor).startsWith(directory.path()) ? 1 : 0;
            }
        }
        return open;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
