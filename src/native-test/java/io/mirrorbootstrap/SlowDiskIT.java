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
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;

/**
 * Sources that push 512 MiB at a disk that writes 1 MiB in 20 ms, and do not wait for answers: the heap of 64 MiB
 * suffices, because the sockets are not read faster than the disk writes.
 */
class SlowDiskIT {

    private static final int MIB = 1024 * 1024;
    /** One for all: a client that nothing refers to any more may be closed while it waits. */
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Pattern BUFFERED = Pattern.compile("(?m)^mirror_bootstrap_buffered_bytes (\\S+)$");

    @TempDir
    Path directory;

    private SidecarProcess sidecar;

    @BeforeEach
    void start() throws Exception {
        Path library = SidecarProcess.slowDisk(directory);
        Path data = Files.createDirectory(directory.resolve("data"));
        sidecar = SidecarProcess.start(data, List.of("-Xmx64m"),
                Map.of("LD_PRELOAD", library.toString(), "SLOW_DISK_MS_PER_MIB", "20"));
    }

    @AfterEach
    void stop() throws Exception {
        sidecar.close();
    }

    @ParameterizedTest(name = "{0} sources, {1} MiB each, frames of {2} KiB")
    @CsvSource({"1,512,256", "8,64,1024"})
    void sourcesFasterThanTheDiskDoNotFillTheHeap(int sources, int mib, int frameKib) throws Exception {
        ExecutorService senders = Executors.newFixedThreadPool(sources);
        try {
            List<Future<String>> ends = new ArrayList<>();
            for (int i = 0; i < sources; i++) {
                ends.add(senders.submit(sender("db" + i, mib, frameKib * 1024)));
            }
            double most = 0;
            while (!ends.stream().allMatch(Future::isDone)) {
                most = Math.max(most, bufferedBytes());
            }
            for (Future<String> end : ends) {
                assertEquals("committed", end.get());
            }
            assertTrue(most >= MIB, "the disk was not slow enough to prove anything: " + most);
            // what the worker reads at once, and what the event loop does, however fast the source and long the frame
            assertTrue(most <= sources * (MIB + 128.0 * 1024), "buffered: " + most);
        } finally {
            senders.shutdownNow();
        }
        assertTrue(sidecar.isAlive());
        assertFalse(sidecar.log().contains("OutOfMemory"), sidecar.log());
    }

    /** Sends a snapshot of random bytes as fast as the socket takes it; the last answer's type. */
    private Callable<String> sender(String database, int mib, int frameBytes) {
        return () -> {
            byte[] chunk = new byte[MIB];
            new Random(database.hashCode()).nextBytes(chunk);
            Crc32c chunkCrc = Crc32c.of(ByteBuffer.wrap(chunk));
            Crc32c whole = Crc32c.EMPTY;
            for (int i = 0; i < mib; i++) {
                whole = whole.followedBy(chunkCrc, MIB);
            }
            SnapshotIdentity identity = new SnapshotIdentity("cluster", new DatabaseId(database), 1, (long) mib * MIB,
                    whole);
            RawClient client = new RawClient(sidecar.uri());
            for (int i = 0; i < mib; i++) {
                byte[] head = ChunkEncoder.head(identity, (long) i * MIB, MIB, chunkCrc, i == mib - 1);
                client.binary(ByteBuffer.allocate(head.length + MIB).put(head).put(chunk).array(), frameBytes);
            }
            String last = "";
            for (int i = 0; i < mib; i++) {
                last = client.answer().path("type").asText();
            }
            client.cut();
            return last;
        };
    }

    private double bufferedBytes() throws Exception {
        HttpResponse<String> metrics = HTTP.send(
                HttpRequest.newBuilder(URI.create(sidecar.uri() + "/q/metrics")).build(),
                HttpResponse.BodyHandlers.ofString());
        Matcher line = BUFFERED.matcher(metrics.body());
        assertTrue(line.find(), metrics.body());
        return Double.parseDouble(line.group(1));
    }
}
