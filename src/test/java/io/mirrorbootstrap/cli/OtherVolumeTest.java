package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.source.RawServer;
import io.mirrorbootstrap.wire.JsonRecords;

/** {@code wait --verify} where a snapshot is whole by its own manifest, and the sidecar speaks of that one or another. */
@Timeout(60)
class OtherVolumeTest extends WithCommandLine {

    private static final byte[] BYTES = "the snapshot".getBytes(StandardCharsets.US_ASCII);
    private static final Crc32c CRC32C = Crc32c.of(ByteBuffer.wrap(BYTES));
    private static final String HERE = "LSN 7, CRC-32C " + CRC32C + ", 12 bytes";

    @TempDir
    Path data;

    private Path file;

    @BeforeEach
    void snapshot() throws IOException {
        DatabaseId database = new DatabaseId("d");
        SnapshotDirectory directory = new SnapshotDirectory(data, 0, new JsonRecords());
        Files.createDirectories(directory.path());
        file = Files.write(directory.snapshot(database), BYTES);
        Files.write(directory.manifest(database), new JsonRecords().manifest(new Manifest(
                new CommittedSnapshot("c", database, 7, BYTES.length, CRC32C, Instant.EPOCH), Optional.empty())));
    }

    @ParameterizedTest
    @CsvSource({"9, , 12", "7, 0x00000001, 12", "7, , 77"})
    void anotherSnapshotThanTheSidecarsIsNotHandedOver(long lsn, String crc32c, long bytes) throws IOException {
        String told = crc32c == null ? CRC32C.toString() : crc32c;
        try (RawServer sidecar = RawServer.of("200 OK", status("following", lsn, told, bytes))) {
            assertEquals(3, await(sidecar));
        }
        assertEquals("", out.toString());
        assertTrue(err.toString().endsWith("mirror-bootstrap: the sidecar has LSN " + lsn + ", CRC-32C " + told + ", "
                + bytes + " bytes, but " + file + " is " + HERE
                + ": another volume (--data-dir), or another sidecar (--url)?" + System.lineSeparator()),
                err::toString);
    }

    @Test
    void onceIsNoProof() throws IOException {
        AtomicInteger asked = new AtomicInteger();
        try (RawServer sidecar = new RawServer(answer -> answer.write(("HTTP/1.1 200 OK\r\n\r\n"
                + status("following", asked.getAndIncrement() == 0 ? 6 : 7, CRC32C.toString(), 12))
                .getBytes(StandardCharsets.US_ASCII)))) {
            assertEquals(0, await(sidecar), err::toString);
        }
        assertHandedOver();
        assertEquals(2, asked.get());
    }

    @Test
    void theNumbersOfASuccessorOnItsWayAreNotItsOwn() throws IOException {
        try (RawServer sidecar = RawServer.of("200 OK", status("bootstrapping", 9, "0x00000001", 77))) {
            assertEquals(0, await(sidecar), err::toString);
        }
        assertHandedOver();
    }

    private void assertHandedOver() {
        assertEquals(file + "\t7\t" + CRC32C + "\t12" + System.lineSeparator(), out.toString());
    }

    private String status(String word, long lsn, String crc32c, long bytes) {
        return "{\"source_database_id\":\"d\",\"source_cluster_id\":\"c\",\"status\":\"" + word + "\",\"bytes_done\":5,"
                + "\"bytes_total\":" + bytes + ",\"snapshot_lsn\":" + lsn + ",\"crc32c\":\"" + crc32c
                + "\",\"snapshot_path\":\"" + file + "\",\"rate_bytes_per_second\":0}";
    }

    private int await(RawServer sidecar) {
        return run("wait", "--verify", "--database", "d", "--url", sidecar.url());
    }
}
