package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;

/** Built with {@code quarkus.management.enabled=true}, probes and metrics have a port of their own, and it is open. */
@QuarkusTest
@TestProfile(ManagementPortTest.Built.class)
class ManagementPortTest {

    /** What makes the difference when the service is built. */
    public static final class Built implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            try {
                Path tokens = Files.writeString(Files.createTempFile("tokens", ""), "secret");
                tokens.toFile().deleteOnExit();
                return Map.of("quarkus.management.enabled", "true", "quarkus.management.test-port", "0",
                        "mirror-bootstrap.auth-token-file", tokens.toString());
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @TestHTTPResource("/")
    URI service;

    @TestHTTPResource(value = "/", management = true)
    URI management;

    @Test
    void probesAndMetricsAreOnTheirOwnPortAndTheRestIsGuarded() throws Exception {
        assertNotEquals(service.getPort(), management.getPort());
        assertEquals(200, status(management.resolve("/q/health/ready")));
        assertEquals(200, status(management.resolve("/q/metrics")));
        assertEquals(404, status(service.resolve("/q/health/ready")));
        assertEquals(404, status(management.resolve("/v1/mirrors")));
        assertEquals(401, status(service.resolve("/v1/mirrors")));
    }

    @Test
    void aHealthGroupThatDoesNotExistIsNotMadeUp() throws Exception {
        assertEquals(200, status(management.resolve("/q/health/group/mirror")));
        assertEquals(404, status(management.resolve("/q/health/group/miror")));
        assertEquals(404, status(management.resolve("/q/./health/group/miror")));
        assertEquals(404, status(management.resolve("/q/metrics/other")));
    }

    /** Nor may a page of another site read what is there. */
    @Test
    void nothingThatIsSentThereIsAFile() throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient().send(HttpRequest
                .newBuilder(management.resolve("/q/health/live")).header("Origin", "https://other.example")
                .header("Content-Type", "multipart/form-data; boundary=b")
                .POST(BodyPublishers
                        .ofString("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"planted\"\r\n"
                                + "Content-Type: application/octet-stream\r\n\r\nplanted\r\n--b--\r\n"))
                .build(), BodyHandlers.ofString());
        assertEquals(Optional.empty(), answer.headers().firstValue("Access-Control-Allow-Origin"));
        assertEquals(uploads(), List.of());
    }

    private static List<Path> uploads() throws IOException {
        Path directory = Path.of(System.getProperty("java.io.tmpdir"), "uploads");
        if (!Files.exists(directory)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(directory)) {
            return all.toList();
        }
    }

    private static int status(URI uri) throws IOException {
        return ((HttpURLConnection) uri.toURL().openConnection()).getResponseCode();
    }
}
