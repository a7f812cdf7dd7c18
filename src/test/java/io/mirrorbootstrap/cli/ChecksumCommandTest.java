package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.FilterWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.RandomBytes;
import io.mirrorbootstrap.snapshot.Crc32c;

@Timeout(120)
class ChecksumCommandTest extends WithCommandLine {

    @TempDir
    Path directory;

    @Test
    void theChecksumOfAFileIsAsSendTakesIt() throws IOException {
        Path hello = Files.writeString(directory.resolve("hello"), "hello");
        assertEquals(0, run("checksum", hello.toString()));
        assertEquals("0x9a71bb4c\t5\t" + hello + System.lineSeparator(), out.toString());
        assertEquals("checksum 100 %, 5 B of 5 B", err.toString().strip());
    }

    @Test
    void aLargeFileIsReadToItsEnd() throws IOException {
        byte[] bytes = RandomBytes.random(3_000_001, 1);
        Path file = Files.write(directory.resolve("large"), bytes);
        assertEquals(0, run("checksum", file.toString()));
        assertEquals(Crc32c.of(ByteBuffer.wrap(bytes)) + "\t3000001\t" + file, out.toString().strip());
    }

    @Test
    void anEmptyFileHasOneToo() throws IOException {
        Path file = Files.createFile(directory.resolve("empty"));
        assertEquals(0, run("checksum", file.toString()));
        assertEquals("0x00000000\t0\t" + file, out.toString().strip());
    }

    @Test
    void aNameForgesNoLine() throws IOException {
        assertEquals(0, run("checksum", Files.createFile(directory.resolve("a\n0x1\t\u202eb")).toString()));
        assertEquals("0x00000000\t0\t\"" + directory + "/a\\n0x1\\t\\u202eb\"", out.toString().strip());
    }

    @Test
    void whatCannotBeOpenedIsAUsageError() {
        assertEquals(2, run("checksum", directory.toString()));
        assertTrue(err.toString().contains("is a directory"), err::toString);
        assertEquals("", out.toString());
        assertEquals(2, run("checksum", directory.resolve("none").toString()));
        assertTrue(err.toString().contains("there is no such file"), err::toString);
        assertEquals("", out.toString());
        assertEquals(2, run("checksum"));
        assertTrue(err.toString().contains("FILE"), err::toString);
        assertEquals("", out.toString());
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "there is a file that says nothing of its size, and one that cannot be read")
    void whatOnlyItsEndTellsIsReadToIt() {
        assertEquals(0, run("checksum", "/proc/self/comm"));
        assertTrue(out.toString().matches("0x[0-9a-f]{8}\t[1-9][0-9]*\t/proc/self/comm\\s+"), out::toString);
        assertEquals(5, run("checksum", "/proc/self/mem"));
        assertTrue(err.toString().contains("/proc/self/mem cannot be read: "), err::toString);
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere a file that is open is known by its name alone")
    void aFileIsWhatWasOpenedWhateverItsNameMeansByNow() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "hello");
        Path next = Files.writeString(directory.resolve("next"), "its successor");
        Files.setLastModifiedTime(next, FileTime.from(Instant.EPOCH));
        assertEquals(0, meanwhile(file, () -> Files.move(next, file, StandardCopyOption.ATOMIC_MOVE)), err::toString);
        assertEquals("0x9a71bb4c\t5\t" + file, out.toString().strip());
        assertEquals(0, meanwhile(file, () -> Files.delete(file)), err::toString);
    }

    @Test
    void aFileThatIsWrittenToMeanwhileHasNone() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "hello");
        assertEquals(5, meanwhile(file, () -> Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH))));
        assertTrue(err.toString().contains(file + " changed while it was being read: it was modified at 1970"),
                err::toString);
        assertEquals(5, meanwhile(file, () -> Files.writeString(file, " there", StandardOpenOption.APPEND)));
        assertTrue(err.toString().contains("changed while it was being read: it had 5 bytes, now it has 11"),
                err::toString);
        assertEquals("", out.toString());
    }

    /** Something that happens to a file. */
    private interface Change {
        void happen() throws IOException;
    }

    /** The checksum of a file to which something happens at the first line of progress. */
    private int meanwhile(Path file, Change change) {
        AtomicBoolean isOver = new AtomicBoolean();
        return run(new FilterWriter(err) {
            @Override
            public void write(String text, int offset, int length) throws IOException {
                if (!isOver.getAndSet(true)) {
                    change.happen();
                }
                super.write(text, offset, length);
            }
        }, "checksum", file.toString());
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere a file that is open is known by its name alone")
    void aFileAsStandardInputThatIsWrittenToMeanwhileHasNone() throws Exception {
        Path file = directory.resolve("hole");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), 1L << 40); // there is no end to it before it is cut
            Process process = checksum().redirectInput(file.toFile()).start();
            try (BufferedReader said = process.errorReader(StandardCharsets.UTF_8)) {
                assertTrue(said.readLine().startsWith("checksum "));
                channel.truncate(1000);
                String last = said.lines().reduce("", (before, line) -> line);
                assertEquals("mirror-bootstrap: standard input changed while it was being read: it had "
                        + ((1L << 40) + 1) + " bytes, now it has 1000", last);
                assertEquals(5, process.waitFor());
            } finally {
                process.destroyForcibly();
            }
        }
    }

    private static ProcessBuilder checksum() {
        // as the packaged program sets it: newer JDKs log their exit
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager", "-cp",
                System.getProperty("java.class.path"), MirrorBootstrap.class.getName(), "checksum", "-");
    }

    @Test
    void standardInputIsReadToItsEnd() throws Exception {
        Process process = checksum().start();
        try {
            process.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
            process.getOutputStream().close();
            assertEquals("0x9a71bb4c\t5\t-",
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
            assertEquals(0, process.waitFor());
        } finally {
            process.destroyForcibly();
        }
    }
}
