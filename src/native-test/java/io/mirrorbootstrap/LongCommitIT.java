package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/** A disk that does not end to force a commit: neither its own source nor anybody else is left without an answer. */
class LongCommitIT {

    /** More than there are workers. */
    private static final int LINKS = 40;

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    Path directory;

    private final byte[] whole = random(1000);
    private SidecarProcess sidecar;
    private Path hangs;

    private void start() throws Exception {
        start(Map.of());
    }

    private void start(Map<String, String> settings) throws Exception {
        hangs = directory.resolve("hangs");
        Path data = Files.createDirectories(directory.resolve("data"));
        Map<String, String> environment = new HashMap<>(settings);
        environment.put("LD_PRELOAD", SidecarProcess.slowDisk(directory).toString());
        environment.put("HANGING_DISK_WHILE", hangs.toString());
        sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), environment);
    }

    @AfterEach
    void stop() throws Exception {
        Files.deleteIfExists(hangs);
        sidecar.close();
    }

    @Test
    void pingsAreAnsweredWhileACommitIsForced() throws Exception {
        start();
        RawClient client = new RawClient(sidecar.uri());
        commitHanging(client, "db");

        client.ping();

        Awaitility.await().until(client::hasPong);
        assertFalse(client.hasUnreadAnswers(), "it is not committed yet");
        assertFalse(client.isClosed());
        Files.delete(hangs);
        assertEquals("committed", client.answer().path("type").asText());
    }

    @Test
    void whileAllWorkersWaitForTheDiskTheSidecarIsAlive() throws Exception {
        start(Map.of("QUARKUS_THREAD_POOL_MAX_THREADS", "4"));
        for (int i = 0; i < 8; i++) { // more than there are workers
            RawClient client = new RawClient(sidecar.uri());
            if (i == 0) {
                commitHanging(client, "db");
            } else {
                client.binary(chunk(identity("db" + i, 1)), 100);
            }
        }
        for (int i = 0; i < 10; i++) {
            assertEquals(200, get("/q/health/live"));
        }
    }

    @Test
    void removalsThatWaitForTheDiskAreBounded() throws Exception {
        start();
        RawClient client = new RawClient(sidecar.uri());
        for (int i = 0; i < LINKS; i++) {
            client.binary(chunk(identity("db" + i, 1)), 100);
            assertEquals("committed", client.answer().path("type").asText());
        }
        Files.createFile(hangs);
        List<CompletableFuture<Integer>> removals = new ArrayList<>();
        for (int i = 0; i < LINKS; i++) {
            removals.add(HTTP.sendAsync(
                    HttpRequest.newBuilder(URI.create(sidecar.uri() + "/v1/mirrors/db" + i + "?snapshot=true")).DELETE()
                            .build(),
                    HttpResponse.BodyHandlers.discarding()).thenApply(HttpResponse::statusCode));
        }
        Awaitility.await().atMost(1, TimeUnit.MINUTES)
                .until(() -> removals.stream().filter(CompletableFuture::isDone).count() >= LINKS - 4);
        assertTrue(removals.stream().filter(CompletableFuture::isDone).allMatch(each -> each.join() == 503));
        client.binary(chunk(identity("other", 1)), 100); // finds a worker
        client.ping();
        Awaitility.await().until(client::hasPong);
        Files.delete(hangs);
        for (CompletableFuture<Integer> each : removals) {
            assertTrue(List.of(204, 503).contains(each.get(1, TimeUnit.MINUTES)));
        }
    }

    @Test
    void whoAsksForTheSameDatabaseMeanwhileTakesNoWorkerFromOthers() throws Exception {
        start();
        RawClient client = new RawClient(sidecar.uri());
        commitHanging(client, "db");
        List<RawClient> others = new ArrayList<>();
        for (int i = 0; i < LINKS; i++) {
            RawClient other = new RawClient(sidecar.uri());
            // three ways to wait for it
            switch (i % 3) {
                case 0 -> other.text(JsonMessages.write(new Control.Open(identity("db", 1))));
                case 1 -> other.binary(chunk(identity("db", 2)), 100);
                default -> other.text(JsonMessages.write(new Control.Abort(new DatabaseId("db"))));
            }
            others.add(other);
        }
        // answered in turn, so all have been looked at
        for (RawClient other : others) {
            other.ping();
        }
        for (RawClient other : others) {
            Awaitility.await().until(other::hasPong);
            assertFalse(other.hasUnreadAnswers());
        }

        assertEquals(200, get("/q/health/live"));
        assertEquals(200, get("/v1/mirrors/db"));
        HttpResponse<String> busy = HTTP.send(HttpRequest.newBuilder(URI.create(sidecar.uri() + "/v1/mirrors/db"))
                .DELETE().build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(503, busy.statusCode());
        assertTrue(busy.body().contains("\"code\":\"busy\""), busy.body());
        assertEquals("1", busy.headers().firstValue("Retry-After").orElseThrow());
        RawClient elsewhere = new RawClient(sidecar.uri());
        elsewhere.text(JsonMessages.write(new Control.Open(identity("elsewhere", 1))));
        assertEquals("opened", elsewhere.answer().path("type").asText());

        Files.delete(hangs);
        assertEquals("committed", client.answer().path("type").asText());
        for (int i = 0; i < LINKS; i++) {
            String answer = others.get(i).answer().path("type").asText();
            assertTrue(List.of("committed", "opened", "aborted", "error").contains(answer), answer);
        }
        assertFalse(sidecar.log().contains("\tat "), sidecar.log());
    }

    @Test
    void commitsOfOneCallerTakeNoTurnsFromWhatElseItDoes() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), "token-a = a\ntoken-b = b\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        List<RawClient> committing = new ArrayList<>();
        committing.add(new RawClient(sidecar.uri(), "token-b")); // so that the other is not alone
        for (int i = 0; i < 6; i++) {
            committing.add(new RawClient(sidecar.uri(), "token-a"));
        }
        RawClient other = new RawClient(sidecar.uri(), "token-a");
        for (int i = 0; i < committing.size(); i++) {
            committing.get(i).text(JsonMessages.write(new Control.Open(identity("db" + i, 1))));
            assertEquals("opened", committing.get(i).answer().path("type").asText());
        }
        Files.createFile(hangs);
        for (int i = 0; i < committing.size(); i++) {
            committing.get(i).binary(chunk(identity("db" + i, 1)), 100);
            Path partial = directory.resolve("data/recv_snapshots/db" + i + ".partial");
            Awaitility.await().until(() -> Files.exists(partial) && Files.size(partial) == whole.length);
        }
        for (RawClient each : committing) {
            each.ping();
            Awaitility.await().until(each::hasPong);
            assertFalse(each.hasUnreadAnswers(), "it is not committed yet");
        }
        other.text(JsonMessages.write(new Control.Open(identity("other", 1))));
        assertEquals("opened", other.answer().path("type").asText());
        Files.delete(hangs);
        for (RawClient each : committing) {
            assertEquals("committed", each.answer().path("type").asText());
        }
    }

    @Test
    void aSourceThatGoesWhileItsCommitIsForcedHasItCommittedAllTheSame() throws Exception {
        start();
        RawClient client = new RawClient(sidecar.uri());
        commitHanging(client, "db");
        client.cut();
        Files.delete(hangs);
        Awaitility.await().until(() -> Files.exists(directory.resolve("data/recv_snapshots/db.snapshot")));
        Awaitility.await().until(() -> sidecar.log().contains("committed: database=db"));
    }

    /** Sends all of a snapshot; when this returns the disk is at work on it, and does not end. */
    private void commitHanging(RawClient client, String database) throws Exception {
        SnapshotIdentity identity = identity(database, 1);
        client.text(JsonMessages.write(new Control.Open(identity)));
        assertEquals("opened", client.answer().path("type").asText());
        Files.createFile(hangs);
        client.binary(chunk(identity), 100);
        Path partial = directory.resolve("data/recv_snapshots/" + database + ".partial");
        Awaitility.await().until(() -> Files.exists(partial) && Files.size(partial) == whole.length);
    }

    private byte[] chunk(SnapshotIdentity identity) {
        byte[] head = ChunkEncoder.head(identity, 0, whole.length, identity.totalCrc32c(), true);
        return ByteBuffer.allocate(head.length + whole.length).put(head).put(whole).array();
    }

    private int get(String path) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create(sidecar.uri() + path)).build(),
                HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    private SnapshotIdentity identity(String database, long lsn) {
        return new SnapshotIdentity("cluster", new DatabaseId(database), lsn, whole.length,
                Crc32c.of(ByteBuffer.wrap(whole)));
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
