package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.source.RawServer;
import io.mirrorbootstrap.wire.JsonRecords;

/** What {@code wait} prints for a script. */
@Timeout(60)
class WaitFormatTest extends WithCommandLine {

    private static final String GTID = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5, größe";

    @Test
    void aLineHasThePositionWhereThereIsOne() throws IOException {
        assertEquals(0, await(status("/data", GTID)), err::toString);
        assertEquals("/data/recv_snapshots/d.snapshot\t7\t0x00000001\t5\t" + GTID + System.lineSeparator(),
                out.toString());
        assertEquals(0, await(status("/data", null)), err::toString);
        assertEquals("/data/recv_snapshots/d.snapshot\t7\t0x00000001\t5" + System.lineSeparator(), out.toString());
    }

    @Test
    void anObjectHasThePosition() throws IOException {
        assertEquals(0, await(status("/data", GTID), "--format", "json"), err::toString);
        assertEquals("{\"source_database_id\":\"d\",\"snapshot_path\":\"/data/recv_snapshots/d.snapshot\","
                + "\"snapshot_lsn\":7,\"crc32c\":\"0x00000001\",\"bytes\":5,\"position\":\"" + GTID + "\"}"
                + System.lineSeparator(), out.toString());
        assertEquals(0, await(status("/data", null), "--format", "json"), err::toString);
        assertTrue(out.toString().endsWith(",\"position\":null}" + System.lineSeparator()), out::toString);
    }

    @Test
    void thePositionOfAFileThatIsReadIsItsManifests(@TempDir Path data) throws IOException {
        DatabaseId database = new DatabaseId("d");
        SnapshotDirectory directory = new SnapshotDirectory(data, 0, new JsonRecords());
        Files.createDirectories(directory.path());
        byte[] bytes = {1, 2, 3, 4, 5};
        Files.write(directory.snapshot(database), bytes);
        CommittedSnapshot snapshot = new CommittedSnapshot("c", database, 7, bytes.length,
                Crc32c.of(ByteBuffer.wrap(bytes)), Instant.EPOCH, Optional.empty(),
                new Notes(Optional.of("16/B374D848"), Map.of()), Optional.empty());
        Files.write(directory.manifest(database), new JsonRecords().manifest(new Manifest(snapshot, Optional.empty())));
        assertEquals(0, await(status(data.toString(), null).replace("0x00000001", snapshot.crc32c().toString()),
                "--verify", "--format=json"), err::toString);
        assertTrue(out.toString().contains("\"position\":\"16/B374D848\""), out::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {GTID, "", "it's", "'; touch forged; '", "$(touch forged) `touch forged` $HOME \\\\ \\\" !x",
            "''''", "-n", "*"})
    void aShellReadsWhatWasSaidAndNothingElse(String said, @TempDir Path directory) throws Exception {
        String data = "/it's $(touch forged)" + (said.contains("\\") ? "" : said);
        assertEquals(0, await(status(data, said.isEmpty() ? null : said), "--format", "env"), err::toString);
        Process running = new ProcessBuilder("sh", "-s").directory(directory.toFile()).redirectErrorStream(true)
                .start();
        try (OutputStream script = running.getOutputStream()) {
            script.write((out + "printf '%s\\n' \"$MIRROR_SNAPSHOT_PATH\" \"$MIRROR_SNAPSHOT_LSN\" "
                    + "\"$MIRROR_SNAPSHOT_CRC32C\" \"$MIRROR_SNAPSHOT_BYTES\" \"$MIRROR_SNAPSHOT_POSITION\"; ls\n")
                    .getBytes(StandardCharsets.UTF_8));
        }
        String read = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(running.waitFor(30, TimeUnit.SECONDS));
        assertEquals(data + "/recv_snapshots/d.snapshot\n7\n0x00000001\n5\n"
                + said.replace("\\\\", "\\").replace("\\\"", "\"") + "\n", read);
    }

    @Test
    void aPositionThatForgesALineIsNotPrinted() throws IOException {
        for (String format : List.of("env", "json")) {
            assertEquals(3, await(status("/data", "1\u202e2"), "--format", format));
            assertTrue(err.toString().endsWith("mirror-bootstrap: the snapshot of d has the position 1\\u202e2, and no "
                    + "line that says so could be relied upon" + System.lineSeparator()), err::toString);
            assertEquals("", out.toString());
        }
        assertEquals(0, await(status("/data", "1\u202e2")), err::toString);
    }

    @Test
    void variablesAreOfOneDatabase() {
        assertEquals(2, run("wait", "--database", "a,b", "--format", "env", "--url", "http://127.0.0.1:1"));
        assertTrue(err.toString().contains("--format env is for one database, there are 2"), err::toString);
    }

    @Test
    void anUnknownFormatIsAUsageError() {
        assertEquals(2, run("wait", "--database", "a", "--format", "xml", "--url", "http://127.0.0.1:1"));
        assertTrue(err.toString().contains("'xml' is no format: it must be text, json, env"), err::toString);
    }

    /** @param position null: there is none */
    private static String status(String data, String position) {
        return "{\"source_database_id\":\"d\",\"source_cluster_id\":\"c\",\"status\":\"following\",\"bytes_done\":5,"
                + "\"bytes_total\":5,\"snapshot_lsn\":7,\"crc32c\":\"0x00000001\",\"snapshot_path\":\"" + data
                + "/recv_snapshots/d.snapshot\",\"position\":" + (position == null ? null : "\"" + position + "\"")
                + ",\"rate_bytes_per_second\":0}";
    }

    private int await(String body, String... options) throws IOException {
        byte[] utf8 = body.getBytes(StandardCharsets.UTF_8);
        try (RawServer server = new RawServer(answer -> {
            answer.write(("HTTP/1.1 200 OK\r\nContent-Length: " + utf8.length + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            answer.write(utf8);
        })) {
            return run(Stream.concat(Stream.of("wait", "--database", "d", "--timeout", "1", "--url", server.url()),
                    Stream.of(options)).toArray(String[]::new));
        }
    }
}
