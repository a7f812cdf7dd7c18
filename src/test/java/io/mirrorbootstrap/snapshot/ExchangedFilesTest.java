package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BiPredicate;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;

/** Somebody puts another file, of the same length, in place of a payload between two steps on the disk: it is not published. */
class ExchangedFilesTest extends ReceiverOnSimulatedDisk {

    private final byte[] others = new byte[whole.length];

    @Test
    void betweenItsCreationAndTheFirstLookAtIt() {
        exchangeBefore((what, name) -> what.equals("facts") && name.startsWith(".db."), ".db.");

        assertRefused(send(one, 0, whole.length));

        assertNothingIsPublished();
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, 0, whole.length));
    }

    @ParameterizedTest
    @ValueSource(strings = {"force", "rename"})
    void betweenItsVerificationAndItsRename(String step) throws Exception {
        receiver.open(one, identity);
        send(one, 0, 40);
        exchangeBefore((what, name) -> what.equals(step) && disk.bytes("db.successor.json").isPresent(),
                "db.partial");

        assertRefused(send(one, 40, whole.length));

        assertTrue(events.stream().noneMatch(TransferEvent.Committed.class::isInstance), events::toString);
        assertEquals(step.equals("rename") ? Remains.ANOTHER_FILE : Remains.NOTHING,
                assertInstanceOf(TransferEvent.Failed.class, events.get(events.size() - 1)).remains());
        assertTrue(directory.committed(DB).isEmpty());
        receiver.heal();
        assertInstanceOf(OpenOutcome.Opened.class, receiver.open(other, identity));
        assertInstanceOf(ChunkOutcome.Committed.class, send(other, 0, whole.length));
        assertArrayEquals(whole, disk.bytes("db.snapshot").orElseThrow());
    }

    @Test
    void whileItIsReadBackForItsSource() {
        leave();
        int[] looks = {0};
        // the third look comes behind the reading
        exchangeBefore((what, name) -> what.equals("facts") && name.equals("db.partial") && ++looks[0] == 3,
                "db.partial");

        TestSource.assertOpened(0, TestSource.open(receiver, one, identity));
        assertNothingIsPublished();
    }

    @Test
    void whileItIsOpenedAgain() {
        leave();
        exchangeBefore((what, name) -> what.equals("open") && name.equals("db.partial")
                && receiver.phase().kept().filter(kept -> kept.readBytes() == 900).isPresent(), "db.partial");

        TestSource.assertOpened(0, TestSource.open(receiver, one, identity));
        assertNothingIsPublished();
    }

    @Test
    void whileItIsReadToFinishACommitThatWasCutShort() throws Exception {
        disk.put("db.partial", whole);
        disk.put("db.successor.json", RECORDS.manifest(described()));
        assertIsNotBelieved("db.partial");
        assertNothingIsPublished();
    }

    @Test
    void whileItIsReadBecauseNoRecordHasItsMark() throws Exception {
        disk.put("db.snapshot", whole);
        disk.put("db.manifest.json", RECORDS.manifest(described()));
        assertIsNotBelieved("db.snapshot");
    }

    @Test
    void beforeWhatAFullDiskHasRefusedIsMadeDurable() throws Exception {
        receiver.open(one, identity);
        send(one, 0, 40);
        disk.whileFull("write", () -> receiver.disconnected(one, KeptReason.LINK_LOST));
        disk.put("db.partial", new byte[40]);

        receiver.makeDurable();

        assertTrue(directory.records().checkpoint(DB).isEmpty(), "it would speak of another file");
        TestSource.assertOpened(0, TestSource.open(receiver, other, identity));
    }

    private void assertIsNotBelieved(String name) throws IOException {
        receiver = SnapshotReceiver.recovering(DB, directory, rules(), events::add, false);
        exchangeBefore((what, file) -> what.equals("readFile") && file.equals(name), name);
        assertThrows(IOException.class, receiver::recover);
        assertTrue(receiver.isUnrecovered());
        assertInstanceOf(OpenOutcome.Refused.class, receiver.open(one, identity));
        receiver.recover();
        assertTrue(directory.committed(DB).isEmpty());
        assertTrue(events.stream().noneMatch(TransferEvent.Found.class::isInstance), events::toString);
        TestSource.assertOpened(0, TestSource.open(receiver, one, identity));
    }

    /** As an older version described it. */
    private Manifest described() {
        return new Manifest(
                new CommittedSnapshot("cluster", DB, 42, whole.length, identity.totalCrc32c(), Instant.EPOCH),
                Optional.empty());
    }

    /** An earlier process has received 900 bytes. */
    private void leave() {
        disk.put("db.partial", whole);
        receiver = receiver(Optional.of(
                Inventory.Resumable.of(new Checkpoint(identity, 900, Crc32c.of(ByteBuffer.wrap(whole, 0, 900))))));
    }

    /** Once, before the step for which {@code when} holds, another file gets the name; where that ends with a dot, the step's own. */
    private void exchangeBefore(BiPredicate<String, String> when, String exchanged) {
        boolean[] done = {false};
        disk.observe((what, name) -> {
            if (!done[0] && when.test(what, name)) {
                done[0] = true;
                disk.put(exchanged.endsWith(".") ? name : exchanged, others);
            }
        });
    }

    private static void assertRefused(ChunkOutcome outcome) {
        assertInstanceOf(Refusal.Transport.class, assertInstanceOf(ChunkOutcome.Refused.class, outcome).refusal());
    }

    private void assertNothingIsPublished() {
        assertFalse(disk.bytes("db.snapshot").isPresent());
        assertTrue(events.stream().noneMatch(TransferEvent.Committed.class::isInstance), events::toString);
    }
}
