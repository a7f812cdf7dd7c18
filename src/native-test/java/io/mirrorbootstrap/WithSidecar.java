package io.mirrorbootstrap;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Has a directory and, once a test has started it there, a service, which ends with the test. */
abstract class WithSidecar {

    @TempDir
    Path directory;

    /** The one that was started last. */
    SidecarProcess sidecar;

    private final List<SidecarProcess> started = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        started.forEach(SidecarProcess::close);
    }

    /**
     * Starts a service with little memory on {@link #data}.
     *
     * @param environments all of which it has
     */
    @SafeVarargs
    final SidecarProcess start(Map<String, String>... environments) throws IOException {
        Map<String, String> all = new HashMap<>();
        for (Map<String, String> each : environments) {
            all.putAll(each);
        }
        Files.createDirectories(data());
        sidecar = SidecarProcess.start(data(), vmOptions(), all);
        started.add(sidecar);
        return sidecar;
    }

    /** The data directory of the service. */
    Path data() {
        return directory.resolve("data");
    }

    /** What bounds its memory. */
    List<String> vmOptions() {
        return List.of("-Xmx64m");
    }

    /** A file of the service, {@code DATABASE.SUFFIX}. */
    final Path file(String name) {
        return data().resolve("recv_snapshots").resolve(name);
    }

    /** Where {@link #tokens} are. */
    final Path tokenFile() {
        return directory.resolve("tokens");
    }

    /** The environment of a service that lets in who has one of these tokens. */
    final Map<String, String> tokens(String lines) throws IOException {
        Files.writeString(tokenFile(), lines);
        return Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokenFile().toString());
    }

    /**
     * The status of a request that no well-behaved client would send; 0 when the connection is closed instead.
     *
     * @param headers all that it has, {@code Host} too
     */
    final int status(String path, String... headers) throws IOException {
        return PlainSocket.status(sidecar.uri(), path, headers);
    }

    /** As {@link SidecarProcess#assertLogged}. */
    final void assertLogged(String part) throws IOException {
        sidecar.assertLogged(part);
    }

    /** Waits for what a busy machine may take long for. */
    static ConditionFactory patiently() {
        return Awaitility.await().atMost(60, TimeUnit.SECONDS).pollInterval(20, TimeUnit.MILLISECONDS);
    }
}
