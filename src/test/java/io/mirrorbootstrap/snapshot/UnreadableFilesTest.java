package io.mirrorbootstrap.snapshot;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** A kept transfer whose file cannot be read, or not be opened to write: it does not keep its source away for ever. */
class UnreadableFilesTest extends ReceiverOnSimulatedDisk {

    private static final String BROKEN = "Input/output error";

    @Test
    void whatCannotBeReadTwiceInARowBeginsAtZero() {
        leave(whole, 200, Duration.ZERO);
        fail("readFile", BROKEN);

        Refusal first = refused(one);

        assertTrue(first.message().contains("begins at 0"), first::message);
        assertEquals(new TransferEvent.Kept(identity, 200, 200, KeptReason.LINK_LOST), events.get(events.size() - 1));
        TestSource.assertOpened(0, TestSource.open(receiver, other, identity));
        assertTrue(events.contains(new TransferEvent.Dropped(identity, 200, DropReason.DAMAGED)), events::toString);
        assertTrue(disk.bytes("db.partial").isEmpty());
        disk.stopObserving();
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, 0, whole.length));
    }

    @Test
    void soDoesWhatCannotBeOpenedToWrite() {
        receiver.open(one, identity);
        send(one, 0, 200);
        receiver.disconnected(one, KeptReason.LINK_LOST);
        fail("open", BROKEN);

        refused(new TestSource());
        TestSource.assertOpened(0, TestSource.open(receiver, other, identity));

        assertTrue(events.contains(new TransferEvent.Dropped(identity, 200, DropReason.DAMAGED)), events::toString);
        disk.stopObserving();
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, 0, whole.length));
    }

    @Test
    void aChunkThatContinuesWhatCannotBeReadIsToldToBeginToo() {
        leave(whole, 200, Duration.ZERO);
        fail("readFile", BROKEN);
        assertInstanceOf(Refusal.Transport.class, refused(TestSource.chunk(receiver, one, identity, 200)));
        receiver.disconnected(one, KeptReason.LINK_LOST);

        assertEquals(new Refusal.OffsetRegression(0, 200), refused(TestSource.chunk(receiver, other, identity, 200)));
    }

    @Test
    void aDiskThatWasAwayForAMomentHasLostNothing() {
        leave(whole, 200, Duration.ZERO);
        fail("readFile", BROKEN);
        refused(one);
        disk.stopObserving();
        TestSource.assertOpened(200, TestSource.open(receiver, other, identity));
    }

    @Test
    void aPartThatIsReadInBetweenIsABeginningOfItsOwn() {
        byte[] large = random(40 * 1024 * 1024, 2);
        SnapshotIdentity larger = identity(large, 42);
        leave(large, large.length, Duration.ZERO);
        for (int part = 0; part < 2; part++) {
            fail("readFile", BROKEN);
            TestSource failing = new TestSource();
            assertInstanceOf(OpenOutcome.Refused.class, receiver.open(failing, larger));
            receiver.disconnected(failing, KeptReason.LINK_LOST);
            disk.stopObserving();
            TestSource reading = new TestSource();
            assertInstanceOf(OpenOutcome.Verifying.class, receiver.open(reading, larger)); // and the part is read
            receiver.disconnected(reading, KeptReason.LINK_LOST);
        }
        TestSource.assertOpened(large.length, TestSource.open(receiver, other, larger));
    }

    @ParameterizedTest
    @CsvSource({"open, Too many open files", "open, Too many open files in system", "readFile, Cannot allocate memory",
            "open, No space left on device"})
    void whatIsNoFaultOfTheFileCostsNoByte(String step, String failure) {
        leave(whole, 200, Duration.ZERO);
        fail(step, failure);
        for (int i = 0; i < 5; i++) {
            refused(new TestSource());
        }
        disk.stopObserving();
        TestSource.assertOpened(200, TestSource.open(receiver, other, identity));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Read-only file system", BROKEN})
    void norDoesADiskOnWhichNoFileCanBeMade(String failure) {
        leave(whole, 200, Duration.ZERO);
        disk.observe((what, name) -> {
            if (what.equals("open") || what.equals("create")) {
                throw new IOException(failure);
            }
        });
        for (int i = 0; i < 5; i++) {
            refused(new TestSource());
        }
        disk.stopObserving();
        TestSource.assertOpened(200, TestSource.open(receiver, other, identity));
    }

    @Test
    void anAttemptInWhichNothingIsReadDoesNotProlongTheRetention() {
        Duration retention = Duration.ofMinutes(1);
        leave(whole, 200, Duration.ofDays(400));
        fail("open", "Too many open files");
        Waiting before = kept().waiting();

        refused(one);

        assertEquals(before, kept().waiting());
        disk.stopObserving();
        receiver.open(other, identity); // it is read
        receiver.disconnected(other, KeptReason.LINK_LOST);
        assertFalse(receiver.expire(new Retention(retention, Duration.ZERO)));
        assertEquals(Duration.ZERO, kept().waiting().before());
    }

    private KeptTransfer kept() {
        return receiver.phase().kept().orElseThrow();
    }

    private void leave(byte[] bytes, int accepted, Duration age) {
        disk.put("db.partial", bytes);
        receiver = receiver(Optional.of(new Inventory.Resumable(new Checkpoint(identity(bytes, 42), accepted,
                Crc32c.of(ByteBuffer.wrap(bytes, 0, accepted))), age)));
    }

    private void fail(String step, String failure) {
        disk.observe((what, name) -> {
            if (what.equals(step) && name.equals("db.partial")) {
                throw new IOException(failure);
            }
        });
    }

    /** The answer to {@code source}, whose link ends with it. */
    private Refusal refused(TestSource source) {
        Refusal refusal = assertInstanceOf(OpenOutcome.Refused.class, TestSource.open(receiver, source, identity))
                .refusal();
        receiver.disconnected(source, KeptReason.LINK_LOST);
        return refusal;
    }

    private static Refusal refused(IncomingChunk chunk) {
        return assertInstanceOf(ChunkOutcome.Refused.class, chunk.finish(false, Optional.empty())).refusal();
    }
}
