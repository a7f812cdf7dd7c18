package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A directory as the input of a source. */
class TarInputTest {

    @TempDir
    Path directory;

    @BeforeEach
    void fill() throws IOException {
        byte[] bytes = new byte[300_000];
        new Random(3).nextBytes(bytes);
        Files.write(directory.resolve("16384"), bytes);
        Files.writeString(directory.resolve("backup_label"),
                "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\nCHECKPOINT LOCATION: 0/2000080\n");
    }

    @Test
    void theHeadOfABaseBackupTellsItsLsn() throws Exception {
        try (TarInput input = open()) {
            assertTrue(input.begin());
            SnapshotHead head = SnapshotHead.of(input.head(Duration.ZERO).orElseThrow()).orElseThrow();
            assertEquals(0x2000028, head.lsn());
            assertEquals(Optional.of("0/2000028"), head.position());
        }
    }

    @Test
    void itIsReadAgainFromAnywhere() throws Exception {
        try (TarInput input = open(); SnapshotInput again = input.again()) {
            byte[] whole = read(input, 0);
            assertEquals(input.size(), OptionalLong.of(whole.length));
            assertEquals(input.size(), input.end());
            assertEquals(Optional.empty(), input.flaw());
            for (int offset : new int[]{150_000, 1, whole.length, 0}) {
                assertEquals(0, Arrays.compare(Arrays.copyOfRange(whole, offset, whole.length), read(again, offset)));
            }
        }
    }

    @Test
    void itHasItsNameAsLongAsItIsTheSame() throws Exception {
        String name;
        try (TarInput input = open()) {
            name = input.lastingName().orElseThrow();
        }
        try (TarInput input = open()) {
            assertEquals(name, input.lastingName().orElseThrow());
            Files.writeString(directory.resolve("new"), "");
            assertInstanceOf(Outcome.InputChanged.class, input.flaw().orElseThrow());
        }
        try (TarInput input = open()) {
            assertNotEquals(name, input.lastingName().orElseThrow());
        }
    }

    @Test
    void aMemberThatIsWrittenToIsNoSnapshot() throws Exception {
        try (TarInput input = open()) {
            Files.writeString(directory.resolve("16384"), "shorter");
            BlockedException blocked = assertThrows(BlockedException.class, () -> read(input, 0));
            assertInstanceOf(Obstacle.Changed.class, blocked.obstacle());
            assertTrue(blocked.getMessage().startsWith(directory.toRealPath() + "/16384 "), blocked::getMessage);
        }
    }

    private TarInput open() throws IOException {
        return new TarInput(directory, Optional.empty(), line -> {
            throw new AssertionError(line);
        });
    }

    private static byte[] read(SnapshotInput input, long offset) throws IOException, InterruptedException {
        input.seek(offset);
        int size = (int) (input.size().getAsLong() - offset);
        ByteBuffer memory = ByteBuffer.allocate(size);
        input.offer(memory.duplicate());
        while (input.end().isEmpty()) {
            input.read(offset + size, Duration.ZERO);
        }
        return memory.array();
    }
}
