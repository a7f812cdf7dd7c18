package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.protocol.TestChunk.crc;
import static io.mirrorbootstrap.protocol.TestChunk.part;
import static io.mirrorbootstrap.protocol.TestChunk.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.snapshot.TransferEvent;

/** What a chunk does, rule by rule; run against the domain itself and over a real WebSocket. */
abstract class ChunkScenarios {

    private static final int MIB = 1024 * 1024;

    private Sidecar sidecar;
    private Sidecar.Link link;
    /** A name of its own for each test: the service keeps its directory. */
    private String database;

    abstract Sidecar sidecar();

    @BeforeEach
    void connect() throws Exception {
        sidecar = sidecar();
        link = sidecar.link();
        database = "db-" + UUID.randomUUID();
    }

    @AfterEach
    void disconnect() throws Exception {
        link.drop();
    }

    @Test
    void twoChunksCommit() throws Exception {
        byte[] whole = random(3000, 1);

        JsonNode first = link.send(part(whole, database, 0, 1000));
        assertEquals("pending", first.path("type").asText(), first::toString);
        assertEquals(1000, first.path("bytes_done").asLong());
        assertTrue(first.path("durable_bytes").asLong() <= 1000);
        assertEquals("bootstrapping", sidecar.status(database));
        assertEquals(1000, Files.size(file(".partial")));
        assertFalse(Files.exists(file(".snapshot")));

        JsonNode last = link.send(part(whole, database, 1000, 3000));
        assertCommitted(whole, last);
        assertEquals(42, last.path("snapshot_lsn").asLong());
    }

    @Test
    void aWrongSnapshotCrcIsRefusedWithBothValuesAndNothingRemains() throws Exception {
        byte[] whole = random(3000, 2);
        link.send(part(whole, database, 0, 1000).totalCrc(0x1234));

        JsonNode refused = link.send(part(whole, database, 1000, 3000).totalCrc(0x1234));

        assertError("snapshot_crc_mismatch", refused);
        assertEquals("0x00001234", refused.path("stored").asText());
        assertEquals(String.format("0x%08x", crc(whole)), refused.path("computed").asText());
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

        List<Long> reports = sidecar.events(database).stream()
                .filter(TransferEvent.Progressed.class::isInstance)
                .map(event -> ((TransferEvent.Progressed) event).bytesDone()).toList();

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
        assertEquals(1, sidecar.events(database).stream().filter(TransferEvent.Progressed.class::isInstance).count());
    }

    @Test
    void aGapIsRefusedAndTheRightChunkThenCommits() throws Exception {
        byte[] whole = random(8, 5);
        link.send(part(whole, database, 0, 3));

        JsonNode gap = link.send(part(whole, database, 5, 8));

        assertError("snapshot_offset_regression", gap);
        assertEquals(3, gap.path("expected").asLong());
        assertEquals(5, gap.path("actual").asLong());
        assertEquals(3, Files.size(file(".partial")));
        assertCommitted(whole, link.send(part(whole, database, 3, 8)));
    }

    @Test
    void withoutATransferOffsetZeroIsExpected() throws Exception {
        JsonNode refused = link.send(part(random(8, 6), database, 5, 8));

        assertError("snapshot_offset_regression", refused);
        assertEquals(0, refused.path("expected").asLong());
        assertEquals(5, refused.path("actual").asLong());
        assertEquals("absent", sidecar.status(database));
    }

    @Test
    void offsetZeroStartsAfresh() throws Exception {
        byte[] old = random(5000, 7);
        byte[] whole = random(4000, 8);
        link.send(part(old, database, 0, 4500));

        JsonNode first = link.send(part(whole, database, 0, 100).lsn(43));

        assertEquals(100, first.path("bytes_done").asLong());
        assertEquals(100, Files.size(file(".partial")));
        assertCommitted(whole, link.send(part(whole, database, 100, 4000).lsn(43)));
    }

    @Test
    void aFirstChunkThatIsRefusedBeginsNothing() throws Exception {
        byte[] whole = random(4000, 9);
        link.send(part(whole, database, 0, 1000));

        assertError("chunk_crc_mismatch", link.send(part(whole, database, 0, 500).chunkCrc(1)));
        assertError("snapshot_size_mismatch", link.send(part(whole, database, 0, 500).total(499)));

        assertEquals(1000, Files.size(file(".partial")));
        assertCommitted(whole, link.send(part(whole, database, 1000, 4000)));
    }

    @Test
    void aCommittedSnapshotStaysUntilItsSuccessorIsVerified() throws Exception {
        byte[] old = random(100, 10);
        byte[] whole = random(200, 11);
        link.send(TestChunk.of(old, database));

        link.send(part(whole, database, 0, 150).lsn(43));
        assertArrayEquals(old, Files.readAllBytes(file(".snapshot")));
        assertError("snapshot_crc_mismatch",
                link.send(part(whole, database, 150, 200).lsn(43).data(new byte[50])));
        assertArrayEquals(old, Files.readAllBytes(file(".snapshot")));

        assertCommitted(whole, link.send(TestChunk.of(whole, database).lsn(44)));
    }

    @Test
    void anotherIdentityIsRefusedFieldByField() throws Exception {
        byte[] whole = random(8, 12);
        link.send(part(whole, database, 0, 3));
        TestChunk next = part(whole, database, 3, 8);

        assertMismatch("source_cluster_id", "cluster-a", "cluster-b", link.send(next.cluster("cluster-b")));
        assertMismatch("snapshot_lsn", "42", "7", link.send(next.lsn(7)));
        assertMismatch("total_bytes", "8", "9", link.send(next.total(9)));
        assertMismatch("total_crc32c", String.format("0x%08x", crc(whole)), "0x00000001", link.send(next.totalCrc(1)));

        assertEquals(3, Files.size(file(".partial")));
        assertCommitted(whole, link.send(next));
    }

    @Test
    void aChunkThatIsNotWhatItsOwnCrcSaysIsSentAgain() throws Exception {
        byte[] whole = random(2000, 13);
        TestChunk next = part(whole, database, 1000, 2000);
        link.send(part(whole, database, 0, 1000).chunkCrc(crc(Arrays.copyOf(whole, 1000))));

        JsonNode refused = link.send(next.chunkCrc(0xCAFE));

        assertError("chunk_crc_mismatch", refused);
        assertEquals(1000, refused.path("offset").asLong());
        assertEquals("0x0000cafe", refused.path("stored").asText());
        assertEquals(String.format("0x%08x", crc(next.data())), refused.path("computed").asText());
        assertEquals(1000, Files.size(file(".partial")), "no byte of it may remain");
        assertCommitted(whole, link.send(next.chunkCrc(crc(next.data()))));
    }

    @Test
    void moreBytesThanAnnouncedDropTheTransfer() throws Exception {
        byte[] whole = random(2000, 14);
        link.send(part(whole, database, 0, 1000));

        JsonNode refused = link.send(part(whole, database, 1000, 2000).data(new byte[1001]).done(false));

        assertError("snapshot_size_mismatch", refused);
        assertEquals(2000, refused.path("expected").asLong());
        assertEquals(2001, refused.path("actual").asLong());
        assertNothingRemains();
        assertEquals("failed", sidecar.status(database));
    }

    @Test
    void theEndBeforeAllHaveComeDropsTheTransfer() throws Exception {
        byte[] whole = random(2000, 15);
        link.send(part(whole, database, 0, 1000));

        JsonNode refused = link.send(part(whole, database, 1000, 1500).done(true));

        assertError("snapshot_size_mismatch", refused);
        assertEquals(2000, refused.path("expected").asLong());
        assertEquals(1500, refused.path("actual").asLong());
        assertNothingRemains();
    }

    @Test
    void allBytesAndThenAnEmptyLastChunkCommit() throws Exception {
        byte[] whole = random(2000, 16);
        assertEquals("pending", link.send(TestChunk.of(whole, database).done(false)).path("type").asText());
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
        assertError("snapshot_crc_mismatch", link.send(part(whole, database, 2000, 5000).total(0).totalCrc(99)));
        assertNothingRemains();
    }

    @Test
    void onlyAStreamMayLeaveItsCrcOpen() throws Exception {
        byte[] whole = random(5000, 20);
        link.send(part(whole, database, 0, 2000));
        assertMismatch("total_crc32c", String.format("0x%08x", crc(whole)), "0x00000000",
                link.send(part(whole, database, 2000, 4000).totalCrc(0)));
    }

    @Test
    void anOpenedTransferIsKeptWhenItsLinkDrops() throws Exception {
        byte[] whole = random(5000, 21);
        assertOpened(0, link.open(TestChunk.of(whole, database)));
        link.send(part(whole, database, 0, 2000));
        link.drop();
        assertEquals("disconnected", sidecar.status(database));
        assertEquals(2000, Files.size(file(".partial")));

        link = sidecar.link();
        assertOpened(2000, link.open(TestChunk.of(whole, database)));
        assertCommitted(whole, link.send(part(whole, database, 2000, 5000)));
    }

    @Test
    void aTransferThatWasNotOpenedIsDiscardedWhenItsLinkDrops() throws Exception {
        byte[] whole = random(5000, 22);
        link.send(part(whole, database, 0, 2000));
        link.drop();
        assertNothingRemains();
        assertEquals("disconnected", sidecar.status(database));

        link = sidecar.link();
        assertError("snapshot_offset_regression", link.send(part(whole, database, 2000, 5000)));
    }

    @Test
    void offsetZeroOnTheLinkThatOpenedLeavesTheTransferOpened() throws Exception {
        byte[] whole = random(5000, 23);
        link.open(TestChunk.of(whole, database));
        link.send(part(whole, database, 0, 2000));
        link.send(part(whole, database, 0, 1000));
        link.drop();
        assertEquals(1000, Files.size(file(".partial")));
    }

    @Test
    void whatIsHereAlreadyNeedNotBeSent() throws Exception {
        byte[] whole = random(5000, 24);
        link.send(TestChunk.of(whole, database));
        assertCommitted(whole, link.open(TestChunk.of(whole, database)));
        assertOpened(0, link.open(TestChunk.of(whole, database).lsn(43)));
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
    }

    @Test
    void abortDropsWhatIsUnderWayAndOnlyThat() throws Exception {
        byte[] old = random(10, 25);
        byte[] whole = random(5000, 26);
        assertEquals("aborted", link.abort(database).path("type").asText(), "also when there is nothing to drop");
        link.send(TestChunk.of(old, database));
        link.open(TestChunk.of(whole, database));
        link.send(part(whole, database, 0, 2000));

        JsonNode aborted = link.abort(database);

        assertEquals("aborted", aborted.path("type").asText());
        assertEquals(database, aborted.path("source_database_id").asText());
        assertFalse(Files.exists(file(".partial")));
        assertArrayEquals(old, Files.readAllBytes(file(".snapshot")));
        assertEquals("following", sidecar.status(database));
        assertEquals(0, link.send(part(whole, database, 2000, 5000)).path("expected").asLong());
    }

    @Test
    void twoDatabasesOnOneLinkDoNotDisturbEachOther() throws Exception {
        String other = database + "-other";
        byte[] whole = random(5000, 27);
        byte[] others = random(6000, 28);
        link.send(part(whole, database, 0, 2000));
        link.send(part(others, other, 0, 3000));
        assertError("snapshot_offset_regression", link.send(part(whole, database, 2001, 3000)));
        assertEquals("pending", link.send(part(others, other, 3000, 4000)).path("type").asText());
        assertCommitted(whole, link.send(part(whole, database, 2000, 5000)));
        assertEquals("committed", link.send(part(others, other, 4000, 6000)).path("type").asText());
        assertArrayEquals(others, Files.readAllBytes(sidecar.directory().resolve(other + ".snapshot")));
    }

    @Test
    void anUnexpectedFailureEndsTheTransferAndDoesNotBlockItsSuccessor() throws Exception {
        byte[] whole = random(5000, 29);
        // what no source can do and an operator can: a directory where the snapshot must go
        Path obstacle = Files.createDirectories(file(".snapshot").resolve("in-the-way"));
        link.send(part(whole, database, 0, 2000));

        assertError("transport", link.send(part(whole, database, 2000, 5000)));

        assertFalse(Files.exists(file(".partial")));
        assertFalse(Files.exists(file(".manifest.json")));
        assertEquals("failed", sidecar.status(database));
        Files.delete(obstacle);
        Files.delete(file(".snapshot"));
        link.drop(); // closed 1011 where there is a real one
        link = sidecar.link();
        assertCommitted(whole, link.send(TestChunk.of(whole, database)));
    }

    private Path file(String suffix) {
        return sidecar.directory().resolve(database + suffix);
    }

    private void assertCommitted(byte[] whole, JsonNode answer) throws Exception {
        assertEquals("committed", answer.path("type").asText(), answer::toString);
        assertEquals(database, answer.path("source_database_id").asText());
        assertEquals(whole.length, answer.path("bytes").asLong());
        assertEquals(String.format("0x%08x", crc(whole)), answer.path("crc32c").asText());
        assertEquals(file(".snapshot").toString(), answer.path("snapshot_path").asText());
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
        assertTrue(Files.readString(file(".manifest.json")).contains(String.format("0x%08x", crc(whole))));
        assertFalse(Files.exists(file(".partial")));
        assertEquals("following", sidecar.status(database));
    }

    private void assertNothingRemains() {
        assertFalse(Files.exists(file(".partial")));
        assertFalse(Files.exists(file(".snapshot")));
        assertFalse(Files.exists(file(".manifest.json")));
    }

    private void assertError(String code, JsonNode answer) {
        assertEquals("error", answer.path("type").asText(), answer::toString);
        assertEquals(code, answer.path("code").asText(), answer::toString);
        assertEquals(database, answer.path("source_database_id").asText());
        assertFalse(answer.path("message").asText().isEmpty());
    }

    private void assertMismatch(String field, String expected, String actual, JsonNode answer) {
        assertError("envelope_mismatch", answer);
        assertEquals(field, answer.path("field").asText());
        assertEquals(expected, answer.path("expected").asText());
        assertEquals(actual, answer.path("actual").asText());
    }

    private static void assertOpened(long offset, JsonNode answer) {
        assertEquals("opened", answer.path("type").asText(), answer::toString);
        assertEquals(offset, answer.path("offset").asLong());
        assertTrue(answer.path("max_chunk_bytes").asLong() > 0);
        assertTrue(answer.path("window_bytes").asLong() > 0);
    }
}
