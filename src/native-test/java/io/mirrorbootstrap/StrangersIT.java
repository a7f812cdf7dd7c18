package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who reaches the port and is not let in: nothing is kept of what they say, and they keep nobody else out. */
class StrangersIT {

    @TempDir
    Path temp;

    private SidecarProcess sidecar;

    @AfterEach
    void stop() {
        if (sidecar != null) {
            sidecar.close();
        }
    }

    @Test
    void aHealthGroupThatDoesNotExistIsNotMadeUp() throws Exception {
        Path tokens = Files.writeString(temp.resolve("tokens"), "secret\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        for (String open : List.of("", "/live", "/ready", "/started", "/well", "/group", "/group/mirror")) {
            assertTrue(ask("/q/health" + open).startsWith("HTTP/1.1 200"), open);
        }
        for (String none : List.of("/group/miror", "/group/mirror/", "/group/mirror/x", "/group/", "/nothing", "/",
                "/../health/group/miror", "/%67roup/miror", "//group/miror")) {
            String answer = ask("/q/health" + none);
            assertTrue(answer.startsWith("HTTP/1.1 404"), none + ": " + answer);
            assertFalse(answer.contains("UP"), none);
            assertEquals(answer, ask("/q/health" + none, "Authorization: Bearer secret"), none);
        }
    }

    private void start(Map<String, String> environment) throws IOException {
        sidecar = SidecarProcess.start(temp.resolve("data"), List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m"),
                environment);
    }

    /** What is answered to a request that a well-behaved client would not send. */
    private String ask(String path, String... headers) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", sidecar.uri().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    + String.join("\r\n", headers) + (headers.length == 0 ? "" : "\r\n") + "\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }
}
