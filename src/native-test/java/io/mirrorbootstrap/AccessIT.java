package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;

/** Who is let in, and who is not. */
class AccessIT extends WithSidecar {

    @Test
    void whereNothingIsAskedForOnlyThisMachineIsServed() throws Exception {
        start(Map.of("QUARKUS_HTTP_HOST", ""));
        assertEquals(200, sidecar.status("/v1/mirrors"));
        assertLogged("listening on 127.0.0.1 only: set mirror-bootstrap.auth-token-file");
        Optional<InetAddress> outside = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses).filter(address -> !address.isLoopbackAddress()).findFirst();
        if (outside.isPresent()) { // a machine without a network has none
            assertThrows(ConnectException.class, () -> new Socket(outside.get(), sidecar.uri().getPort()).close());
        }
    }

    @Test
    void aWiderPortNeedsAWord() throws Exception {
        start(Map.of("QUARKUS_HTTP_HOST", "0.0.0.0", "MIRROR_BOOTSTRAP_INSECURE", "true"));
        assertLogged("everybody who can reach 0.0.0.0 may store snapshots here");
        assertEquals(200, status("/v1/mirrors", "Host: mirror.example"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"QUARKUS_HTTP_HOST=0.0.0.0|quarkus.http.host is 0.0.0.0, which other machines can reach",
            "MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE=/none|mirror-bootstrap.auth-token-file: /none cannot be read",
            "MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE=/dev/null|/dev/null is no regular file",
            "MIRROR_BOOTSTRAP_CLUSTER_ID_FROM_CERTIFICATE=true|cluster-id-from-certificate is true, but"})
    void whatWouldLetStrangersInStopsTheStart(String settingAndWord) throws Exception {
        String[] parts = settingAndWord.split("[=|]", 3);
        Exception stopped = assertThrows(IllegalStateException.class, () -> start(Map.of(parts[0], parts[1])));
        assertTrue(stopped.getMessage().contains(parts[2]), stopped.getMessage());
        assertFalse(stopped.getMessage().contains("\tat "), stopped.getMessage());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoHasNoTokenIsNotLetIn(boolean overTls) throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.serviceWithoutTrust(), tokens("# of the two primaries\nfirst-Secret.1\n\n  second~2==  \n"),
                Map.of("QUARKUS_LOG_CATEGORY__IO_MIRRORBOOTSTRAP__LEVEL", "DEBUG"));
        Optional<SSLContext> tls = overTls ? Optional.of(authority.client(null)) : Optional.empty();
        for (String path : List.of("/v1/mirrors", "/v1/bootstrap", "/v1/mirrors/x", "/q/openapi", "/v1;a=b/mirrors",
                "//v1/mirrors", "/q/health/../../v1/mirrors", "/q/healthy", "/nothing", "/q/metrics/../openapi")) {
            assertEquals(401, PlainSocket.status(connect(tls), path, "Host: x"), path);
        }
        for (String wrong : List.of("Bearer first-Secret.2", "Bearer ", "Bearer", "Basic first-Secret.1",
                "first-Secret.1",
                "Bearer first-Secret.1\r\nAuthorization: Bearer first-Secret.1", "Bearer # of the two primaries")) {
            assertEquals(401, PlainSocket.status(connect(tls), "/v1/mirrors", "Host: x\r\nAuthorization: " + wrong),
                    wrong);
        }
        assertEquals(200,
                PlainSocket.status(connect(tls), "/v1/mirrors", "Host: x\r\nAuthorization: Bearer first-Secret.1"));
        assertEquals(200,
                PlainSocket.status(connect(tls), "/v1/mirrors", "Host: x\r\nauthorization: bearer second~2=="));
        for (String open : List.of("/", "/page/main.js", "/q/health/ready", "/q/metrics")) {
            assertEquals(200, PlainSocket.status(connect(tls), open, "Host: x"), open);
        }

        HttpResponse<String> refused = sidecar.ask("/v1/mirrors");
        assertEquals(Optional.of("Bearer"), refused.headers().firstValue("WWW-Authenticate"));
        assertEquals(ErrorCode.UNAUTHORIZED.spelling(), JsonMessages.failure(refused.body()).code());

        assertLogged(tokenFile() + " holds 2 tokens");
        assertFalse(sidecar.log().contains("ecret"), sidecar.log());
        assertFalse(sidecar.log().contains("second~2"), sidecar.log());
    }

    private PlainSocket connect(Optional<SSLContext> tls) throws IOException {
        return tls.isPresent() ? PlainSocket.to(sidecar.secureUri(), tls.get()) : PlainSocket.to(sidecar.uri());
    }

    @Test
    void aSourceWithTheTokenSends() throws Exception {
        start(tokens("secret\n"));
        Outcome refused = TestSender.send(sidecar.uri(), "cluster-a", Credentials.NONE);
        assertTrue(refused.message().contains("HTTP 401, unauthorized"), refused.message());
        assertFalse(refused.canHeal());
        Credentials credentials = new Credentials(Optional.of(tokenFile()), Optional.empty(), Optional.empty());
        assertInstanceOf(Outcome.Committed.class,
                TestSender.send(sidecar.uri(), "cluster-a", credentials));
    }

    @Test
    void nothingButItsOwnMetricTellsAVersion() throws Exception {
        start();
        String java = System.getProperty("java.version");
        for (String path : List.of("/q/metrics", "/q/openapi", "/q/health", "/v1/mirrors", "/nothing",
                "/v1/mirrors/x")) {
            HttpResponse<String> response = sidecar.ask(path);
            assertTrue(response.headers().firstValue("Server").isEmpty(), path);
            String body = response.body().replaceAll("mirror_bootstrap_build_info\\{.*", ""); // strangers do not get it
            assertFalse(body.contains("SNAPSHOT"), path);
            assertFalse(body.contains(java), path);
            assertFalse(body.contains("3.33."), path); // of the framework; a metric may be 3.33
            assertFalse(body.contains("\tat "), path);
        }
    }
}
