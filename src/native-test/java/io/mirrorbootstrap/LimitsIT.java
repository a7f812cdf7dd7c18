package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.JsonRecords;

/** Each limit of the packaged service, and what a source is told when it meets it. */
class LimitsIT extends WithSidecar {

    private static final int MIB = 1024 * 1024;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @Test
    void moreTransfersThanAllowedAreToldToComeBack() throws Exception {
        start(Map.of("MAX_BOOTSTRAPS", "1"));
        byte[] whole = random(1000);
        RawClient first = new RawClient(sidecar.uri());
        assertEquals("opened", open(first, identity("a", whole)).path("type").asText());
        for (JsonNode refused : refusals("too_many_bootstraps", 1013, identity("b", whole), whole)) {
            assertEquals(1, refused.path("limit").asInt());
        }
        send(first, identity("a", whole), whole, 0, 1000);
        RawClient second = new RawClient(sidecar.uri());
        assertEquals("committed", send(second, identity("b", whole), whole, 0, 1000).path("type").asText());
    }

    @Test
    void anotherClusterThanThoseAllowedIsRefused() throws Exception {
        start(Map.of("ALLOWED_SOURCE_CLUSTERS", "prod-a,prod-b"));
        byte[] whole = random(10);
        for (JsonNode refused : refusals("cluster_id_mismatch", 1008, identity("db", whole), whole)) {
            assertEquals("cluster", refused.path("declared").asText());
            assertEquals("[\"prod-a\",\"prod-b\"]", refused.path("allowed").toString());
        }
    }

    @Test
    void aSnapshotThatWouldUseTheReserveIsRefusedWhenItBegins() throws Exception {
        start(Map.of("DISK_RESERVE_BYTES", String.valueOf(Long.MAX_VALUE)));
        byte[] whole = random(10);
        for (JsonNode refused : refusals("insufficient_storage", 1013, identity("db", whole), whole)) {
            assertEquals(10, refused.path("needed").asLong());
            assertEquals(0, refused.path("available").asLong());
            assertTrue(refused.path("message").asText().contains("disk-reserve-bytes"), refused::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"OTHER", "STRANGE_WORDS"}) // the C library may speak any language
    void aDiskThatIsFullInTheMiddleKeepsTheTransferUntilThereIsSpace(String words) throws Exception {
        Path full = directory.resolve("full");
        start(Map.of(), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(), "FULL_DISK_WHILE",
                full.toString(), words, "1"));
        byte[] whole = random(3 * MIB);
        SnapshotIdentity identity = identity("db", whole);
        RawClient client = new RawClient(sidecar.uri());
        open(client, identity);
        send(client, identity, whole, 0, MIB);

        Files.createFile(full);
        JsonNode refused = send(client, identity, whole, MIB, 2 * MIB);
        assertEquals("insufficient_storage", refused.path("code").asText(), refused::toString);
        assertEquals(2 * MIB, refused.path("needed").asLong());
        assertEquals(1013, client.closeCode());
        awaitStatus("db", "disconnected");
        Files.delete(full);

        client = new RawClient(sidecar.uri());
        assertEquals(MIB, open(client, identity).path("offset").asLong());
        assertEquals("committed", send(client, identity, whole, MIB, 3 * MIB).path("type").asText());
        assertArrayEquals(whole, Files.readAllBytes(data().resolve("recv_snapshots/db.snapshot")));
    }

    @Test
    void aDiskWithoutInodesIsNotSaidToLackBytes() throws Exception {
        Path full = directory.resolve("full");
        start(Map.of(), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(), "NO_INODE_WHILE",
                full.toString()));
        byte[] whole = random(10);
        Files.createFile(full);
        JsonNode refused = send(new RawClient(sidecar.uri()), identity("db", whole), whole, 0, 10);
        assertEquals("insufficient_storage", refused.path("code").asText(), refused::toString);
        String message = refused.path("message").asText();
        assertTrue(message.contains("no inode left") && !message.contains("needs"), message);
    }

    @ParameterizedTest
    @CsvSource({"27,transport,allows no file so large", "30,transport,can only be read", "13,transport,may not write",
            "122,insufficient_storage,quota"})
    void whyADiskRefusesIsTold(int number, String code, String words) throws Exception {
        Path refuses = directory.resolve("refuses");
        start(Map.of(), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(), "REFUSED_WHILE",
                refuses.toString(), "REFUSED_ERRNO", String.valueOf(number)));
        byte[] whole = random(10);
        Files.createFile(refuses);
        JsonNode refused = send(new RawClient(sidecar.uri()), identity("db", whole), whole, 0, 10);
        assertEquals(code, refused.path("code").asText(), refused::toString);
        assertTrue(refused.path("message").asText().contains(words), refused::toString);
    }

    @Test
    void aDiskThatIsFullAtTheCommitKeepsTheTransferToo() throws Exception {
        Path full = directory.resolve("full");
        start(Map.of(), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(), "FULL_DISK_WHILE",
                full.toString()));
        byte[] whole = random(MIB);
        SnapshotIdentity identity = identity("db", whole);
        RawClient client = new RawClient(sidecar.uri());
        open(client, identity);
        byte[] message = message(identity, whole, 0, MIB, false);
        client.binary(message, message.length);
        assertEquals(MIB, client.answer().path("bytes_done").asLong());
        Files.createFile(full);
        client.binary(message(identity, whole, MIB, MIB, true), 1000);
        // the manifest is written another way than the payload: whichever it is, nothing half-done may remain
        JsonNode answer = client.answer();
        Files.delete(full);
        if (!answer.path("type").asText().equals("committed")) {
            assertEquals("insufficient_storage", answer.path("code").asText(), answer::toString);
            client = new RawClient(sidecar.uri());
            assertEquals(MIB, open(client, identity).path("offset").asLong());
            client.binary(message(identity, whole, MIB, MIB, true), 1000);
            assertEquals("committed", client.answer().path("type").asText());
        }
        assertArrayEquals(whole, Files.readAllBytes(data().resolve("recv_snapshots/db.snapshot")));
    }

    @Test
    void aLinkOnWhichNothingArrivesIsCutAndOneThatAnswersPingsIsNot() throws Exception {
        start(Map.of("IDLE_TIMEOUT", "1S"));
        byte[] whole = random(1000);
        RawClient alive = new RawClient(sidecar.uri());
        open(alive, identity("alive", whole));
        try (Socket halfOpen = new Socket(sidecar.uri().getHost(), sidecar.uri().getPort())) {
            halfOpen.setSoTimeout(60_000);
            halfOpen.getOutputStream().write(Upgrade.request(""));
            halfOpen.getInputStream().readAllBytes(); // pings come, nobody answers them: it ends
        }
        assertEquals("committed", send(alive, identity("alive", whole), whole, 0, 1000).path("type").asText());
    }

    @Test
    void whileADiskTakesItsTimeTheSourceHearsThatTheSidecarIsThere() throws Exception {
        start(Map.of("IDLE_TIMEOUT", "1S"), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(),
                "HANGING_DISK_WHILE", directory.resolve("hangs").toString()));
        byte[] whole = random(MIB);
        SnapshotIdentity identity = identity("db", whole);
        RawClient client = new RawClient(sidecar.uri());
        open(client, identity);
        Files.createFile(directory.resolve("hangs"));
        int before = client.pings();
        client.binary(message(identity, whole, 0, MIB, true), MIB); // its force takes longer than idle-timeout
        Awaitility.await().until(() -> client.pings() >= before + 4);
        assertFalse(client.hasUnreadAnswers(), "the disk was not slow enough to prove anything");
        assertFalse(client.isClosed());
        Files.delete(directory.resolve("hangs"));
        assertEquals("committed", client.answer().path("type").asText());
    }

    @Test
    void asManyMessagesAsWereAllowedMayBeSentBeforeAnAnswerIsRead() throws Exception {
        start(Map.of(), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(), "SHORT_SOCKETS", "4096"));
        int window = 1024;
        byte[] whole = random(window);
        SnapshotIdentity identity = new SnapshotIdentity("c".repeat(256), new DatabaseId("d".repeat(128)), 42,
                whole.length, Crc32c.of(ByteBuffer.wrap(whole)));
        try (Socket socket = shortSocket()) {
            OutputStream out = socket.getOutputStream();
            out.write(frame(0x81, JsonMessages.write(new Control.Open(identity)).getBytes(StandardCharsets.UTF_8)));
            assertEquals(window, answer(socket).path("window_messages").asInt());
            CompletableFuture<Void> written = CompletableFuture.runAsync(() -> {
                try {
                    for (int at = 0; at < window; at++) {
                        out.write(frame(0x82, message(identity, whole, at, at + 1, at + 1 == window)));
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            written.get(20, TimeUnit.SECONDS); // all of them, and not one answer was read
            for (int at = 1; at < window; at++) {
                assertEquals(at, answer(socket).path("bytes_done").asInt());
            }
            assertEquals("committed", answer(socket).path("type").asText());
        }
    }

    @Test
    void aSourceThatKeepsItsLinkAliveWhileItDoesNotReadIsNotEnded() throws Exception {
        start(Map.of(), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(), "SHORT_SOCKETS", "4096"));
        byte[] abort = ("{\"type\":\"abort\",\"source_database_id\":\"" + "d".repeat(128) + "\"}")
                .getBytes(StandardCharsets.US_ASCII);
        int messages = 550; // more than is on the way to who does not read, fewer than may be unanswered
        try (Socket socket = shortSocket()) {
            OutputStream out = new BufferedOutputStream(socket.getOutputStream());
            for (int i = 0; i < messages; i++) {
                out.write(frame(0x81, abort));
            }
            for (byte i = 1; i <= 3; i++) {
                out.write(frame(0x8A, new byte[]{i}));
                out.write(frame(0x89, new byte[]{i}));
            }
            byte[] whole = random(10);
            out.write(frame(0x82, message(identity("behind", whole), whole, 0, 10, true)));
            out.flush();
            awaitStatus("behind", "following"); // so the pings have been seen, and nothing was read yet
            int answers = 0;
            byte[] pong = {};
            while (answers <= messages || pong.length == 0 || pong[0] != 3) {
                int head = socket.getInputStream().read();
                byte[] payload = payload(socket);
                if (head == 0x8A) {
                    pong = payload; // of those that could not be answered at once, the last
                } else {
                    assertEquals(0x81, head, () -> new String(payload, StandardCharsets.US_ASCII));
                    answers++;
                }
            }
            out.write(frame(0x81, abort));
            out.flush();
            assertEquals("aborted", answer(socket).path("type").asText());
        }
    }

    /** A link of a source that has no room for what it does not read. */
    private Socket shortSocket() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.setSendBufferSize(4096);
        socket.setSoTimeout(20_000);
        socket.connect(new InetSocketAddress(sidecar.uri().getHost(), sidecar.uri().getPort()));
        socket.getOutputStream().write(Upgrade.request(""));
        Upgrade.response(socket.getInputStream());
        return socket;
    }

    private static JsonNode answer(Socket socket) throws IOException {
        assertEquals(0x81, socket.getInputStream().read());
        return new ObjectMapper().readTree(payload(socket));
    }

    private static byte[] payload(Socket socket) throws IOException {
        int length = socket.getInputStream().read();
        if (length == 126) {
            length = socket.getInputStream().read() << 8 | socket.getInputStream().read();
        }
        return socket.getInputStream().readNBytes(length);
    }

    /** A frame of at most 65535 bytes, masked with zeros. */
    private static byte[] frame(int head, byte[] data) {
        ByteBuffer frame = ByteBuffer.allocate(8 + data.length).put((byte) head);
        if (data.length < 126) {
            frame.put((byte) (0x80 | data.length));
        } else {
            frame.put((byte) (0x80 | 126)).putShort((short) data.length);
        }
        frame.putInt(0).put(data);
        return Arrays.copyOf(frame.array(), frame.position());
    }

    @ParameterizedTest
    @ValueSource(ints = {1024, 64 * 1024})
    void allLinksTogetherBringNoMoreThanTheIngestRate(int frameBytes) throws Exception {
        int rate = 4 * MIB;
        start(Map.of("INGEST_RATE_BYTES_PER_SECOND", String.valueOf(rate)));
        byte[] whole = random(6 * MIB);
        long start = System.nanoTime();
        RawClient[] clients = {new RawClient(sidecar.uri()), new RawClient(sidecar.uri())};
        for (int at = 0; at < whole.length; at += MIB) {
            for (int i = 0; i < 2; i++) {
                clients[i].binary(message(identity("db" + i, whole), whole, at, at + MIB, at + MIB == whole.length),
                        frameBytes);
            }
        }
        for (int at = MIB; at <= whole.length; at += MIB) {
            clients[0].answer();
            clients[1].answer();
            double seconds = (System.nanoTime() - start) / 1e9;
            // what may be ahead: a tenth of a second, and what each link had read when it was told to stop
            assertTrue(2.0 * at <= rate * (seconds + 0.1) + 2 * 2 * MIB, at + " bytes of each in " + seconds + " s");
        }
        assertArrayEquals(whole, Files.readAllBytes(data().resolve("recv_snapshots/db1.snapshot")));
    }

    @Test
    void aSourceThatDoesNotReadItsAnswersIsCutAndOthersGoOn() throws Exception {
        start(Map.of("IDLE_TIMEOUT", "2S"));
        byte[] whole = random(MIB);
        try (Socket deaf = new Socket()) {
            deaf.setReceiveBufferSize(4096);
            deaf.connect(new InetSocketAddress(sidecar.uri().getHost(), sidecar.uri().getPort()));
            OutputStream out = new BufferedOutputStream(deaf.getOutputStream(), 64 * 1024);
            out.write(Upgrade.request(""));
            byte[] text = "{\"type\":\"abort\",\"source_database_id\":\"deaf\"}".getBytes(StandardCharsets.US_ASCII);
            byte[] frame = ByteBuffer.allocate(6 + text.length).put((byte) 0x81).put((byte) (0x80 | text.length))
                    .putInt(0).put(text).array();
            CompletableFuture<Void> cut = CompletableFuture.runAsync(() -> assertThrows(IOException.class, () -> {
                while (true) {
                    out.write(frame); // blocks when the sidecar has stopped reading, and fails when it has cut the link
                }
            }));
            RawClient other = new RawClient(sidecar.uri());
            for (int at = 0; !cut.isDone(); at = (at + MIB / 4) % MIB) {
                send(other, identity("other", whole), whole, at, at + MIB / 4);
            }
            cut.get();
        }
        Awaitility.await().until(() -> get("/q/metrics").contains("mirror_bootstrap_buffered_bytes 0.0"));
    }

    @Test
    void aSourceThatPushesWithoutEndDoesNotKeepTheOnlyWorker() throws Exception {
        start(Map.of(), Map.of("QUARKUS_THREAD_POOL_MAX_THREADS", "1", "LD_PRELOAD",
                SidecarProcess.slowDisk(directory).toString(), "SLOW_DISK_MS_PER_MIB", "40"));
        byte[] whole = random(64 * MIB);
        RawClient greedy = new RawClient(sidecar.uri());
        CompletableFuture<Void> pushed = CompletableFuture.runAsync(() -> {
            for (int at = 0; at < whole.length; at += MIB) {
                try {
                    greedy.binary(message(identity("greedy", whole), whole, at, at + MIB, false), 64 * 1024);
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        greedy.answer(); // it is at work
        byte[] little = random(1000);
        assertEquals("committed",
                send(new RawClient(sidecar.uri()), identity("modest", little), little, 0, 1000).path("type").asText());
        assertFalse(pushed.isDone(), "it did not push long enough to prove anything");
        pushed.get();
    }

    @Test
    void aForceThatFailsBesideTheFlowIsNotForgotten() throws Exception {
        Path failing = directory.resolve("failing");
        start(Map.of("CHECKPOINT_BYTES", String.valueOf(MIB)),
                Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(), "FAIL_FORCE_ONCE",
                        failing.toString()));
        byte[] whole = random(4 * MIB);
        RawClient client = new RawClient(sidecar.uri());
        open(client, identity("db", whole));
        Files.createFile(failing);
        send(client, identity("db", whole), whole, 0, MIB / 2); // begins a checkpoint
        Awaitility.await().until(() -> !Files.exists(failing));

        // the next force would succeed, but what the failed one was to save may be lost
        JsonNode refused = send(client, identity("db", whole), whole, MIB / 2, MIB);

        assertEquals("transport", refused.path("code").asText(), refused::toString);
        assertEquals(1011, client.closeCode());
        assertTrue(sidecar.log().contains("an earlier force failed"), sidecar.log());
        client = new RawClient(sidecar.uri());
        assertEquals(0, open(client, identity("db", whole)).path("offset").asInt());
        assertEquals("committed", send(client, identity("db", whole), whole, 0, 4 * MIB).path("type").asText());
    }

    @Test
    void aForceThatFailsAtTheCommitPublishesNothing() throws Exception {
        Path failing = directory.resolve("failing");
        start(Map.of(), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(), "FAIL_FORCE_ONCE",
                failing.toString()));
        byte[] whole = random(MIB);
        Files.createFile(failing);
        RawClient client = new RawClient(sidecar.uri());
        assertEquals("transport", send(client, identity("db", whole), whole, 0, MIB).path("code").asText());
        assertEquals(List.of(), filesOf("db"));
        assertEquals("committed",
                send(new RawClient(sidecar.uri()), identity("db", whole), whole, 0, MIB).path("type").asText());
    }

    @Test
    void aCommitThatCanBeNeitherFinishedNorUndoneIsFinishedLater() throws Exception {
        Path failing = directory.resolve("failing");
        start(Map.of(), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(), "FAIL_COMMIT_WHILE",
                failing.toString()));
        byte[] old = random(MIB);
        byte[] next = old.clone(); // as long as the old one: the size must not decide
        next[500] ^= 1;
        send(new RawClient(sidecar.uri()), identity("db", old), old, 0, MIB);

        Files.createFile(failing);
        assertEquals("transport",
                send(new RawClient(sidecar.uri()), identity("db", next), next, 0, MIB).path("code").asText());
        // the payload has its name, and the manifest speaks of the old one still: nothing else is done before that is mended
        assertArrayEquals(next, Files.readAllBytes(data().resolve("recv_snapshots/db.snapshot")));
        assertTrue(get("/v1/mirrors/db").contains("\"status\":\"failed\""), get("/v1/mirrors/db"));
        assertEquals("transport", open(new RawClient(sidecar.uri()), identity("db", next)).path("code").asText());
        assertEquals("transport",
                send(new RawClient(sidecar.uri()), identity("db", old), old, 0, MIB).path("code").asText());
        Files.delete(failing);

        assertEquals("committed", open(new RawClient(sidecar.uri()), identity("db", next)).path("type").asText());
        assertArrayEquals(next, Files.readAllBytes(data().resolve("recv_snapshots/db.snapshot")));
        assertEquals(List.of("db.manifest.json", "db.snapshot"), filesOf("db"));
        assertTrue(get("/v1/mirrors/db").contains("\"status\":\"following\""), get("/v1/mirrors/db"));
    }

    private List<String> filesOf(String database) throws IOException {
        try (var files = Files.list(data().resolve("recv_snapshots"))) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.contains(database)).sorted()
                    .toList();
        }
    }

    @Test
    void aTransferWhoseSourceDoesNotComeBackIsRemoved() throws Exception {
        Path files = Files.createDirectories(data().resolve("recv_snapshots"));
        byte[] whole = random(1000);
        for (String database : List.of("old", "new")) {
            SnapshotIdentity identity = identity(database, whole);
            Files.write(files.resolve(database + ".partial"), whole);
            Files.write(files.resolve(database + ".checkpoint.json"),
                    new JsonRecords().checkpoint(new Checkpoint(identity, 1000, identity.totalCrc32c())));
        }
        for (String suffix : List.of(".partial", ".checkpoint.json")) {
            Files.setLastModifiedTime(files.resolve("old" + suffix), FileTime.from(Instant.now().minusSeconds(7200)));
        }
        start(Map.of("PARTIAL_RETENTION", "1M"));

        // its source has a tenth of the retention from the start on to come back, and every tenth is looked
        Awaitility.await().atMost(40, TimeUnit.SECONDS).until(() -> !Files.exists(files.resolve("old.partial")));
        Awaitility.await().until(() -> sidecar.log().contains("dropped (expired): database=old"));
        assertFalse(Files.exists(files.resolve("old.checkpoint.json")));
        assertTrue(Files.exists(files.resolve("new.partial")));
        assertTrue(get("/q/metrics").contains("mirror_bootstrap_transfers_total{outcome=\"expired\"} 1.0"));
    }

    @Test
    void sigtermKeepsTheLastByteAndTellsTheSourceToComeBack() throws Exception {
        start(Map.of());
        byte[] whole = random(3 * MIB);
        RawClient client = new RawClient(sidecar.uri());
        open(client, identity("db", whole));
        send(client, identity("db", whole), whole, 0, 2 * MIB);

        assertEquals(143, sidecar.terminate());

        assertEquals(1012, client.closeCode());
        byte[] checkpoint = Files.readAllBytes(data().resolve("recv_snapshots/db.checkpoint.json"));
        assertEquals(2 * MIB, new JsonRecords().checkpoint(checkpoint).orElseThrow().bytes());
        assertTrue(sidecar.log().contains("interrupted by the end of this process: database=db"), sidecar.log());
        assertFalse(sidecar.log().contains("link lost"), sidecar.log());
        start(Map.of());
        assertTrue(sidecar.log().contains("found at start: database=db"), sidecar.log());
        assertFalse(sidecar.log().contains("link lost"), sidecar.log());
        assertTrue(get("/q/metrics").contains("mirror_bootstrap_transfers_total{outcome=\"disconnected\"} 0.0"));
        assertTrue(get("/v1/mirrors/db").contains("\"status\":\"disconnected\""), get("/v1/mirrors/db"));
        assertEquals(2 * MIB, open(new RawClient(sidecar.uri()), identity("db", whole)).path("offset").asInt());
    }

    @Test
    void whileItEndsItIsNotReadyAndTakesNoLink() throws Exception {
        start(Map.of(), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(), "SLOW_FORCE_MS", "1500"));
        byte[] whole = random(3 * MIB);
        RawClient client = new RawClient(sidecar.uri());
        open(client, identity("db", whole));
        send(client, identity("db", whole), whole, 0, MIB);
        assertEquals(200, status("/q/health/ready"));

        CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(() -> {
            try {
                return sidecar.terminate();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        Awaitility.await().until(() -> status("/q/health/ready") == 503);
        assertEquals(200, status("/q/health/live"), "ending is no reason to be killed");
        ExecutionException refused = assertThrows(ExecutionException.class, () -> new RawClient(sidecar.uri()));
        assertEquals(503, assertInstanceOf(WebSocketHandshakeException.class, refused.getCause()).getResponse()
                .statusCode());
        assertEquals(1012, client.closeCode());
        assertEquals(143, exit.get());
    }

    @Test
    void aDiskThatHangsDoesNotHoldUpTheEnd() throws Exception {
        start(Map.of("CHECKPOINT_BYTES", "1M"), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(),
                "HANGING_DISK_WHILE", directory.resolve("hangs").toString()));
        byte[] whole = random(3 * MIB);
        RawClient client = new RawClient(sidecar.uri());
        open(client, identity("db", whole));
        send(client, identity("db", whole), whole, 0, MIB);
        Files.createFile(directory.resolve("hangs"));
        client.binary(message(identity("db", whole), whole, MIB, 2 * MIB, false), MIB);
        Awaitility.await().until(() -> Files.size(data().resolve("recv_snapshots/db.partial")) == 2 * MIB);

        assertEquals(143, sidecar.terminate());

        assertEquals(1012, client.closeCode());
        assertTrue(sidecar.log().contains("1 links have not become durable in 7 seconds"), sidecar.log());
        assertTrue(sidecar.log().contains("as if the disk did not answer: ending without it"), sidecar.log());
        assertFalse(sidecar.log().contains("\tat "), sidecar.log());
        byte[] checkpoint = Files.readAllBytes(data().resolve("recv_snapshots/db.checkpoint.json"));
        assertEquals(MIB, new JsonRecords().checkpoint(checkpoint).orElseThrow().bytes());
        assertTrue(Files.size(data().resolve("recv_snapshots/db.partial")) >= MIB);
    }

    @Test
    void norDoesItWhereNoLinkIsOpen() throws Exception {
        start(Map.of(), Map.of("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString(),
                "HANGING_DISK_WHILE", directory.resolve("hangs").toString()));
        byte[] whole = random(MIB);
        RawClient client = new RawClient(sidecar.uri());
        send(client, identity("db", whole), whole, 0, MIB);
        client.close();
        Files.createFile(directory.resolve("hangs"));
        HTTP.sendAsync(HttpRequest.newBuilder(URI.create(sidecar.uri() + "/v1/mirrors/db?snapshot=true")).DELETE()
                .build(), HttpResponse.BodyHandlers.discarding());
        Awaitility.await().until(() -> !Files.exists(data().resolve("recv_snapshots/db.snapshot")));

        assertEquals(143, sidecar.terminate());
        assertTrue(sidecar.log().contains("as if the disk did not answer: ending without it"), sidecar.log());
    }

    private int status(String path) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create(sidecar.uri() + path)).build(),
                HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    @Test
    void aLongFrameNeedsNoMemoryOfItsLength() throws Exception {
        Files.createDirectories(data());
        sidecar = SidecarProcess.start(data(), List.of("-Xmx64m", "-XX:MaxDirectMemorySize=6m"), Map.of());
        byte[] whole = random(8 * MIB);
        byte[] message = message(identity("db", whole), whole, 0, whole.length, true);
        RawClient client = new RawClient(sidecar.uri());
        client.binary(message, message.length);
        assertEquals("committed", client.answer().path("type").asText());
    }

    @Test
    void aLinkThatIsTakenOverWhileItsTransferIsReadBackLeavesNothingRunningAndPingsAreAnsweredMeanwhile()
            throws Exception {
        long there = 16L << 30; // with holes: reading it takes long, and writing it nothing
        SnapshotIdentity identity = new SnapshotIdentity("cluster", new DatabaseId("db"), 42, there + 1, Crc32c.EMPTY);
        Path files = Files.createDirectories(data().resolve("recv_snapshots"));
        try (RandomAccessFile partial = new RandomAccessFile(files.resolve("db.partial").toFile(), "rw")) {
            partial.setLength(there);
        }
        Files.write(files.resolve("db.checkpoint.json"),
                new JsonRecords().checkpoint(new Checkpoint(identity, there, Crc32c.EMPTY)));
        start(Map.of());
        RawClient first = new RawClient(sidecar.uri());
        first.text(JsonMessages.write(new Control.Open(identity)));
        first.ping();
        Awaitility.await().until(first::hasPong);
        assertFalse(first.hasUnreadAnswers(), "the file was too short to prove anything");

        RawClient second = new RawClient(sidecar.uri());
        second.text(JsonMessages.write(new Control.Open(identity)));
        assertEquals("superseded", first.answer().path("code").asText());
        assertEquals(4409, first.closeCode());
        second.cut();
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> {
            long before = sidecar.cpuTicks();
            TimeUnit.MILLISECONDS.sleep(500); // a job that runs without end uses all of it, 50 ticks
            return sidecar.cpuTicks() - before < 10;
        });
    }

    @Test
    void aDirectoryThatAnotherProcessUsesIsRefused() throws Exception {
        start(Map.of());
        IllegalStateException refused = assertThrows(IllegalStateException.class,
                () -> SidecarProcess.start(data(), List.of("-Xmx64m"), Map.of()));
        assertTrue(refused.getMessage().contains("another process is using it"), refused::getMessage);
    }

    private void start(Map<String, String> settings) throws IOException {
        start(settings, Map.of());
    }

    private void start(Map<String, String> settings, Map<String, String> environment) throws IOException {
        Map<String, String> all = new HashMap<>(environment);
        settings.forEach((key, value) -> all.put("MIRROR_BOOTSTRAP_" + key, value));
        Files.createDirectories(data());
        sidecar = SidecarProcess.start(data(), List.of("-Xmx64m"), all);
    }

    private Path data() {
        return directory.resolve("data");
    }

    private void awaitStatus(String database, String status) {
        Awaitility.await()
                .until(() -> new ObjectMapper().readTree(get("/v1/mirrors/" + database)).path("status").asText()
                        .equals(status));
    }

    private String get(String path) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create(sidecar.uri() + path)).build(),
                HttpResponse.BodyHandlers.ofString()).body();
    }

    /** What is answered to an open, and what to a first chunk: both must be this refusal, and close the link. */
    private List<JsonNode> refusals(String code, int closes, SnapshotIdentity identity, byte[] whole)
            throws Exception {
        RawClient opens = new RawClient(sidecar.uri());
        RawClient sends = new RawClient(sidecar.uri());
        List<JsonNode> refusals = List.of(open(opens, identity), send(sends, identity, whole, 0, whole.length));
        for (JsonNode refused : refusals) {
            assertEquals(code, refused.path("code").asText(), refused::toString);
        }
        assertEquals(closes, opens.closeCode());
        assertEquals(closes, sends.closeCode());
        return refusals;
    }

    private static JsonNode open(RawClient client, SnapshotIdentity identity) throws Exception {
        client.text(JsonMessages.write(new Control.Open(identity)));
        return client.answer();
    }

    private static JsonNode send(RawClient client, SnapshotIdentity identity, byte[] whole, int from, int to)
            throws Exception {
        client.binary(message(identity, whole, from, to, to == whole.length), 256 * 1024);
        return client.answer();
    }

    private static byte[] message(SnapshotIdentity identity, byte[] whole, int from, int to, boolean done) {
        byte[] head = ChunkEncoder.head(identity, from, to - from, Crc32c.of(ByteBuffer.wrap(whole, from, to - from)),
                done);
        return ByteBuffer.allocate(head.length + to - from).put(head).put(whole, from, to - from).array();
    }

    private static SnapshotIdentity identity(String database, byte[] whole) {
        return new SnapshotIdentity("cluster", new DatabaseId(database), 42, whole.length,
                Crc32c.of(ByteBuffer.wrap(whole)));
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        new Random(bytes).nextBytes(random);
        return random;
    }
}
