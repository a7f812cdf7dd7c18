package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.wire.JsonRecords;

/** A committed snapshot that is verified while somebody takes it. */
class HandOnTest {

    private static final DatabaseId DATABASE = new DatabaseId("d");
    private static final int KIB = 1024;
    private static final int HELD_BYTES = 128 * KIB;

    @TempDir
    Path data;

    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private SnapshotDirectory directory;
    private int last;
    private int slices;

    @BeforeEach
    void directory() throws IOException {
        directory = new SnapshotDirectory(data, 0, new JsonRecords());
        Files.createDirectories(directory.path());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, HELD_BYTES - 1, HELD_BYTES + 1, 256 * KIB, 256 * KIB + 1, 384 * KIB + 1, 512 * KIB,
            1024 * KIB + 7})
    void allIsTakenAndTheLastSliceIsNoneOfAFewBytes(int size) throws IOException {
        byte[] bytes = commit(size);
        assertEquals(size, right(handOn()).bytes());
        assertArrayEquals(bytes, taken.toByteArray());
        assertTrue(last >= Math.min(size, HELD_BYTES), () -> last + " bytes");
    }

    @ParameterizedTest
    @CsvSource({"1,0", "262145,262144", "262145,0", "1048583,1048582", "1048583,500000"})
    void theEndOfAWrongSnapshotIsNotTaken(int size, int flipped) throws IOException {
        byte[] bytes = commit(size);
        bytes[flipped] ^= 4;
        Files.write(directory.snapshot(DATABASE), bytes);
        Verification.Different different = (Verification.Different) handOn().orElseThrow();
        assertEquals(Optional.of(Crc32c.of(ByteBuffer.wrap(bytes))), different.crc32c());
        assertTrue(taken.size() <= Math.max(0, size - HELD_BYTES), () -> taken.size() + " bytes");
    }

    @ParameterizedTest
    @ValueSource(ints = {999, 1001})
    void ofAFileThatHasAnotherSizeNothingIsTaken(int size) throws IOException {
        byte[] bytes = commit(1000);
        Files.write(directory.snapshot(DATABASE), Arrays.copyOf(bytes, size));
        Verification.Different different = (Verification.Different) handOn().orElseThrow();
        assertEquals(size, different.bytes());
        assertEquals(0, slices);
    }

    @Test
    void aFileThatIsCutMeanwhileIsNotWhole() throws IOException {
        commit(1024 * KIB);
        Verification.Different different;
        try (CommittedFile file = directory.openUnmarked(DATABASE).orElseThrow();
                RandomAccessFile same = new RandomAccessFile(directory.snapshot(DATABASE).toFile(), "rw")) {
            different = (Verification.Different) file.handOn(slice -> {
                same.setLength(300 * KIB);
                return true;
            }).orElseThrow();
        }
        assertEquals(300 * KIB, different.bytes());
    }

    @Test
    void itEndsWhenNoMoreIsWanted() throws IOException {
        commit(1024 * KIB);
        try (CommittedFile file = directory.openUnmarked(DATABASE).orElseThrow()) {
            assertEquals(Optional.empty(), file.handOn(slice -> slices++ < 1));
        }
        assertEquals(2, slices);
    }

    /** As after a removal, or a successor's commit. */
    @Test
    void whatIsOpenIsTheSameWhateverBecomesOfItsName() throws IOException {
        byte[] bytes = commit(1000);
        try (CommittedFile file = directory.openUnmarked(DATABASE).orElseThrow()) {
            Files.delete(directory.snapshot(DATABASE));
            commit(2000);
            assertEquals(1000, right(file.handOn(this::take)).bytes());
        }
        assertArrayEquals(bytes, taken.toByteArray());
    }

    @Test
    void onlyWhoVerifiesOpensWhatHasNoMark() throws IOException {
        commit(10);
        assertTrue(directory.open(DATABASE).isEmpty());
        assertEquals(10, right(handOn()).bytes());
        Files.delete(directory.manifest(DATABASE));
        assertTrue(directory.openUnmarked(DATABASE).isEmpty());
        commit(10);
        Files.delete(directory.snapshot(DATABASE));
        assertTrue(directory.openUnmarked(DATABASE).isEmpty());
    }

    private Optional<Verification> handOn() throws IOException {
        try (CommittedFile file = directory.openUnmarked(DATABASE).orElseThrow()) {
            return file.handOn(this::take);
        }
    }

    private boolean take(ByteBuffer slice) {
        slices++;
        last = slice.remaining();
        while (slice.hasRemaining()) {
            taken.write(slice.get());
        }
        return true;
    }

    private static CommittedSnapshot right(Optional<Verification> found) {
        return ((Verification.Right) found.orElseThrow()).snapshot();
    }

    private byte[] commit(int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        Files.write(directory.snapshot(DATABASE), bytes);
        Files.write(directory.manifest(DATABASE), new JsonRecords().manifest(new Manifest(new CommittedSnapshot("c",
                DATABASE, 7, size, Crc32c.of(ByteBuffer.wrap(bytes)), Instant.EPOCH), Optional.empty())));
        return bytes;
    }
}
