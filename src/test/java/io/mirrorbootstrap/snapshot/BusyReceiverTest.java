package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** A disk that takes long, fails, or loses a file: nobody waits who need not, and everybody hears what is true. */
class BusyReceiverTest {

    private static final DatabaseId DB = new DatabaseId("db");
    private static final JsonRecords RECORDS = new JsonRecords();
    private static final int CHECKPOINT_BYTES = 100;

    private final SimulatedDisk disk = new SimulatedDisk();
    private final SnapshotDirectory directory = new SnapshotDirectory(disk, 0, RECORDS);
    private final List<TransferEvent> events = new ArrayList<>();
    private final byte[] whole = random(1000);
    private final SnapshotIdentity identity = identity(whole, 42);
    private final TestSource one = new TestSource();
    private final TestSource other = new TestSource();
    private SnapshotReceiver receiver;

    @BeforeEach
    void prepare() throws IOException {
        directory.prepare();
        receiver = receiver(Optional.empty());
    }

    @Test
    void whoComesWhileACommitIsForcedIsToldThatItIsBusy() throws Exception {
        receiver.open(one, identity);
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, 40));
        IncomingChunk first = TestSource.chunk(receiver, other, identity(whole, 43), 0);
        CountDownLatch forcing = new CountDownLatch(1);
        CountDownLatch hangs = new CountDownLatch(1);
        disk.observe((what, name) -> {
            if (what.equals("forceFile") && name.startsWith(".db.")) {
                forcing.countDown();
                await(hangs);
            }
        });
        CompletableFuture<ChunkOutcome> commit = CompletableFuture.supplyAsync(() -> send(one, 40, whole.length));
        await(forcing);

        assertEquals(new OpenOutcome.Busy(), receiver.open(other, identity));
        assertEquals(new ChunkStart.Busy(), receiver.chunk(other, identity, 0));
        first.write(ByteBuffer.wrap(whole)); // to a file that nobody else knows
        assertEquals(new ChunkOutcome.Busy(), first.finish(true, Optional.empty()));
        assertEquals(new Removal.Busy(), receiver.abort(Principal.ANYBODY));
        assertEquals(new Removal.Busy(), receiver.removeSnapshot(Principal.ANYBODY));
        assertFalse(receiver.expire(Duration.ZERO));
        assertEquals(Optional.of(new SnapshotReceiver.Progress(40, 0)), receiver.progress());
        assertFalse(commit.isDone());

        disk.observe((what, name) -> {
        });
        hangs.countDown();
        assertInstanceOf(ChunkOutcome.Committed.class, commit.get(20, TimeUnit.SECONDS));
        assertInstanceOf(OpenOutcome.AlreadyCommitted.class, receiver.open(other, identity));
        assertInstanceOf(ChunkOutcome.Committed.class, first.finish(true, Optional.empty()), "it was not ended");
        assertEquals(43, directory.committed(DB).orElseThrow().lsn());
    }

    @Test
    void whoTakesOverGetsItsTurnThoughTheOwnerWritesWithoutEnd() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 10);
        IncomingChunk endless = TestSource.chunk(receiver, one, identity, 10);
        CompletableFuture<OpenOutcome> other = new CompletableFuture<>();
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            while (!other.isDone()) {
                endless.write(ByteBuffer.wrap(whole, 10, 1)); // takes the lock again as soon as it has let it go
            }
        });
        other.complete(receiver.open(this.other, identity));
        writing.get(20, TimeUnit.SECONDS);
        assertEquals(new OpenOutcome.Opened(10), other.get());
        assertTrue(one.isGone());
    }

    @Test
    void aFirstChunkDoesNotPassACommitThatIsNotFinished() throws Exception {
        receiver.open(one, identity);
        send(one, 0, whole.length);
        IncomingChunk arriving = TestSource.chunk(receiver, other, identity(whole, 44), 0);
        arriving.write(ByteBuffer.wrap(whole));
        receiver.open(one, identity(whole, 43));
        failWhenRenamed();
        IncomingChunk unfinished = TestSource.chunk(receiver, one, identity(whole, 43), 0);
        unfinished.write(ByteBuffer.wrap(whole));
        assertInstanceOf(ChunkOutcome.Refused.class, unfinished.finish(true, Optional.empty()));

        assertInstanceOf(ChunkOutcome.Refused.class, arriving.finish(true, Optional.empty()));

        assertEquals(43, RECORDS.manifest(disk.bytes("db.successor.json").orElseThrow()).orElseThrow().snapshot().lsn(),
                "what tells of the snapshot that is there stays");
    }

    @Test
    void anErrorWhileItIsReadIsNoEndOfIt() throws Exception {
        disk.put("db.snapshot", whole);
        disk.put("db.manifest.json", RECORDS.manifest(new Manifest(
                new CommittedSnapshot("c", DB, 7, whole.length, identity.totalCrc32c(), Instant.EPOCH),
                Optional.empty())));
        receiver = SnapshotReceiver.recovering(DB, directory, rules(), events::add);
        disk.observe((what, name) -> {
            if (what.equals("readFile")) {
                throw new OutOfMemoryError("simulated");
            }
        });
        assertThrows(OutOfMemoryError.class, receiver::recover);
        assertTrue(receiver.isUnrecovered());
        assertInstanceOf(Removal.Refused.class, receiver.abort(Principal.ANYBODY));
        assertInstanceOf(Removal.Refused.class, receiver.removeSnapshot(Principal.ANYBODY));
        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(one, identity));
        disk.observe((what, name) -> {
        });
        receiver.recover();
        assertEquals(new OpenOutcome.Opened(0), receiver.open(one, identity));
    }

    @Test
    void aFileThatAnInterruptElsewhereHasClosedIsLeftToTheNextProcess() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 200);
        disk.observe((what, name) -> {
            if (what.equals("write")) {
                throw new AsynchronousCloseException();
            }
        });
        send(one, 200, 300);
        assertEquals(new TransferEvent.Kept(identity, 200, 200, KeptReason.PROCESS_ENDING),
                events.get(events.size() - 1));
        assertTrue(disk.bytes("db.partial").isPresent());
    }

    @Test
    void betweenTheRenameAndTheManifestTheSuccessorRecordTells() throws Exception {
        receiver.open(one, identity);
        send(one, 0, whole.length);
        receiver.open(one, identity(whole, 43));
        failWhenRenamed();
        IncomingChunk next = TestSource.chunk(receiver, one, identity(whole, 43), 0);
        next.write(ByteBuffer.wrap(whole));
        next.finish(true, Optional.empty());
        assertEquals(43, directory.committed(DB).orElseThrow().lsn());
        assertEquals(43, directory.verify(DB).orElseThrow().lsn());
    }

    @Test
    void aChunkThatHasToWaitForTheDiskSaysSoBefore() {
        receiver.open(one, identity);
        IncomingChunk first = TestSource.chunk(receiver, one, identity, 0);
        first.write(ByteBuffer.wrap(whole, 0, 10));
        assertFalse(first.mayTakeLong(false));
        first.finish(false, Optional.empty());
        IncomingChunk little = TestSource.chunk(receiver, one, identity, 10);
        little.write(ByteBuffer.wrap(whole, 10, CHECKPOINT_BYTES - 11));
        assertFalse(little.mayTakeLong(false));
        assertTrue(little.mayTakeLong(true), "a commit is forced");
        little.write(ByteBuffer.wrap(whole, CHECKPOINT_BYTES - 1, 1));
        assertTrue(little.mayTakeLong(false), "as much has come since the last checkpoint as may");
    }

    @Test
    void aDirectoryThatCannotBeForcedAtTheCommitIsForcedWhenTheSourceComesBack() throws Exception {
        failWhenRenamed();
        receiver.open(one, identity);
        assertInstanceOf(Refusal.Transport.class,
                assertInstanceOf(ChunkOutcome.Refused.class, send(one, 0, whole.length)).refusal());
        assertInstanceOf(TransferEvent.Failed.class, events.get(events.size() - 1));
        assertEquals(Optional.of(DB), directory.unfinishedCommits().stream().findFirst());
        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(other, identity));
        int[] forces = {0};
        disk.observe((what, name) -> forces[0] += what.equals("force") ? 1 : 0);

        OpenOutcome outcome = receiver.open(other, identity);

        assertInstanceOf(OpenOutcome.AlreadyCommitted.class, outcome);
        assertTrue(forces[0] > 0, "committed means that it survives a power cut");
        assertInstanceOf(TransferEvent.Committed.class, events.get(events.size() - 1), "the board is told");
        assertTrue(directory.unfinishedCommits().isEmpty());
    }

    @Test
    void aDiskThatIsFullBehindTheRenameIsSaidToBeFull() throws Exception {
        boolean[] renamed = {false};
        disk.observe((what, name) -> {
            renamed[0] |= what.equals("rename") && name.equals("db.snapshot");
            if (renamed[0] && what.equals("write")) {
                throw new IOException("No space left on device");
            }
        });
        receiver.open(one, identity);
        assertInstanceOf(Refusal.InsufficientStorage.class,
                assertInstanceOf(ChunkOutcome.Refused.class, send(one, 0, whole.length)).refusal());
        assertInstanceOf(Refusal.InsufficientStorage.class,
                assertInstanceOf(OpenOutcome.Refused.class, receiver.open(other, identity)).refusal());
        disk.observe((what, name) -> {
        });
        assertInstanceOf(OpenOutcome.AlreadyCommitted.class, receiver.open(other, identity));
    }

    @Test
    void aCommitThatCouldNotBeFinishedHealsWithoutItsSource() throws Exception {
        disk.observe((what, name) -> {
            if (what.equals("rename") && name.equals("db.manifest.json")) {
                throw new IOException("Input/output error");
            }
        });
        receiver.open(one, identity);
        send(one, 0, whole.length);
        disk.observe((what, name) -> {
        });
        receiver.heal();
        assertInstanceOf(TransferEvent.Committed.class, events.get(events.size() - 1));
        assertEquals(42, directory.committed(DB).orElseThrow().lsn());
    }

    @Test
    void aRemovalThatCannotBeForcedIsToldAllTheSame() throws Exception {
        receiver.open(one, identity);
        send(one, 0, whole.length);
        disk.observe((what, name) -> {
            if (what.equals("force")) {
                throw new IOException("Input/output error");
            }
        });
        try {
            receiver.removeSnapshot(Principal.ANYBODY);
        } catch (IOException e) {
            assertInstanceOf(TransferEvent.Removed.class, events.get(events.size() - 1));
            return;
        }
        throw new AssertionError("who asked must hear that it may come back");
    }

    @Test
    void whatAFullDiskRefusedAtTheEndOfALinkIsMadeDurableAtTheEndOfTheProcess() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 40);
        disk.observe((what, name) -> {
            if (what.equals("write")) {
                throw new IOException("No space left on device");
            }
        });
        receiver.disconnected(one, KeptReason.LINK_LOST);
        disk.observe((what, name) -> {
        });
        assertTrue(directory.records().checkpoint(DB).isEmpty());

        receiver.makeDurable();

        assertEquals(40, directory.records().checkpoint(DB).orElseThrow().bytes());
        assertEquals(new OpenOutcome.Opened(40), receiver.open(other, identity));
    }

    @Test
    void aKeptTransferWhoseFileIsGoneOrShortStartsAnew() throws Exception {
        for (byte[] left : Arrays.asList(null, new byte[10])) {
            receiver.open(one, identity);
            send(one, 0, 200);
            receiver.disconnected(one, KeptReason.LINK_LOST);
            disk.remove("db.partial");
            if (left != null) {
                disk.put("db.partial", left);
            }
            events.clear();

            assertEquals(new OpenOutcome.Opened(0), receiver.open(other, identity));

            assertEquals(List.of(new TransferEvent.Dropped(identity, 200, DropReason.DAMAGED),
                    new TransferEvent.Began(identity, 0, 0, other.address())), events);
            receiver.abort(Principal.ANYBODY);
        }
    }

    @Test
    void soDoesOneThatAnEarlierProcessLeft() throws Exception {
        receiver = receiver(Optional.of(Inventory.Resumable.of(
                new Checkpoint(identity, 200, Crc32c.of(ByteBuffer.wrap(whole, 0, 200))))));
        assertEquals(new OpenOutcome.Opened(0), TestSource.open(receiver, one, identity));
        assertTrue(events.contains(new TransferEvent.Dropped(identity, 200, DropReason.DAMAGED)), events::toString);
    }

    @Test
    void ofNothingNothingIsKept() {
        receiver.open(one, identity);
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, 0));
        receiver.disconnected(one, KeptReason.LINK_LOST);
        assertEquals(new TransferEvent.Dropped(identity, 0, DropReason.LINK_LOST), events.get(events.size() - 1));
        assertTrue(disk.bytes("db.partial").isEmpty());
    }

    @Test
    void aFirstChunkOfAnotherSnapshotThanAnnouncedIsTold() {
        receiver.open(one, identity);
        events.clear();
        byte[] next = random(20);
        IncomingChunk chunk = TestSource.chunk(receiver, one, identity(next, 43), 0);
        chunk.write(ByteBuffer.wrap(next, 0, 10));
        chunk.finish(false, Optional.empty());
        assertEquals(List.of(new TransferEvent.Dropped(identity, 0, DropReason.REPLACED),
                new TransferEvent.Began(identity(next, 43), 0, 0, one.address())), events);
    }

    @Test
    void theFirstChunkOfWhatWasAnnouncedIsNoSecondBeginning() {
        receiver.open(one, identity);
        events.clear();
        send(one, 0, 10);
        assertEquals(List.of(), events);
    }

    @Test
    void progressIsThatOfThisMoment() {
        receiver.open(one, identity);
        assertEquals(Optional.empty(), receiver.progress());
        send(one, 0, 7);
        assertEquals(Optional.of(new SnapshotReceiver.Progress(7, 0)), receiver.progress());
        send(one, 7, 207);
        assertEquals(Optional.of(new SnapshotReceiver.Progress(207, 207)), receiver.progress());
    }

    @Test
    void whatIsFoundAtStartHasATimeToBeAskedForWhateverTheClockSays() {
        Checkpoint kept = new Checkpoint(identity, 0, Crc32c.EMPTY);
        receiver = receiver(Optional.of(new Inventory.Resumable(kept, Duration.ofDays(400))));
        assertFalse(receiver.expire(Duration.ofDays(7)));
        assertTrue(receiver.expire(Duration.ZERO));
        assertEquals(new TransferEvent.Dropped(identity, 0, DropReason.EXPIRED), events.get(0));
    }

    @Test
    void aChunkThatContinuesWhatAnEarlierProcessLeftIsVerifiedInParts() {
        byte[] large = random(40 * 1024 * 1024);
        SnapshotIdentity larger = identity(large, 42);
        disk.put("db.partial", large);
        receiver = receiver(Optional.of(Inventory.Resumable.of(
                new Checkpoint(larger, large.length - 1, Crc32c.of(ByteBuffer.wrap(large, 0, large.length - 1))))));

        assertEquals(new ChunkStart.Verifying(), receiver.chunk(one, larger, large.length - 1));

        one.leave(); // its link is lost: nobody goes on reading for it
        receiver.disconnected(one, KeptReason.LINK_LOST);
        IncomingChunk last = TestSource.chunk(receiver, other, larger, large.length - 1);
        last.write(ByteBuffer.wrap(large, large.length - 1, 1));
        assertInstanceOf(ChunkOutcome.Committed.class, last.finish(true, Optional.empty()));
        assertArrayEquals(large, disk.bytes("db.snapshot").orElseThrow());
    }

    /** From the next commit's rename on the directory cannot be forced. */
    private void failWhenRenamed() {
        boolean[] renamed = {false};
        disk.observe((what, name) -> {
            renamed[0] |= what.equals("rename") && name.equals("db.snapshot");
            if (renamed[0] && what.equals("force")) {
                throw new IOException("Invalid argument");
            }
        });
    }

    private ChunkOutcome send(Source source, int from, int to) {
        IncomingChunk chunk = TestSource.chunk(receiver, source, identity, from);
        chunk.write(ByteBuffer.wrap(whole, from, to - from));
        return chunk.finish(to == whole.length, Optional.empty());
    }

    private SnapshotReceiver receiver(Optional<Inventory.Resumable> left) {
        return new SnapshotReceiver(DB, directory, rules(), events::add, left);
    }

    private static ReceiverRules rules() {
        return new ReceiverRules(List.of(), new BootstrapLimit(2), CHECKPOINT_BYTES, Runnable::run);
    }

    private static SnapshotIdentity identity(byte[] bytes, long lsn) {
        return new SnapshotIdentity("cluster", DB, lsn, bytes.length, Crc32c.of(ByteBuffer.wrap(bytes)));
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
