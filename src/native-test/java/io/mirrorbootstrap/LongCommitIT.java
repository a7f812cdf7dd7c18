package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.answer;
import static io.mirrorbootstrap.TestSnapshot.committed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;

/** A disk that does not end to force a commit: neither its own source nor anybody else is left without an answer. */
class LongCommitIT extends WithSidecar {

    /** More than there are workers. */
    private static final int LINKS = 40;

    private final TestSnapshot snapshot = TestSnapshot.random("db", 1000);
    private Path hangs;

    private void startOnHangingDisk(Map<String, String> settings) throws Exception {
        hangs = directory.resolve("hangs");
        start(settings, Preloaded.disk("HANGING_DISK_WHILE", hangs));
    }

    @AfterEach
    @Override
    void stop() throws Exception {
        Files.deleteIfExists(hangs);
        super.stop();
    }

    @Test
    void pingsAreAnsweredWhileACommitIsForced() throws Exception {
        startOnHangingDisk(Map.of());
        RawClient client = new RawClient(sidecar.uri());
        commitHanging(client);

        client.ping();

        patiently().until(client::hasPong);
        assertFalse(client.hasUnreadAnswers(), "it is not committed yet");
        assertFalse(client.isClosed());
        Files.delete(hangs);
        committed(answer(client));
    }

    @Test
    void whileAllWorkersWaitForTheDiskTheSidecarTellsHowItIs() throws Exception {
        startOnHangingDisk(Map.of("QUARKUS_THREAD_POOL_MAX_THREADS", "4"));
        for (int i = 0; i < 8; i++) { // more than there are workers
            RawClient client = new RawClient(sidecar.uri());
            if (i == 0) {
                commitHanging(client);
            } else {
                client.binary(snapshot.of("db" + i).chunk(), 100);
            }
        }
        // what needed a worker would be kept in their queue, even when its caller has gone
        for (String path : List.of("/q/health/live", "/q/health/started", "/q/health/group/mirror", "/q/metrics",
                "/v1/mirrors")) {
            assertEquals(200, sidecar.status(path), path);
        }
        try (PlainSocket watcher = PlainSocket.to(sidecar.uri())) {
            watcher.write(PlainSocket.request("GET /v1/mirrors/events", "Host: localhost"));
            assertEquals(200, HttpAnswer.read(watcher.in(), false).status());
        }
        assertEquals(503, sidecar.status("/q/health/ready"));
    }

    @Test
    void removalsThatWaitForTheDiskAreBounded() throws Exception {
        startOnHangingDisk(Map.of());
        RawClient client = new RawClient(sidecar.uri());
        for (int i = 0; i < LINKS; i++) {
            snapshot.of("db" + i).committed(client);
        }
        Files.createFile(hangs);
        List<CompletableFuture<Integer>> removals = new ArrayList<>();
        for (int i = 0; i < LINKS; i++) {
            removals.add(sidecar.delete("/v1/mirrors/db" + i + "?snapshot=true").thenApply(HttpResponse::statusCode));
        }
        patiently().until(() -> removals.stream().filter(CompletableFuture::isDone).count() >= LINKS - 4);
        assertTrue(removals.stream().filter(CompletableFuture::isDone).allMatch(each -> each.join() == 503));
        client.binary(snapshot.of("other").chunk(), 100); // finds a worker
        client.ping();
        patiently().until(client::hasPong);
        Files.delete(hangs);
        for (CompletableFuture<Integer> each : removals) {
            assertTrue(List.of(204, 503).contains(each.get(1, TimeUnit.MINUTES)));
        }
    }

    @Test
    void whoAsksForTheSameDatabaseMeanwhileTakesNoWorkerFromOthers() throws Exception {
        startOnHangingDisk(Map.of());
        RawClient client = new RawClient(sidecar.uri());
        commitHanging(client);
        List<RawClient> others = new ArrayList<>();
        for (int i = 0; i < LINKS; i++) {
            RawClient other = new RawClient(sidecar.uri());
            // three ways to wait for it
            switch (i % 3) {
                case 0 -> other.text(snapshot.open());
                case 1 -> other.binary(snapshot.at(43).chunk(), 100);
                default -> other.text(snapshot.abort());
            }
            others.add(other);
        }
        // answered in turn, so all have been looked at
        for (RawClient other : others) {
            other.ping();
        }
        for (RawClient other : others) {
            patiently().until(other::hasPong);
            assertFalse(other.hasUnreadAnswers());
        }

        assertEquals(200, sidecar.status("/q/health/live"));
        assertEquals(200, sidecar.status("/v1/mirrors/db"));
        HttpResponse<String> busy = sidecar.delete("/v1/mirrors/db").get(1, TimeUnit.MINUTES);
        assertEquals(503, busy.statusCode());
        assertEquals(ErrorCode.BUSY.spelling(), JsonMessages.failure(busy.body()).code());
        assertEquals("1", busy.headers().firstValue("Retry-After").orElseThrow());
        RawClient elsewhere = new RawClient(sidecar.uri());
        snapshot.of("elsewhere").opened(elsewhere);

        Files.delete(hangs);
        committed(answer(client));
        for (int i = 0; i < LINKS; i++) {
            Answer answer = answer(others.get(i));
            assertFalse(answer instanceof Answer.Pending, answer::toString);
        }
        assertFalse(sidecar.log().contains("\tat "), sidecar.log());
    }

    @Test
    void commitsOfOneCallerTakeNoTurnsFromWhatElseItDoes() throws Exception {
        startOnHangingDisk(tokens("token-a = a\ntoken-b = b\n"));
        List<RawClient> committing = new ArrayList<>();
        committing.add(new RawClient(sidecar.uri(), "token-b")); // so that the other is not alone
        for (int i = 0; i < 6; i++) {
            committing.add(new RawClient(sidecar.uri(), "token-a"));
        }
        RawClient other = new RawClient(sidecar.uri(), "token-a");
        for (int i = 0; i < committing.size(); i++) {
            snapshot.of("db" + i).opened(committing.get(i));
        }
        Files.createFile(hangs);
        for (int i = 0; i < committing.size(); i++) {
            committing.get(i).binary(snapshot.of("db" + i).chunk(), 100);
            awaitWritten("db" + i);
        }
        for (RawClient each : committing) {
            each.ping();
            patiently().until(each::hasPong);
            assertFalse(each.hasUnreadAnswers(), "it is not committed yet");
        }
        snapshot.of("other").opened(other);
        Files.delete(hangs);
        for (RawClient each : committing) {
            committed(answer(each));
        }
    }

    @Test
    void aSourceThatGoesWhileItsCommitIsForcedHasItCommittedAllTheSame() throws Exception {
        startOnHangingDisk(Map.of());
        RawClient client = new RawClient(sidecar.uri());
        commitHanging(client);
        client.cut();
        Files.delete(hangs);
        patiently().until(() -> Files.exists(file("db.snapshot")));
        patiently().until(() -> sidecar.log().contains("committed: database=db"));
    }

    /** Sends all of a snapshot; when this returns the disk is at work on it, and does not end. */
    private void commitHanging(RawClient client) throws Exception {
        snapshot.opened(client);
        Files.createFile(hangs);
        client.binary(snapshot.chunk(), 100);
        awaitWritten("db");
    }

    private void awaitWritten(String database) {
        Path partial = file(database + ".partial");
        patiently().until(() -> Files.exists(partial) && Files.size(partial) == snapshot.bytes().length);
    }
}
