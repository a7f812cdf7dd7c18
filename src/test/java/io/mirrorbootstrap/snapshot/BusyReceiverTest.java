package io.mirrorbootstrap.snapshot;

import static io.mirrorbootstrap.RandomBytes.random;
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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** A disk that takes long, fails, or loses a file: nobody waits who need not, and everybody hears what is true. */
class BusyReceiverTest extends ReceiverOnSimulatedDisk {

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
        assertFalse(receiver.expire(new Retention(Duration.ZERO, Duration.ZERO)));
        assertEquals(Optional.of(new Progress(40, 0)), receiver.progress());
        assertFalse(commit.isDone());

        disk.stopObserving();
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
        TestSource.assertOpened(10, other.get());
        assertTrue(one.isGone());
    }

    @Test
    void anErrorWhileItIsReadIsNoEndOfIt() throws Exception {
        disk.put("db.snapshot", whole);
        disk.put("db.manifest.json", RECORDS.manifest(new Manifest(
                new CommittedSnapshot("cluster", DB, 7, whole.length, identity.totalCrc32c(), Instant.EPOCH),
                Optional.empty())));
        receiver = SnapshotReceiver.recovering(DB, directory, rules(), events::add, false);
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
        disk.stopObserving();
        receiver.recover();
        TestSource.assertOpened(0, receiver.open(one, identity));
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
    void whatAFullDiskRefusedAtTheEndOfALinkIsMadeDurableAtTheEndOfTheProcess() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 40);
        disk.whileFull("write", () -> receiver.disconnected(one, KeptReason.LINK_LOST));
        assertTrue(directory.records().checkpoint(DB).isEmpty());

        receiver.makeDurable();

        assertEquals(40, directory.records().checkpoint(DB).orElseThrow().bytes());
        TestSource.assertOpened(40, receiver.open(other, identity));
    }

    @Test
    void aChunkThatContinuesWhatAnEarlierProcessLeftIsVerifiedInParts() {
        byte[] large = random(40 * 1024 * 1024, 2);
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

    private static void await(CountDownLatch latch) throws IOException {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
