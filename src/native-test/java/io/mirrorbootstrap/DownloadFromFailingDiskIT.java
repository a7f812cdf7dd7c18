package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.RawClient;

/**
 * Downloads whose reader rests, so that the system lets go of what it had of the snapshot in its memory, from a disk that hangs or fails when
 * it is asked again.
 */
class DownloadFromFailingDiskIT extends WithSidecar {

    private static final String PATH = "GET /v1/mirrors/orders/snapshot";
    private static final String EIO = "5";

    private static final int PART_BYTES = 4 * MIB;

    /** So many connections that each event loop has some. */
    private static final int PROBES = 16;

    private final TestSnapshot whole = TestSnapshot.random("orders", 32 * MIB);

    private PlainSocket full() throws Exception {
        Path full = directory.resolve("full");
        start(Preloaded.disk("LETS_GO_WHEN_FULL", full, "HANGING_DISK_WHILE", hangs(), "REFUSED_WHILE", refused()));
        commit(new RawClient(sidecar.uri()));
        PlainSocket reader = PlainSocket.narrow(sidecar.uri(), 64 * 1024);
        assertEquals(200,
                HttpAnswer.read(reader.write(PlainSocket.request(PATH, "Host: localhost")).in(), false).status());
        patiently().until(() -> Files.exists(full));
        return reader;
    }

    private void commit(RawClient source) throws Exception {
        whole.opened(source);
        for (int at = 0; at < whole.bytes().length - PART_BYTES; at += PART_BYTES) {
            whole.send(source, at, at + PART_BYTES);
        }
        whole.committed(source, whole.bytes().length - PART_BYTES);
    }

    private Path hangs() {
        return directory.resolve("hangs");
    }

    private Path refused() {
        return directory.resolve("refused");
    }

    @Test
    void noEventLoopWaitsForADiskThatHangs() throws Exception {
        try (PlainSocket reader = full()) {
            Files.createFile(hangs());
            CompletableFuture<byte[]> read = CompletableFuture.supplyAsync(() -> rest(reader.in()));
            patiently().until(() -> Files.exists(directory.resolve("hangs.met")));
            URI uri = sidecar.uri();
            for (int i = 0; i < PROBES; i++) {
                assertEquals(200, PlainSocket.status(uri, "/q/health/live", "Host: localhost"));
            }
            Files.delete(hangs());
            assertArrayEquals(whole.bytes(), read.get());
        }
    }

    @Test
    void aDiskThatFailsIsNotToldAsTheReadersFault() throws Exception {
        try (PlainSocket reader = full()) {
            Files.writeString(refused(), EIO);
            byte[] come = rest(reader.in());
            assertTrue(come.length < whole.bytes().length);
            assertTrue(Arrays.equals(come, 0, come.length, whole.bytes(), 0, come.length));
        }
        patiently().until(() -> sidecar.metric("mirror_bootstrap_downloads_total{outcome=\"failed\"}") == 1);
        assertTrue(sidecar.logged("download cut: ").get(0).contains("Input/output error"), sidecar.log());
    }

    /** What comes until all of it has, or the connection is cut. */
    private byte[] rest(InputStream in) {
        byte[] bytes = new byte[whole.bytes().length];
        int come = 0;
        try {
            for (int read = 0; read >= 0 && come < bytes.length; come += Math.max(0, read)) {
                read = in.read(bytes, come, bytes.length - come);
            }
        } catch (IOException e) {
            // it is cut
        }
        return Arrays.copyOf(bytes, come);
    }
}
