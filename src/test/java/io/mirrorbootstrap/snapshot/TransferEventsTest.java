package io.mirrorbootstrap.snapshot;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** The events and the progress of a transfer, as its listener and its callers see them. */
class TransferEventsTest extends ReceiverOnSimulatedDisk {

    /** However many messages are refused meanwhile: the wait for a source is told by its age. */
    @Test
    void theAgeOfTheLastChunkBeginsWithTheTransferAndWithAChunkThatIsAccepted() {
        assertEquals(Optional.empty(), receiver.sinceLastChunk());
        receiver.open(one, identity);
        Duration opened = receiver.sinceLastChunk().orElseThrow();
        assertInstanceOf(ChunkOutcome.Refused.class, send(other, 300, 400));
        assertInstanceOf(ChunkOutcome.Refused.class, send(one, 300, 400));
        assertTrue(receiver.sinceLastChunk().orElseThrow().compareTo(opened) >= 0);
        send(one, 0, 300);
        assertTrue(receiver.sinceLastChunk().isPresent());
        receiver.disconnected(one, KeptReason.LINK_LOST);
        assertEquals(Optional.empty(), receiver.sinceLastChunk());
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

            TestSource.assertOpened(0, receiver.open(other, identity));

            assertEquals(List.of(new TransferEvent.Dropped(identity, 200, DropReason.MISSING),
                    new TransferEvent.Began(identity, 0, 0, other.address())), events);
            receiver.abort(Principal.ANYBODY);
        }
    }

    @Test
    void soDoesOneThatAnEarlierProcessLeft() throws Exception {
        receiver = receiver(Optional.of(Inventory.Resumable.of(
                new Checkpoint(identity, 200, Crc32c.of(ByteBuffer.wrap(whole, 0, 200))))));
        TestSource.assertOpened(0, TestSource.open(receiver, one, identity));
        assertTrue(events.contains(new TransferEvent.Dropped(identity, 200, DropReason.MISSING)), events::toString);
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
        byte[] next = random(20, 2);
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
        assertEquals(Optional.of(new Progress(7, 0)), receiver.progress());
        send(one, 7, 207);
        assertEquals(Optional.of(new Progress(207, 207)), receiver.progress());
    }

    @Test
    void whatIsFoundAtStartHasATimeToBeAskedForWhateverTheClockSays() {
        Checkpoint kept = new Checkpoint(identity, 0, Crc32c.EMPTY);
        receiver = receiver(Optional.of(new Inventory.Resumable(kept, Duration.ofDays(400))));
        assertFalse(receiver.expire(new Retention(Duration.ofDays(7), Duration.ZERO)));
        assertTrue(receiver.expire(new Retention(Duration.ZERO, Duration.ofDays(7))));
        assertEquals(new TransferEvent.Dropped(identity, 0, DropReason.EXPIRED), events.get(0));
    }
}
