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
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** Who may do what, when, to a transfer: sources that come, go, and come too late; a process that ends; a disk that fails. */
class ReceiverTest extends ReceiverOnFiles {

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
        TestSource.assertOpened(whole.length, TestSource.open(receiver, other, identity));
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
        TestSource.assertOpened(whole.length, TestSource.open(receiver, other, identity));
    }

    @Test
    void whatIsAbortedWhileItIsReadBackStartsFromZero() throws Exception {
        leave(whole.length);
        receiver.open(one, identity);
        receiver.abort(Principal.ANYBODY);
        TestSource.assertOpened(0, receiver.open(other, identity));
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
        TestSource.assertOpened(0, another.open(other, identity(new DatabaseId("another"))));
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
    void aSourceThatWasSupersededReplacesNothingThatItsSuccessorCommitted() throws Exception {
        receiver.open(one, identity);
        IncomingChunk waiting = TestSource.chunk(receiver, one, identity, 0);
        waiting.write(ByteBuffer.wrap(whole));
        SnapshotIdentity newer = new SnapshotIdentity("cluster", DB, 43, 1, Crc32c.of(ByteBuffer.wrap(whole, 0, 1)));
        IncomingChunk next = TestSource.chunk(receiver, other, newer, 0);
        next.write(ByteBuffer.wrap(whole, 0, 1));
        assertInstanceOf(ChunkOutcome.Committed.class, next.finish(true, Optional.empty()));

        assertEquals(new ChunkOutcome.Refused(new Refusal.Superseded(DB)), waiting.finish(true, Optional.empty()));
        assertEquals(new OpenOutcome.Refused(new Refusal.Superseded(DB)), receiver.open(one, identity));
        assertEquals(1, Files.size(directory.snapshot(DB)));
    }

    @Test
    void aSourceThatWasSupersededSaysNothingMoreOfWhatItsSuccessorCommitted() throws Exception {
        receiver.open(one, identity);
        receiver.open(other, identity);
        send(other, 0, whole.length);

        assertEquals(new OpenOutcome.Refused(new Refusal.Superseded(DB)), receiver.open(one,
                new Announcement(identity, false, new Notes(Optional.of("16/B374D848"), Map.of()))));
        assertEquals(Notes.NONE, directory.committed(DB).orElseThrow().notes());
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

        TestSource.assertOpened(1000, receiver.open(new TestSource(), identity));
    }

    @Test
    void whatCameFromASourceBeforeItWentIsStillTaken() throws Exception {
        one.leave();
        assertInstanceOf(ChunkOutcome.Committed.class, send(one, 0, whole.length));
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

        TestSource.assertOpened(0, TestSource.open(receiver, other, identity)); // it is damaged
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, 0, whole.length));
        assertArrayEquals(whole, Files.readAllBytes(directory.snapshot(DB)));
    }

    @Test
    void aTransferThatWaitsHasNoFileOpen() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 1000);
        assertEquals(1, openFiles());
        one.leave();
        receiver.disconnected(one, KeptReason.LINK_LOST);

        assertEquals(0, openFiles());

        TestSource.assertOpened(1000, receiver.open(other, identity));
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
        TestSource.assertOpened(durable.bytes(), TestSource.open(next, other, identity));
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
}
