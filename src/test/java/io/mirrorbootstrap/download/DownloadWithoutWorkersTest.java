package io.mirrorbootstrap.download;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mirrorbootstrap.RandomBytes;
import io.mirrorbootstrap.access.LetIn;
import io.mirrorbootstrap.access.RefusalCounts;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.store.FileFacts;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;

/** Downloads while the system makes no further thread: what has one of their few places gives it back. */
@Timeout(60)
class DownloadWithoutWorkersTest {

    private static final int EVERY_TASK = Integer.MAX_VALUE;

    private final byte[] whole = RandomBytes.random(1024 * 1024, 3);
    private final SimulatedDisk disk = new SimulatedDisk();
    private final MirrorSettings settings = TestMirrors.settings(Map.of());
    private final Downloads downloads = new Downloads(settings, () -> ToldApart.NOT, new SimpleMeterRegistry());
    private final FewWorkers workers = new FewWorkers();
    private final Queue<Runnable> timers = new ConcurrentLinkedQueue<>();
    private final Closer closer = new Closer(workers, timers::add);
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private HttpServer port;

    @BeforeEach
    void listen() throws Exception {
        put("d", whole);
        put("empty", new byte[0]);
        Mirrors mirrors = TestMirrors.on(disk);
        Router router = Router.router(vertx);
        router.route().order(-2).handler(LetIn::anybody);
        new DownloadRoute(mirrors, downloads, () -> ToldApart.NOT, new RefusalCounts(new SimpleMeterRegistry()),
                settings, workers, closer).register(router);
        port = vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1").toCompletionStage()
                .toCompletableFuture().get();
    }

    private void put(String database, byte[] bytes) throws IOException {
        disk.put(database + ".snapshot", bytes);
        disk.put(database + ".manifest.json", new JsonRecords().manifest(new Manifest(
                new CommittedSnapshot("c", new DatabaseId(database), 7, bytes.length, Crc32c.of(ByteBuffer.wrap(bytes)),
                        Instant.EPOCH),
                disk.facts(database + ".snapshot").map(FileFacts::mark))));
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get();
        workers.close();
    }

    @ParameterizedTest
    @CsvSource({"GET,d/snapshot,,2", "GET,d/snapshot,bytes=9999999-,1", "GET,empty/snapshot,,1", "HEAD,d/snapshot,,1",
            "GET,d/manifest,,1"})
    void whatEndsThenGivesBackItsPlaceAndLaterItsFile(String method, String path, String range, int tasks)
            throws Exception {
        workers.take(tasks); // the first opens the file; none is left for its closing
        if (tasks == 1) {
            request(method, path, range); // is answered
        } else {
            assertThrows(IOException.class, () -> request(method, path, range), "in the middle of its bytes");
        }

        Runnable timer = await(timers::poll);
        assertEquals(0, downloads.now());
        assertEquals(1, disk.openFiles());
        workers.take(EVERY_TASK);
        timer.run();
        Awaitility.await().until(() -> disk.openFiles() == 0);
        assertArrayEquals(whole, request("GET", "d/snapshot", null).body());
    }

    /** Whoever is let in could use up all descriptors otherwise, one with each worker that is free for an instant. */
    @Test
    void noMoreFilesWaitForAWorkerThanAreOpenedAtOnce() throws Exception {
        for (int i = 0; i < 10; i++) {
            workers.take(1);
            assertEquals(200, request("HEAD", "d/snapshot", null).statusCode());
            await(timers::poll);
            assertEquals(1, disk.openFiles());
        }
    }

    @Test
    void aWorkerIsAskedForUntilThereIsOne() throws Exception {
        closer.close(TestMirrors.on(disk).openSnapshot(new DatabaseId("d")).orElseThrow());
        timers.remove().run();
        assertEquals(1, disk.openFiles());

        workers.take(1);
        timers.remove().run();
        Awaitility.await().until(() -> disk.openFiles() == 0);
        assertEquals(0, timers.size());
    }

    private static <T> T await(Supplier<T> what) {
        return Awaitility.await().until(what::get, Objects::nonNull);
    }

    private HttpResponse<byte[]> request(String method, String path, String range) throws Exception {
        HttpRequest.Builder request = HttpRequest
                .newBuilder(URI.create("http://127.0.0.1:" + port.actualPort() + "/v1/mirrors/" + path))
                .method(method, BodyPublishers.noBody());
        if (range != null) {
            request.header("Range", range);
        }
        return client.send(request.build(), BodyHandlers.ofByteArray());
    }
}
