package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.source.ScriptedSidecar;

/** The command as a process of its own. */
@Timeout(120)
@EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
class SendProcessTest {

    private static final String LISTENING = "0A";

    private static final String STAMPED = "[0-9-]{10}T[0-9:]{8}[.][0-9]{3}(Z|[+-][0-9:]{5}) (transfer=[0-9a-f]{8} )?";

    @Test
    void sendOpensNoPortAndKeepsItsOutputsApart() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage("{\"type\":\"opened\",\"source_database_id\":\"d\","
                    + "\"offset\":0,\"max_chunk_bytes\":1000,\"window_bytes\":1000}"));
            link.binaryMessageHandler(chunk -> link.writeTextMessage("{\"type\":\"committed\","
                    + "\"source_database_id\":\"d\",\"snapshot_lsn\":1,\"bytes\":5,\"crc32c\":\"0x9a71bb4c\","
                    + "\"snapshot_path\":\"/there/d.snapshot\"}"));
        })) {
            Process send = command(sidecar).start();
            try {
                assertNotNull(sidecar.link(), "it has not come");
                assertEquals(Set.of(), listeningSockets(send.pid()));
                send.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
                send.getOutputStream().close();
                String out = new String(send.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                String err = new String(send.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
                assertTrue(send.waitFor(60, TimeUnit.SECONDS));
                assertEquals(0, send.exitValue(), err);
                assertTrue(out.startsWith("committed /there/d.snapshot: 5 bytes, CRC-32C 0x9a71bb4c, LSN 1 ("), out);
                assertEquals(1, out.lines().count(), out);
                assertFalse(err.contains("committed /"), err);
                assertTrue(err.lines().allMatch(line -> line.matches(STAMPED + "(connecting|sending|sent|ended).*")),
                        err);
                assertEquals(1,
                        err.lines().filter(line -> line.matches(STAMPED + "ended: database=d transfer=[0-9a-f]{8} "
                                + "bytes=5 seconds=[0-9.]+ rate=[0-9.]+MiB/s resumes=0 resent_bytes=0")).count(),
                        err);
            } finally {
                send.destroyForcibly();
            }
        }
    }

    @Test
    void aFileAsStandardInputThatIsWrittenToMeanwhileIsNotCommitted(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "hello");
        Path err = directory.resolve("err");
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.textMessageHandler(message -> {
            try {
                Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            link.writeTextMessage(message.contains("abort")
                    ? "{\"type\":\"aborted\",\"source_database_id\":\"d\"}"
                    : "{\"type\":\"opened\",\"source_database_id\":\"d\",\"offset\":0,\"max_chunk_bytes\":1000,"
                            + "\"window_bytes\":1000}");
        }))) {
            Process send = command(sidecar).redirectInput(file.toFile()).redirectError(err.toFile()).start();
            try {
                assertTrue(send.waitFor(60, TimeUnit.SECONDS));
                assertEquals(5, send.exitValue(), Files.readString(err));
                assertTrue(Files.readString(err).contains("standard input changed while it was being sent: "
                        + "it was modified at 1970"), Files.readString(err));
            } finally {
                send.destroyForcibly();
            }
        }
    }

    @Test
    void aFileAsStandardInputThatIsPositionedBehindItsEndIsEmpty(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "hello");
        Path err = directory.resolve("err");
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
        })) {
            ProcessBuilder behind = command(sidecar);
            behind.command().addAll(0,
                    List.of("sh", "-c", "cat > /dev/null; echo > \"$0\"; exec \"$@\"", file.toString()));
            Process send = behind.redirectInput(file.toFile()).redirectError(err.toFile()).start();
            try {
                assertTrue(send.waitFor(60, TimeUnit.SECONDS));
                assertTrue(Files.readString(err).contains("standard input is empty"), Files.readString(err));
                assertEquals(2, send.exitValue());
            } finally {
                send.destroyForcibly();
            }
        }
    }

    /** Sends standard input. */
    private static ProcessBuilder command(ScriptedSidecar sidecar) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx64m");
        if (Runtime.version().feature() >= 24) {
            // as the launcher does: Netty's ways to memory, of which these Javas warn
            command.addAll(List.of("--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"));
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MirrorBootstrap.class.getName(),
                "send",
                "-", "--url", sidecar.endpoint("/v1/bootstrap").toString(), "--cluster", "c", "--database", "d",
                "--lsn", "1"));
        return new ProcessBuilder(command);
    }

    /** The inodes of the sockets that a process listens on. */
    private static Set<String> listeningSockets(long pid) throws IOException {
        Set<String> own;
        try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            own = files.map(SendProcessTest::target).filter(target -> target.startsWith("socket:["))
                    .map(target -> target.substring(8, target.length() - 1)).collect(Collectors.toSet());
        }
        assertFalse(own.isEmpty(), "the link itself must be seen");
        return Stream.of("tcp", "tcp6").flatMap(table -> lines(Path.of("/proc/" + pid + "/net/" + table)))
                .map(line -> line.trim().split("\\s+"))
                .filter(row -> row[3].equals(LISTENING) && own.contains(row[9])).map(row -> row[1])
                .collect(Collectors.toSet());
    }

    private static Stream<String> lines(Path table) {
        try {
            return Files.exists(table) ? Files.readAllLines(table).stream().skip(1) : Stream.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile
        }
    }
}
