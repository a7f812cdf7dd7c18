package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import com.fasterxml.jackson.databind.ObjectMapper;

/** The packaged {@code send} against a sidecar that is killed, ended and started again under it. */
class SendIT {

    private static final int MIB = 1024 * 1024;
    /** One for all: a client that nothing refers to any more may be closed while it waits. */
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final int FILE_MIB = 200;

    @TempDir
    Path directory;

    private SidecarProcess sidecar;
    private Process send;

    @AfterEach
    void stop() {
        if (send != null) {
            send.destroyForcibly();
        }
        if (sidecar != null) {
            sidecar.close();
        }
    }

    @Test
    void sendSurvivesTheEndOfTheSidecar() throws Exception {
        Path file = directory.resolve("file");
        byte[] whole = new byte[FILE_MIB * MIB];
        new Random(1).nextBytes(whole);
        Files.write(file, whole);
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path data = Files.createDirectory(directory.resolve("data"));
        Map<String, String> environment = Map.of("QUARKUS_HTTP_PORT", String.valueOf(port), "LD_PRELOAD",
                SidecarProcess.slowDisk(directory).toString(), "SLOW_DISK_MS_PER_MIB", "20",
                "MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "8M");

        sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), environment);
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        send = SidecarProcess.command("send", file.toString(), "--url", sidecar.uri().toString(), "--cluster", "c",
                "--database", "db", "--lsn", "42").redirectOutput(out.toFile()).redirectError(err.toFile()).start();

        awaitBytes(40 * MIB);
        sidecar.kill();
        sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), environment);
        assertTrue(bytesDone() > 40 * MIB - 9 * MIB, "it resumes from the last checkpoint");

        awaitBytes(100 * MIB);
        assertEquals(143, sidecar.terminate());
        sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), environment);
        assertTrue(bytesDone() >= 100 * MIB, "SIGTERM loses nothing that was confirmed");

        assertTrue(send.waitFor(120, TimeUnit.SECONDS));
        String said = Files.readString(err);
        assertEquals(0, send.exitValue(), said);
        assertTrue(Files.readString(out).startsWith("committed " + data.resolve("recv_snapshots/db.snapshot")), said);
        assertTrue(said.contains("trying again in"), said);
        assertEquals(-1, Files.mismatch(file, data.resolve("recv_snapshots/db.snapshot")));
    }

    private void awaitBytes(long bytes) {
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> {
            assertTrue(send.isAlive(), () -> read("err"));
            return bytesDone() >= bytes;
        });
    }

    private String read(String file) {
        try {
            return Files.readString(directory.resolve(file));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private long bytesDone() throws Exception {
        HttpResponse<String> mirror = HTTP.send(
                HttpRequest.newBuilder(URI.create(sidecar.uri() + "/v1/mirrors/db")).build(),
                HttpResponse.BodyHandlers.ofString());
        return new ObjectMapper().readTree(mirror.body()).path("bytes_done").asLong();
    }
}
