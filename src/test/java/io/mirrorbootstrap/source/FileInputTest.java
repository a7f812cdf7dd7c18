package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A file is what was opened, not what its name means by now. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere a file that is open is known by its name alone")
class FileInputTest {

    @TempDir
    Path directory;

    @Test
    void aFileThatAnotherIsRenamedOverIsReadToItsEnd() throws Exception {
        Path file = Files.writeString(directory.resolve("base.tar"), "the old one");
        try (FileInput input = new FileInput(file)) {
            Path next = Files.writeString(directory.resolve("next"), "its successor");
            Files.setLastModifiedTime(next, FileTime.from(Instant.EPOCH));
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            assertEquals("the old one", read(input));
            assertEquals(Optional.empty(), input.flaw());
        }
    }

    @Test
    void aFileThatIsRemovedIsReadToItsEnd() throws Exception {
        Path file = Files.writeString(directory.resolve("base.tar"), "the old one");
        try (FileInput input = new FileInput(file)) {
            Files.delete(file);
            assertEquals("the old one", read(input));
            assertEquals(Optional.empty(), input.flaw());
        }
    }

    @Test
    void aFileThatIsChangedInPlaceIsNone() throws Exception {
        Path file = Files.writeString(directory.resolve("base.tar"), "the old one");
        try (FileInput input = new FileInput(file)) {
            Files.writeString(file, "the new one");
            Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
            assertInstanceOf(Outcome.InputChanged.class, input.flaw().orElseThrow());
        }
    }

    @Test
    void aFileThatIsChangedInPlaceAndRemovedIsNone() throws Exception {
        Path file = Files.writeString(directory.resolve("base.tar"), "the old one");
        try (FileInput input = new FileInput(file)) {
            Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
            Files.delete(file);
            assertInstanceOf(Outcome.InputChanged.class, input.flaw().orElseThrow());
        }
    }

    @Test
    void aFileThatGrowsIsNone() throws Exception {
        Path file = Files.writeString(directory.resolve("base.tar"), "the old one");
        try (FileInput input = new FileInput(file)) {
            Files.writeString(file, "more", StandardOpenOption.APPEND);
            assertInstanceOf(Outcome.InputChanged.class, input.flaw().orElseThrow());
        }
    }

    private static String read(FileInput input) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(100);
        input.offer(bytes);
        long end = input.read(bytes.capacity(), Duration.ZERO);
        return new String(bytes.array(), 0, (int) end);
    }
}
