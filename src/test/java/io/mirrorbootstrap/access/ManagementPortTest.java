package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

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

    private static int status(URI uri) throws IOException {
        return ((HttpURLConnection) uri.toURL().openConnection()).getResponseCode();
    }
}
