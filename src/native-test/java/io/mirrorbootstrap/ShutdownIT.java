package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.wire.JsonRecords;

/** SIGTERM: what is confirmed is kept, sources are told to come back, and a disk that hangs does not hold it up. */
class ShutdownIT extends WithSidecar {

    private static final int ENDED_BY_SIGTERM = 143;

    private final TestSnapshot snapshot = TestSnapshot.random("db", 3 * MIB);

    @Test
    void theLastByteIsKeptAndTheSourceToldToComeBack() throws Exception {
        start();
        RawClient client = new RawClient(sidecar.uri());
        snapshot.open(client);
        snapshot.send(client, 0, 2 * MIB);

        assertEquals(ENDED_BY_SIGTERM, sidecar.terminate());

        assertEquals(1012, client.closeCode());
        assertEquals(2 * MIB, durable());
        assertLogged("interrupted by the end of this process: database=db");
        assertFalse(sidecar.log().contains("link lost"), sidecar.log());
        start();
        assertLogged("found at start: database=db");
        assertFalse(sidecar.log().contains("link lost"), sidecar.log());
        assertEquals(0, sidecar.metric("mirror_bootstrap_transfers_total{outcome=\"disconnected\"}"));
        assertEquals("disconnected", sidecar.word("db"));
        assertEquals(2 * MIB, snapshot.opened(new RawClient(sidecar.uri())).offset());
    }

    /** The source does not answer it at once: then Vert.x would send another, of 1000. */
    @Test
    void nothingComesBehindTheCloseFrame() throws Exception {
        start();
        try (PlainSocket source = PlainSocket.to(sidecar.uri()).upgraded()) {
            source.write(new Frame(Frame.PING, new byte[0]).bytes());
            assertEquals(Frame.PONG, nextButPings(source).head());

            assertEquals(ENDED_BY_SIGTERM, sidecar.terminate());

            Frame close = nextButPings(source);
            assertEquals(Frame.CLOSE, close.head());
            assertEquals(1012, ByteBuffer.wrap(close.payload()).getShort());
            assertTrue(source.ends());
        }
    }

    private static Frame nextButPings(PlainSocket source) throws IOException {
        Frame frame = Frame.read(source.in());
        return frame.head() == Frame.PING ? nextButPings(source) : frame;
    }

    @Test
    void whileItEndsItIsNotReadyAndTakesNoLink() throws Exception {
        start(Preloaded.disk("SLOW_FORCE_MS", 1500));
        RawClient client = new RawClient(sidecar.uri());
        snapshot.open(client);
        snapshot.send(client, 0, MIB);
        assertEquals(200, sidecar.status("/q/health/ready"));

        CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(() -> {
            try {
                return sidecar.terminate();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });

        patiently().until(() -> sidecar.status("/q/health/ready") == 503);
        assertEquals(200, sidecar.status("/q/health/live"), "ending is no reason to be killed");
        ExecutionException refused = assertThrows(ExecutionException.class, () -> new RawClient(sidecar.uri()));
        assertEquals(503, assertInstanceOf(WebSocketHandshakeException.class, refused.getCause()).getResponse()
                .statusCode());
        assertEquals(1012, client.closeCode());
        assertEquals(ENDED_BY_SIGTERM, exit.get());
    }

    /** Sources and probes come back just then. */
    @Test
    void connectionsThatComeWhileThePortClosesLeaveNoTrace() throws Exception {
        start();
        List<CompletableFuture<Void>> clients = Stream
                .generate(
                        () -> CompletableFuture.runAsync(this::askUntilThePortIsGone, task -> new Thread(task).start()))
                .limit(10).toList();

        assertEquals(ENDED_BY_SIGTERM, sidecar.terminate());

        clients.forEach(CompletableFuture::join);
        assertFalse(sidecar.log().contains("Failed to register"), sidecar.log());
    }

    private void askUntilThePortIsGone() {
        boolean isThere = true;
        while (isThere) {
            try {
                PlainSocket.status(sidecar.uri(), "/q/health/live", "Host: localhost", "Connection: close");
            } catch (ConnectException e) {
                isThere = false;
            } catch (IOException e) {
                isThere = true; // it was closed behind the connect
            }
        }
    }

    @Test
    void aDiskThatHangsDoesNotHoldItUp() throws Exception {
        Path hangs = directory.resolve("hangs");
        start(Map.of("MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "1M"), Preloaded.disk("HANGING_DISK_WHILE", hangs));
        RawClient client = new RawClient(sidecar.uri());
        snapshot.open(client);
        snapshot.send(client, 0, MIB);
        Files.createFile(hangs);
        client.binary(snapshot.chunk(MIB, 2 * MIB), MIB);
        patiently().until(() -> Files.size(file("db.partial")) == 2 * MIB);

        assertEquals(ENDED_BY_SIGTERM, sidecar.terminate());

        assertEquals(1012, client.closeCode());
        assertLogged("1 links have not become durable in 7 seconds");
        assertLogged("as if the disk did not answer: ending without it");
        assertFalse(sidecar.log().contains("\tat "), sidecar.log());
        assertEquals(MIB, durable());
        assertTrue(Files.size(file("db.partial")) >= MIB);
    }

    @Test
    void norDoesItWhereNoLinkIsOpen() throws Exception {
        Path hangs = directory.resolve("hangs");
        start(Preloaded.disk("HANGING_DISK_WHILE", hangs));
        RawClient client = new RawClient(sidecar.uri());
        snapshot.committed(client);
        client.close();
        Files.createFile(hangs);
        sidecar.delete("/v1/mirrors/db?snapshot=true");
        patiently().until(() -> Files.exists(directory.resolve("hangs.forced")));

        assertEquals(ENDED_BY_SIGTERM, sidecar.terminate());
        assertLogged("as if the disk did not answer: ending without it");
    }

    @Test
    void norDoesAStartThatWaitsForTheDisk() throws Exception {
        Path hangs = Files.createFile(directory.resolve("hangs"));
        ProcessBuilder builder = SidecarProcess.command("serve");
        builder.environment().putAll(Preloaded.disk("HANGING_DISK_WHILE", hangs));
        builder.environment().putAll(Map.of("MIRROR_BOOTSTRAP_DATA_DIR", data().toString(), "QUARKUS_HTTP_PORT", "0"));
        Process starts = builder.redirectErrorStream(true).redirectOutput(directory.resolve("start.log").toFile())
                .start();
        try {
            patiently().until(() -> Files.exists(data()));
            starts.destroy();
            assertTrue(starts.waitFor(30, TimeUnit.SECONDS), () -> "it has not ended");
            assertEquals(ENDED_BY_SIGTERM, starts.exitValue());
        } finally {
            starts.destroyForcibly();
        }
    }

    /** A log file is written by whoever logs, an event loop too. */
    @Test
    void norDoesAnEventLoopThatStands() throws Exception {
        Path hangs = directory.resolve("hangs");
        start(Map.of("QUARKUS_LOG_FILE_ENABLED", "true", "QUARKUS_LOG_FILE_PATH",
                directory.resolve("log").toString()), Preloaded.disk("HANGING_LOG_WHILE", hangs));
        Files.createFile(hangs);
        try (PlainSocket stranger = PlainSocket.to(sidecar.uri())) {
            stranger.write(PlainSocket.request("GET /v1/mirrors", "Host: localhost", "Origin: http://evil.example"));
            patiently().until(() -> Files.exists(directory.resolve("hangs.met")));
            assertEquals(ENDED_BY_SIGTERM, sidecar.terminate());
        }
    }

    /** How many bytes the checkpoint calls durable. */
    private long durable() throws IOException {
        return new JsonRecords().checkpoint(Files.readAllBytes(file("db.checkpoint.json"))).orElseThrow().bytes();
    }
}
