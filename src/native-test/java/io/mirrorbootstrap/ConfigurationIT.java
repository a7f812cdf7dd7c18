package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A wrong value stops the start, and says which key it is. */
class ConfigurationIT {

    @TempDir
    Path data;

    @ParameterizedTest
    @CsvSource({"MAX_CHUNK_BYTES,abc,mirror-bootstrap.max-chunk-bytes",
            "MAX_CHUNK_BYTES,0,mirror-bootstrap.max-chunk-bytes is 0",
            "MAX_CHUNK_BYTES,2G,mirror-bootstrap.max-chunk-bytes is 2147483648",
            "WINDOW_BYTES,0,mirror-bootstrap.window-bytes is 0", "BUFFER_BYTES,0,mirror-bootstrap.buffer-bytes is 0",
            "MAX_BOOTSTRAPS,0,mirror-bootstrap.max-bootstraps is 0",
            "MAX_BOOTSTRAPS,many,mirror-bootstrap.max-bootstraps", "IDLE_TIMEOUT,0S,mirror-bootstrap.idle-timeout is",
            "TRUSTED_PROXIES,proxy.example,mirror-bootstrap.trusted-proxies has \"proxy.example\"",
            "IDLE_TIMEOUT,soon,mirror-bootstrap.idle-timeout",
            "DATA_DIR,/proc/none,mirror-bootstrap.data-dir: /proc/none"})
    void aWrongValueStopsTheStart(String key, String value, String said) throws Exception {
        ProcessBuilder builder = SidecarProcess.command().redirectErrorStream(true);
        builder.environment().put("MIRROR_BOOTSTRAP_DATA_DIR", data.toString());
        builder.environment().put("MIRROR_BOOTSTRAP_" + key, value);
        builder.environment().put("QUARKUS_HTTP_PORT", "0");
        Process process = builder.start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertNotEquals(0, process.exitValue());
            assertTrue(output.contains(said), output);
            assertFalse(output.contains("\tat "), output);
            assertEquals(1, output.lines().filter(line -> line.contains("mirror-bootstrap.")).count(), output);
        } finally {
            process.destroyForcibly();
        }
    }
}
