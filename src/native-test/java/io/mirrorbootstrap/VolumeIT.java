package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.JsonRecords;

/** Whoever shares the volume removes, replaces and plants files beside the packaged service. */
class VolumeIT {

    private static final int MIB = 1024 * 1024;
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final byte[] WHOLE = random(2 * MIB);
    private static final String SECOND_PROCESS = "another process is using it";

    @TempDir
    Path directory;

    private final List<SidecarProcess> started = new ArrayList<>();
    private Path data;
    private Path files;
    private Path lock;

    @BeforeEach
    void place() throws IOException {
        data = Files.createDirectory(directory.resolve("data"));
        files = data.resolve("recv_snapshots");
        lock = data.resolve(".mirror-bootstrap.lock");
    }

    @AfterEach
    void stop() {
        started.forEach(SidecarProcess::close);
    }

    @Test
    void aSecondProcessDoesNotStartThoughTheLockFileIsRemoved() throws Exception {
        SidecarProcess first = start(Map.of());
        for (int i = 0; i < 2; i++) {
            Files.delete(lock);
            assertTrue(assertThrows(IllegalStateException.class, () -> start(Map.of())).getMessage()
                    .contains(SECOND_PROCESS));
        }
        assertTrue(assertThrows(IllegalStateException.class, () -> start(Map.of())).getMessage()
                .contains(SECOND_PROCESS));
        assertTrue(first.log().contains("the lock of this process: it is there again"), first.log());
        assertEquals("committed", send(first, "db", 0, WHOLE.length).path("type").asText());
    }

    @Test
    void aSecondProcessDoesNotStartThoughAnotherLockFileIsPlanted() throws Exception {
        SidecarProcess first = start(Map.of());
        Files.delete(lock);
        Files.createFile(lock);
        assertTrue(assertThrows(IllegalStateException.class, () -> start(Map.of())).getMessage()
                .contains(SECOND_PROCESS));
        assertEquals("committed", send(first, "db", 0, WHOLE.length).path("type").asText());
    }

    @Test
    void aProcessThatHasSleptWhileAnotherTookItsDirectoryEnds() throws Exception {
        SidecarProcess first = start(Map.of("CHECKPOINT_BYTES", "1"));
        RawClient client = new RawClient(first.uri());
        assertEquals("opened", open(client, "db").path("type").asText());
        send(client, "db", 0, MIB);
        signal(first, "STOP");
        SidecarProcess second;
        try {
            Files.delete(lock);
            second = start(Map.of()); // nobody answers for the directory
        } finally {
            signal(first, "CONT");
        }
        patiently().until(() -> !first.isAlive());
        assertEquals(1, first.exitValue(), first.log());
        assertTrue(first.log().contains("is locked by another process, which has this directory now"), first.log());
        assertEquals(1012, client.closeCode());

        client = new RawClient(second.uri());
        assertEquals(MIB, resumed(client, "db").path("offset").asLong());
        assertEquals("committed", send(client, "db", MIB, WHOLE.length).path("type").asText());
        assertArrayEquals(WHOLE, Files.readAllBytes(files.resolve("db.snapshot")));
    }

    @Test
    void aRestartWithTheLockFileOfBeforeIsNotTakenForASecondProcess() throws Exception {
        start(Map.of()).kill();
        assertEquals("committed", send(start(Map.of()), "db", 0, WHOLE.length).path("type").asText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"removed", "moved", "link"})
    void aDirectoryThatDisappearsIsSaidAndMadeAgain(String how) throws Exception {
        SidecarProcess sidecar = start(Map.of("EXPECTED_DATABASES", "there"));
        assertEquals("committed", send(sidecar, "there", 0, WHOLE.length).path("type").asText());
        RawClient client = new RawClient(sidecar.uri());
        assertEquals("opened", open(client, "db").path("type").asText());
        send(client, "db", 0, MIB);
        awaitStatus(sidecar, "/q/health/group/mirror", 200);

        Path theirs = Files.createDirectory(directory.resolve("theirs"));
        if (how.equals("removed")) {
            remove(files);
        } else {
            Files.move(files, directory.resolve("moved"));
        }
        if (how.equals("link")) {
            Files.createSymbolicLink(files, theirs);
        }

        patiently().until(() -> sidecar.log().contains("and the directory is made again")
                || sidecar.log().contains("it is made again, without what was in it"));
        awaitStatus(sidecar, "/v1/mirrors/there", 404);
        awaitStatus(sidecar, "/q/health/group/mirror", 503);
        awaitStatus(sidecar, "/q/health/ready", 200);
        AtomicInteger sent = new AtomicInteger(MIB); // a byte at a time, until it is noticed that nobody would find them
        JsonNode refused = patiently().until(() -> send(client, "db", sent.getAndIncrement(), sent.get()),
                answer -> answer.has("code"));
        assertEquals("transport", refused.path("code").asText(), refused::toString);
        assertEquals(1011, client.closeCode());
        assertEquals("committed", send(sidecar, "db", 0, WHOLE.length).path("type").asText());
        assertEquals("committed", send(sidecar, "there", 0, WHOLE.length).path("type").asText());
        awaitStatus(sidecar, "/q/health/group/mirror", 200);
        assertTrue(Files.isDirectory(files, LinkOption.NOFOLLOW_LINKS));
        assertEquals(0, Files.list(theirs).count());
        assertEquals(1, sidecar.log().lines().filter(line -> line.contains("made again")).count(), sidecar.log());
        assertEquals(1, sidecar.log().lines().filter(line -> line.contains(" lost: ")).count(), sidecar.log());
    }

    @Test
    void aSnapshotThatSomebodyRemovesOrCutsShortIsNotFollowingAnyMore() throws Exception {
        SidecarProcess sidecar = start(Map.of("EXPECTED_DATABASES", "a"));
        assertEquals("committed", send(sidecar, "a", 0, WHOLE.length).path("type").asText());
        assertEquals("committed", send(sidecar, "b", 0, WHOLE.length).path("type").asText());
        awaitStatus(sidecar, "/q/health/group/mirror", 200);

        Files.delete(files.resolve("a.snapshot"));

        awaitStatus(sidecar, "/v1/mirrors/a", 404);
        awaitStatus(sidecar, "/q/health/group/mirror", 503);
        assertEquals(200, status(sidecar, "/v1/mirrors/b"));
        assertTrue(sidecar.log().contains("lost: the snapshot of database=a cluster=cluster"), sidecar.log());
        assertEquals("committed", send(sidecar, "a", 0, WHOLE.length).path("type").asText());
        awaitStatus(sidecar, "/q/health/group/mirror", 200);

        try (RandomAccessFile file = new RandomAccessFile(files.resolve("b.snapshot").toFile(), "rw")) {
            file.setLength(WHOLE.length - 1);
        }
        awaitStatus(sidecar, "/v1/mirrors/b", 404);
        assertEquals(200, status(sidecar, "/v1/mirrors/a"));
        assertEquals("committed", send(sidecar, "b", 0, WHOLE.length).path("type").asText());
        awaitStatus(sidecar, "/v1/mirrors/b", 200);
    }

    /** Reading that hole takes a minute and more, all of which the rest of this test does not. */
    @Test
    void aHoleThatIsPlantedHoldsUpNeitherTheStartNorAnotherDatabase() throws Exception {
        long bytes = Math.min(200L << 30, Files.getFileStore(data).getTotalSpace() / 2);
        Files.createDirectory(files);
        try (RandomAccessFile hole = new RandomAccessFile(files.resolve("a.partial").toFile(), "rw")) {
            hole.setLength(bytes);
        }
        record("a.successor.json", "a", bytes);
        Files.write(files.resolve("b.snapshot"), WHOLE);
        record("b.manifest.json", "b", WHOLE.length); // without a mark: a copy, which has to be read, too
        for (int i = 0; i < 2; i++) {
            SidecarProcess sidecar = start(Map.of());
            assertEquals(200, status(sidecar, "/q/health/ready"));
            awaitStatus(sidecar, "/v1/mirrors/b", 200);
            assertEquals("committed", send(sidecar, "c" + i, 0, WHOLE.length).path("type").asText());
            assertEquals(404, status(sidecar, "/v1/mirrors/a")); // and is being read still
            sidecar.terminate();
            Files.setLastModifiedTime(files.resolve("b.snapshot"), FileTime.fromMillis(i));
        }
    }

    private void record(String name, String database, long bytes) throws IOException {
        Files.write(files.resolve(name), new JsonRecords().manifest(new Manifest(new CommittedSnapshot("cluster",
                new DatabaseId(database), 42, bytes, identity(database).totalCrc32c(), Instant.EPOCH),
                Optional.empty())));
    }

    private SidecarProcess start(Map<String, String> settings) throws IOException {
        Map<String, String> all = new HashMap<>();
        settings.forEach((key, value) -> all.put("MIRROR_BOOTSTRAP_" + key, value));
        SidecarProcess sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), all);
        started.add(sidecar);
        return sidecar;
    }

    private static void signal(SidecarProcess sidecar, String signal) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + signal, String.valueOf(sidecar.pid())).start().waitFor());
    }

    private static void remove(Path directory) throws IOException {
        try (var all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private static ConditionFactory patiently() {
        return Awaitility.await().atMost(40, TimeUnit.SECONDS);
    }

    private static void awaitStatus(SidecarProcess sidecar, String path, int status) {
        patiently().until(() -> status(sidecar, path) == status);
    }

    private static int status(SidecarProcess sidecar, String path) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create(sidecar.uri() + path)).build(),
                HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    private static JsonNode open(RawClient client, String database) throws Exception {
        client.text(JsonMessages.write(new Control.Open(identity(database))));
        return client.answer();
    }

    /** Opened, when what an earlier process received has been read back. */
    private static JsonNode resumed(RawClient client, String database) throws Exception {
        JsonNode answer = open(client, database);
        while (!answer.path("type").asText().equals("opened")) {
            answer = client.answer();
        }
        return answer;
    }

    private static JsonNode send(SidecarProcess sidecar, String database, int from, int to) throws Exception {
        return send(new RawClient(sidecar.uri()), database, from, to);
    }

    private static JsonNode send(RawClient client, String database, int from, int to) throws Exception {
        byte[] head = ChunkEncoder.head(identity(database), from, to - from,
                Crc32c.of(ByteBuffer.wrap(WHOLE, from, to - from)), to == WHOLE.length);
        client.binary(ByteBuffer.allocate(head.length + to - from).put(head).put(WHOLE, from, to - from).array(),
                256 * 1024);
        return client.answer();
    }

    private static SnapshotIdentity identity(String database) {
        return new SnapshotIdentity("cluster", new DatabaseId(database), 42, WHOLE.length,
                Crc32c.of(ByteBuffer.wrap(WHOLE)));
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        new Random(bytes).nextBytes(random);
        return random;
    }
}
