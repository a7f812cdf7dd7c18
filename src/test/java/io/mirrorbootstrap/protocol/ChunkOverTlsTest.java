package io.mirrorbootstrap.protocol;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Map;

import org.eclipse.microprofile.config.inject.ConfigProperty;

import io.mirrorbootstrap.TestAuthority;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;

/** The same as over plain sockets, where they are encrypted. */
@QuarkusTest
@TestProfile(ChunkOverTlsTest.Encrypted.class)
class ChunkOverTlsTest extends WebSocketChunkTest {

    /** With a certificate of its own. */
    public static final class Encrypted implements QuarkusTestProfile {

        @Override
        public Map<String, String> getConfigOverrides() {
            try {
                Path directory = Files.createTempDirectory("read-over-tls");
                TestAuthority authority = new TestAuthority(directory, "authority");
                TestAuthority.Identity server = authority.issue("server", "CN=localhost");
                return Map.of("quarkus.tls.key-store.pem.0.cert", server.certificateFile().toString(),
                        "quarkus.tls.key-store.pem.0.key", server.keyFile().toString(),
                        "quarkus.http.test-ssl-port", "0", "test.authority", authority.file().toString());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @TestHTTPResource(tls = true)
    URI secure;

    @ConfigProperty(name = "test.authority")
    Path authority;

    @Override
    Sidecar sidecar() {
        try {
            return sidecar.over(secure, TestAuthority.clientThatTrusts(authority));
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
