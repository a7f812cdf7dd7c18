package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The packaged {@code send} against a sidecar that is killed, ended and started again under it. */
class SendIT extends WithSidecar {

    private static final int FILE_MIB = 200;

    private Process send;

    @AfterEach
    void stopSending() {
        if (send != null) {
            send.destroyForcibly();
        }
    }

    @Test
    void sendSurvivesTheEndOfTheSidecar() throws Exception {
        Path file = directory.resolve("file");
        byte[] whole = new byte[FILE_MIB * MIB];
        new Random(1).nextBytes(whole);
        Files.write(file, whole);
        int port = FreePort.take();
        Map<String, String> environment = Preloaded.disk("SLOW_DISK_MS_PER_MIB", 20, "QUARKUS_HTTP_PORT", port,
                "MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "8M");

        start(environment);
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        send = SidecarProcess.command("send", file.toString(), "--url", sidecar.uri().toString(), "--cluster", "c",
                "--database", "db", "--lsn", "42").redirectOutput(out.toFile()).redirectError(err.toFile()).start();

        awaitBytes(40 * MIB);
        sidecar.kill();
        start(environment);
        assertTrue(sidecar.bytesDone("db") > 40 * MIB - 9 * MIB, "it resumes from the last checkpoint");

        awaitBytes(100 * MIB);
        assertEquals(143, sidecar.terminate());
        start(environment);
        assertTrue(sidecar.bytesDone("db") >= 100 * MIB, "SIGTERM loses nothing that was confirmed");

        assertTrue(send.waitFor(120, TimeUnit.SECONDS));
        String said = Files.readString(err);
        assertEquals(0, send.exitValue(), said);
        assertTrue(Files.readString(out).startsWith("committed " + file("db.snapshot")), said);
        assertTrue(said.contains("trying again in"), said);
        String name = said.replaceAll("(?s).* ended: database=db transfer=([0-9a-f]{8}) bytes=.* resumes=2 .*", "$1");
        List<String> lines = sidecar.logged(" transfer=" + name);
        assertTrue(lines.stream().anyMatch(line -> line.contains(" begun: ")), lines::toString);
        assertTrue(lines.get(lines.size() - 1).matches(".* committed: .* resumes=0 resent_bytes=0 from_byte=[0-9]+ .*"),
                lines::toString);
        assertEquals(-1, Files.mismatch(file, file("db.snapshot")));
    }

    private void awaitBytes(long bytes) {
        patiently().until(() -> {
            assertTrue(send.isAlive(), () -> read("err"));
            return sidecar.bytesDone("db") >= bytes;
        });
    }

    private String read(String file) {
        try {
            return Files.readString(directory.resolve(file));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
