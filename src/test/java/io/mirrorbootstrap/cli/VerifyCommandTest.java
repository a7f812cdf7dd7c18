package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
import io.mirrorbootstrap.snapshot.Verification;
import io.mirrorbootstrap.wire.JsonRecords;

/** {@code verify}, and what reads for it. */
@Timeout(60)
class VerifyCommandTest extends WithCommandLine {

    private static final DatabaseId DATABASE = new DatabaseId("d");
    private static final byte[] BYTES = "the snapshot".getBytes(StandardCharsets.US_ASCII);
    private static final Crc32c CRC32C = Crc32c.of(ByteBuffer.wrap(BYTES));
    private static final long MIB = 1024 * 1024;

    @TempDir
    Path data;

    private SnapshotDirectory directory;
    private Path file;

    @BeforeEach
    void snapshot() throws IOException {
        directory = new SnapshotDirectory(data, 0, new JsonRecords());
        Files.createDirectories(directory.path());
        file = directory.snapshot(DATABASE);
        commit(7, BYTES);
    }

    @Test
    void whatIsRightIsTold() throws IOException {
        Set<Path> before = files();
        assertEquals(0, verify(), err::toString);
        assertEquals(file + " is what its manifest says: LSN 7, CRC-32C " + CRC32C + ", 12 bytes"
                + System.lineSeparator(), out.toString());
        assertTrue(err.toString().startsWith("checksum 100 %, 12 B of 12 B"), err::toString);
        assertEquals(before, files(), "nothing is left behind");
    }

    @ParameterizedTest
    @CsvSource({"The snapshot,of 12 bytes CRC-32C 0x83D0FE72 is stored", "the snap,'12 bytes are stored, it has 8'"})
    void whatIsNotIsToldWithItsNumbers(String content, String said) throws IOException {
        Files.writeString(file, content);
        assertEquals(3, verify());
        assertEquals("", out.toString());
        String last = err.toString().lines().reduce("", (one, next) -> next);
        String computed = content.length() < 12
                ? ""
                : ", " + Crc32c.of(ByteBuffer.wrap(content.getBytes(StandardCharsets.US_ASCII))) + " computed";
        assertEquals("mirror-bootstrap: " + file + " is not what its manifest says: "
                + said.replace("0x83D0FE72", CRC32C.toString()) + computed, last);
    }

    @ParameterizedTest
    @CsvSource({"true,false", "false,true", "true,true"})
    void whatIsNotCommittedIsNotThere(boolean withoutFile, boolean withoutManifest) throws IOException {
        if (withoutFile) {
            Files.delete(file);
        }
        if (withoutManifest) {
            Files.delete(directory.manifest(DATABASE));
        }
        assertEquals(4, verify());
        assertTrue(err.toString().startsWith("mirror-bootstrap: no committed snapshot of d is there: "), err::toString);
    }

    @Test
    void whatCannotBeReadIsTold() throws IOException {
        Path none = Files.createDirectory(data.resolve("none"));
        Files.createFile(none.resolve("recv_snapshots")); // where the directory would be
        assertEquals(5, run("verify", "d", "--data-dir", none.toString()));
        assertTrue(err.toString().contains("none/recv_snapshots/d.snapshot cannot be read: "), err::toString);
        assertEquals(2, run("verify", "d", "--rate", "fast"));
    }

    @Test
    void theServicesDirectoryIsItsOwnToo() {
        environment.put("MIRROR_BOOTSTRAP_DATA_DIR", data.toString());
        assertEquals(0, run("verify", "d", "--rate", "0"), err::toString);
        assertEquals(4, run("verify", "d", "--data-dir", data.resolve("none").toString()), "an option wins");
    }

    @Test
    void aSuccessorThatIsCommittedMeanwhileIsReadInItsPlace() throws IOException {
        AtomicLong readings = new AtomicLong();
        Verification found = directory.verify(DATABASE, 2, (bytes, total) -> {
            if (readings.getAndIncrement() == 0) {
                commit(8, new byte[]{1, 2, 3});
            }
        });
        assertEquals(8, ((Verification.Right) found).snapshot().lsn());
        assertEquals(2, readings.get());
    }

    @Test
    void whatIsReplacedAgainAndAgainIsGivenUp() throws IOException {
        AtomicLong lsn = new AtomicLong(7);
        Verification found = directory.verify(DATABASE, 5,
                (bytes, total) -> commit(lsn.incrementAndGet(), new byte[]{1, 2, 3}));
        assertEquals(new Verification.Replaced(), found);
        assertEquals(12, lsn.get());
    }

    /** Its room would not be given back while it is open. */
    @Test
    void aFileThatWasReplacedIsNotReadToItsEnd() throws IOException {
        Path large = data.resolve("large");
        try (RandomAccessFile sparse = new RandomAccessFile(large.toFile(), "rw")) {
            sparse.setLength(200 * MIB);
        }
        Files.move(large, file, StandardCopyOption.REPLACE_EXISTING);
        manifest(9, 200 * MIB, CRC32C);
        AtomicLong most = new AtomicLong();
        Verification found = directory.verify(DATABASE, 2, (bytes, total) -> {
            most.accumulateAndGet(bytes, Math::max);
            if (bytes <= 256 * 1024 && total == 200 * MIB) {
                commit(10, BYTES);
            }
        });
        assertEquals(10, ((Verification.Right) found).snapshot().lsn());
        assertEquals(64 * MIB, most.get());
    }

    private int verify() {
        return run("verify", "d", "--data-dir", data.toString());
    }

    private Set<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(data)) {
            return all.collect(Collectors.toSet());
        }
    }

    private void commit(long lsn, byte[] bytes) {
        try {
            Path next = Files.write(data.resolve("next"), bytes);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            manifest(lsn, bytes.length, Crc32c.of(ByteBuffer.wrap(bytes)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void manifest(long lsn, long bytes, Crc32c crc32c) throws IOException {
        Files.write(directory.manifest(DATABASE), new JsonRecords().manifest(new Manifest(
                new CommittedSnapshot("c", DATABASE, lsn, bytes, crc32c, Instant.EPOCH), Optional.empty())));
    }
}
