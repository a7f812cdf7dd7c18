package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stream that the packaged {@code send} brings to a packaged sidecar, whatever happens in between: it is sent once, and arrives. */
@Timeout(300)
class StreamIT extends WithSidecar {

    private static final int MIB = 1024 * 1024;
    private static final int CHECKPOINT_BYTES = 4 * MIB;
    private static final int WINDOW_BYTES = 8 * MIB;
    private static final int FRAMES_PERCENT = 1;
    private static final Map<String, String> SMALL = Map.of("MIRROR_BOOTSTRAP_CHECKPOINT_BYTES",
            String.valueOf(CHECKPOINT_BYTES), "MIRROR_BOOTSTRAP_WINDOW_BYTES", String.valueOf(WINDOW_BYTES),
            "MIRROR_BOOTSTRAP_INGEST_RATE_BYTES_PER_SECOND", String.valueOf(40 * MIB),
            "MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES", "0");

    private final List<Process> started = new ArrayList<>();
    private Relay relay;
    private Path whole;

    @BeforeEach
    void prepare() throws IOException {
        relay = new Relay();
        whole = directory.resolve("whole");
    }

    @AfterEach
    void end() throws IOException {
        started.forEach(Process::destroyForcibly);
        relay.close();
    }

    @Test
    void itRidesOutKillsRestartsAndCutLinks() throws Exception {
        int size = random(120 * MIB);
        startAgain(SMALL);
        Process send = send("--", "cat", whole.toString());
        int faults = 0;
        for (int at = 16 * MIB; at < size; at += 20 * MIB) {
            awaitBytes(send, at);
            switch (faults++ % 3) {
                case 0 -> {
                    sidecar.kill();
                    startAgain(SMALL);
                }
                case 1 -> relay.cut();
                default -> {
                    assertEquals(143, sidecar.terminate());
                    startAgain(SMALL);
                }
            }
        }
        assertCommitted(send);
        long again = relay.bytes() - size;
        assertTrue(again <= (long) faults * (CHECKPOINT_BYTES + WINDOW_BYTES) + (long) size * FRAMES_PERCENT / 100,
                () -> again + " bytes were sent again");
    }

    @Test
    void aFileThatIsHashedWhileItIsSentGoesOnFromAnotherProcess() throws Exception {
        int size = random(80 * MIB);
        startAgain(SMALL);
        Process first = send(whole.toString());
        awaitBytes(first, 40 * MIB);
        first.destroyForcibly().waitFor();
        sidecar.kill();
        startAgain(SMALL);

        assertCommitted(send(whole.toString()));
        assertTrue(relay.bytes() < size + 2L * (CHECKPOINT_BYTES + WINDOW_BYTES), "it began at 0");
        Process again = send(whole.toString());
        assertEquals(0, again.waitFor());
        assertTrue(Files.readString(directory.resolve("out")).contains("was there already"));
    }

    @Test
    void itRidesOutAFullDisk() throws Exception {
        random(48 * MIB);
        Path full = directory.resolve("full");
        startAgain(SMALL, Preloaded.disk("FULL_DISK_WHILE", full));
        Process send = send("--", "cat", whole.toString());
        awaitBytes(send, 16 * MIB);
        Files.createFile(full);
        patiently().until(() -> said().contains("insufficient_storage"));
        Files.delete(full);

        assertCommitted(send);
    }

    @Test
    void aSmallBufferOnlyMakesTheProducerWait() throws Exception {
        random(48 * MIB);
        startAgain(Map.of());
        Process send = send("--replay-buffer", "4M", "--", "cat", whole.toString());
        awaitBytes(send, 16 * MIB);
        sidecar.kill();
        startAgain(Map.of());

        assertCommitted(send);
    }

    @Test
    void whatIsHeldIsBoundedWhereNothingBecomesDurableByItself() throws Exception {
        long size = 400L * MIB;
        startAgain(Map.of("MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "1G", "MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES", "0"));
        Path peak = directory.resolve("peak");
        Process send = send("--", "sh", "-c",
                "head -c " + size + " /dev/zero; grep VmHWM /proc/$PPID/status > " + peak);

        assertTrue(send.waitFor(120, TimeUnit.SECONDS), this::said);
        assertEquals(0, send.exitValue(), this::said);
        assertEquals(size, Files.size(file("orders.snapshot")));
        long kib = Long.parseLong(Files.readString(peak).replaceAll("\\D", ""));
        assertTrue(kib < 250 * 1024, () -> kib + " KiB of a stream that needs more are held");
    }

    @Test
    void aProducerThatFailsWhileThereIsNoSidecarIsTold() throws Exception {
        random(48 * MIB);
        startAgain(SMALL);
        Path go = directory.resolve("go");
        Process send = send("--", "sh", "-c",
                "cat " + whole + "; while [ ! -e " + go + " ]; do sleep 0.1; done; exit 3");
        awaitBytes(send, 47 * MIB); // what is no whole chunk waits for more
        sidecar.kill();
        Files.createFile(go);

        assertEquals(6, send.waitFor(), this::said);
        startAgain(SMALL);
        assertFalse(Files.exists(file("orders.snapshot")));
    }

    @SafeVarargs
    private void startAgain(Map<String, String>... environments) throws IOException {
        start(environments);
        relay.leadTo(sidecar.uri());
    }

    private int random(int size) throws IOException {
        byte[] mib = new byte[MIB];
        Random random = new Random(7);
        try (RandomAccessFile file = new RandomAccessFile(whole.toFile(), "rw")) {
            for (int at = 0; at < size; at += MIB) {
                random.nextBytes(mib);
                file.write(mib);
            }
        }
        return size;
    }

    private Process send(String... more) throws IOException {
        String[] arguments = Stream
                .concat(Stream.of("send", "--url", relay.uri().toString(), "--cluster", "c", "--database",
                        "orders", "--lsn", "7", "--give-up-after", "120"), Stream.of(more))
                .toArray(String[]::new);
        Process send = SidecarProcess.command(arguments).redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile()).start();
        started.add(send);
        return send;
    }

    private String said() {
        try {
            return Files.readString(directory.resolve("err"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void awaitBytes(Process send, long bytes) {
        patiently().until(() -> {
            assertTrue(send.isAlive() || sidecar.word("orders").equals("following"), this::said);
            return sidecar.bytesDone("orders") >= bytes;
        });
    }

    private void assertCommitted(Process send) throws Exception {
        assertTrue(send.waitFor(120, TimeUnit.SECONDS), this::said);
        assertEquals(0, send.exitValue(), this::said);
        assertEquals(-1, Files.mismatch(whole, file("orders.snapshot")));
        assertFalse(Files.exists(file("orders.partial")));
    }
}
