package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.protocol.TestChunk.part;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity.Part;
import io.mirrorbootstrap.snapshot.TransferEvent;

/** What a chunk does, rule by rule. */
abstract class ChunkScenarios extends Scenario {

    private static final int MIB = 1024 * 1024;

    @Test
    void twoChunksCommit() throws Exception {
        byte[] whole = random(3000, 1);
        sendPending(whole, 0, 1000);
        assertEquals("bootstrapping", sidecar.status(database));
        assertPartialHas(1000);
        assertFalse(Files.exists(file(".snapshot")));

        assertEquals(42, assertCommitted(whole, link.send(part(whole, database, 1000, 3000))).lsn());
    }

    @Test
    void aWrongSnapshotCrcIsRefusedWithBothValuesAndNothingRemains() throws Exception {
        byte[] whole = random(3000, 2);
        link.send(part(whole, database, 0, 1000).totalCrc(0x1234));

        assertRefused(new Refusal.SnapshotCrcMismatch(new Crc32c(0x1234), crc(whole)),
                link.send(part(whole, database, 1000, 3000).totalCrc(0x1234)));

        assertNothingRemains();
        assertEquals("failed", sidecar.status(database));
        assertCommitted(whole, link.send(TestChunk.of(whole, database)));
    }

    @Test
    void anEmptySnapshotCommits() throws Exception {
        assertCommitted(new byte[0], link.send(TestChunk.of(new byte[0], database)));
    }

    @Test
    void progressIsReportedForEachMebibyte() throws Exception {
        byte[] whole = random(3 * MIB, 3);
        for (int i = 0; i < 3; i++) {
            link.send(part(whole, database, i * MIB, (i + 1) * MIB));
        }

        List<Long> reports = reports();
        assertTrue(reports.size() >= 2, reports::toString);
        assertEquals(reports.stream().sorted().distinct().toList(), reports, "bytes_done must only grow");
        assertEquals("following", sidecar.status(database));
    }

    @Test
    void smallChunksAreNotReportedOneByOne() throws Exception {
        byte[] whole = random(MIB, 4);
        for (int i = 0; i < 16; i++) {
            link.send(part(whole, database, i * MIB / 16, (i + 1) * MIB / 16));
        }
        assertEquals(1, reports().size());
    }

    /** How far the transfer had come, each time that this was told. */
    private List<Long> reports() {
        return sidecar.events(database).stream().filter(TransferEvent.Progressed.class::isInstance)
                .map(event -> ((TransferEvent.Progressed) event).bytesDone()).toList();
    }

    @Test
    void aGapIsRefusedAndTheRightChunkThenCommits() throws Exception {
        byte[] whole = random(8, 5);
        sendPending(whole, 0, 3);
        assertRefused(new Refusal.OffsetRegression(3, 5), link.send(part(whole, database, 5, 8)));
        assertPartialHas(3);
        assertCommitted(whole, link.send(part(whole, database, 3, 8)));
    }

    @Test
    void withoutATransferOffsetZeroIsExpected() throws Exception {
        assertRefused(new Refusal.OffsetRegression(0, 5), link.send(part(random(8, 6), database, 5, 8)));
        assertEquals("absent", sidecar.status(database));
    }

    @Test
    void aFirstChunkThatIsRefusedBeginsNothing() throws Exception {
        byte[] whole = random(4000, 9);
        sendPending(whole, 0, 1000);

        TestChunk first = part(whole, database, 0, 500);
        assertRefused(new Refusal.ChunkCrcMismatch(0, new Crc32c(1), crc(first.data())),
                link.send(first.chunkCrc(1)));
        assertRefused(new Refusal.SnapshotSizeMismatch(499, 500), link.send(first.total(499)));

        assertPartialHas(1000);
        assertCommitted(whole, link.send(part(whole, database, 1000, 4000)));
    }

    @Test
    void anotherIdentityIsRefusedFieldByField() throws Exception {
        byte[] whole = random(8, 12);
        sendPending(whole, 0, 3);
        TestChunk next = part(whole, database, 3, 8);

        assertRefused(new Refusal.IdentityMismatch(Part.CLUSTER, "cluster-a", "cluster-b"),
                link.send(next.cluster("cluster-b")));
        assertRefused(new Refusal.IdentityMismatch(Part.LSN, "42", "7"), link.send(next.lsn(7)));
        assertRefused(new Refusal.IdentityMismatch(Part.SIZE, "8", "9"), link.send(next.total(9)));
        assertRefused(new Refusal.IdentityMismatch(Part.CRC32C, crc(whole).toString(), "0x00000001"),
                link.send(next.totalCrc(1)));

        assertPartialHas(3);
        assertCommitted(whole, link.send(next));
    }

    @Test
    void aChunkThatIsNotWhatItsOwnCrcSaysIsSentAgain() throws Exception {
        byte[] whole = random(2000, 13);
        TestChunk next = part(whole, database, 1000, 2000);
        int right = TestChunk.crc(next.data());
        link.send(part(whole, database, 0, 1000).chunkCrc(TestChunk.crc(Arrays.copyOf(whole, 1000))));

        assertRefused(new Refusal.ChunkCrcMismatch(1000, new Crc32c(0xCAFE), new Crc32c(right)),
                link.send(next.chunkCrc(0xCAFE)));

        assertPartialHas(1000); // no byte of it may remain
        assertCommitted(whole, link.send(next.chunkCrc(right)));
    }

    @Test
    void moreBytesThanAnnouncedDropTheTransfer() throws Exception {
        byte[] whole = random(2000, 14);
        sendPending(whole, 0, 1000);
        assertRefused(new Refusal.SnapshotSizeMismatch(2000, 2001),
                link.send(part(whole, database, 1000, 2000).data(new byte[1001]).done(false)));
        assertNothingRemains();
        assertEquals("failed", sidecar.status(database));
    }

    @Test
    void theEndBeforeAllHaveComeDropsTheTransfer() throws Exception {
        byte[] whole = random(2000, 15);
        sendPending(whole, 0, 1000);
        assertRefused(new Refusal.SnapshotSizeMismatch(2000, 1500),
                link.send(part(whole, database, 1000, 1500).done(true)));
        assertNothingRemains();
    }

    @Test
    void allBytesAndThenAnEmptyLastChunkCommit() throws Exception {
        byte[] whole = random(2000, 16);
        assertPending(2000, link.send(TestChunk.of(whole, database).done(false)));
        assertCommitted(whole, link.send(part(whole, database, 2000, 2000)));
    }

    @ParameterizedTest
    @EnumSource
    void everyFormMeansTheSame(TestChunk.Form form) throws Exception {
        byte[] whole = random(100_000, 17);
        link.send(part(whole, database, 0, 70_000), form);
        assertCommitted(whole, link.send(part(whole, database, 70_000, 100_000), form));
    }

    @Test
    void aStreamSaysItsCrcInTheLastChunk() throws Exception {
        byte[] whole = random(5000, 18);
        link.send(part(whole, database, 0, 2000).total(0).totalCrc(0));
        link.send(part(whole, database, 2000, 4000).total(0).totalCrc(0));
        assertCommitted(whole, link.send(part(whole, database, 4000, 5000).total(0)));
    }

    @Test
    void aStreamWithAWrongCrcIsNotCommitted() throws Exception {
        byte[] whole = random(5000, 19);
        link.send(part(whole, database, 0, 2000).total(0).totalCrc(0));
        assertRefused(new Refusal.SnapshotCrcMismatch(new Crc32c(99), crc(whole)),
                link.send(part(whole, database, 2000, 5000).total(0).totalCrc(99)));
        assertNothingRemains();
    }

    @Test
    void onlyAStreamMayLeaveItsCrcOpen() throws Exception {
        byte[] whole = random(5000, 20);
        sendPending(whole, 0, 2000);
        assertRefused(new Refusal.IdentityMismatch(Part.CRC32C, crc(whole).toString(), "0x00000000"),
                link.send(part(whole, database, 2000, 4000).totalCrc(0)));
    }

    private static Crc32c crc(byte[] data) {
        return new Crc32c(TestChunk.crc(data));
    }
}
