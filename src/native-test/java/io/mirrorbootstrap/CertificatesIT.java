package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import org.junit.jupiter.api.Test;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.MirrorStatus;

/** Who is let in by a certificate, as whom, and for how long. */
class CertificatesIT extends WithSidecar {

    @Test
    void whoHasNoCertificateIsNotLetIn() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        TestAuthority other = new TestAuthority(directory, "other");
        start(authority.service());
        URI uri = sidecar.secureUri();
        TestAuthority.Identity source = authority.issue("source", "CN=cluster-a");

        assertEquals(200, get(uri, "/v1/mirrors", authority.client(source)).statusCode());
        assertEquals(401, get(uri, "/v1/mirrors", authority.client(null)).statusCode());
        assertEquals(200, get(uri, "/q/health/ready", authority.client(null)).statusCode());
        SSLContext stranger = authority.client(other.issue("stranger", "CN=cluster-a"));
        assertThrows(SSLException.class, () -> get(uri, "/v1/mirrors", stranger));
        SSLContext over = authority.client(other.issue("over", "CN=cluster-a", Instant.now().minusSeconds(60)));
        assertThrows(SSLException.class, () -> get(uri, "/v1/mirrors", over));
        assertFalse(sidecar.log().contains("CertificateExpiredException"), sidecar.log());
        assertEquals(401, sidecar.status("/v1/mirrors"));
        assertEquals(200, sidecar.status("/q/health/ready"));

        Credentials own = new Credentials(Optional.empty(), Optional.of(authority.file()),
                Optional.of(new Credentials.Own(source.certificateFile(), source.keyFile())));
        assertInstanceOf(Outcome.Committed.class, TestSender.send(uri, "whoever-it-says", own));
        Process wait = SidecarProcess.command("wait", "--database", "orders", "--timeout", "60", "--url",
                uri.toString(),
                "--ca", authority.file().toString(), "--certificate", source.certificateFile().toString(), "--key",
                source.keyFile().toString()).start();
        String waited = new String(wait.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, wait.waitFor(), waited);

        Outcome stopped = TestSender.send(uri, "cluster-a",
                new Credentials(Optional.empty(), Optional.of(other.file()), Optional.empty()));
        assertTrue(stopped.message().contains("no authority that is trusted here has signed its certificate"),
                stopped.message());
    }

    @Test
    void aClusterCannotBeClaimedByAnother() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service(), Map.of("MIRROR_BOOTSTRAP_CLUSTER_ID_FROM_CERTIFICATE", "true"));
        URI uri = sidecar.secureUri();
        SSLContext a = authority.client(authority.issue("a", "O=mirrors,CN=cluster"));
        SSLContext b = authority.client(authority.issue("b", "CN=cluster-b"));
        assertEquals(401, get(uri, "/v1/mirrors", authority.client(authority.issue("none", "O=mirrors"))).statusCode());
        TestSnapshot snapshot = TestSnapshot.random("orders", 10);

        RawClient mine = new RawClient(uri, a);
        snapshot.opened(mine);

        RawClient foreign = new RawClient(uri, b);
        foreign.text(snapshot.open());
        JsonNode refusal = TestSnapshot.refused(ErrorCode.CLUSTER_ID_MISMATCH, foreign);
        assertEquals("cluster", refusal.path("declared").asText());
        assertEquals("[\"cluster-b\"]", refusal.path("allowed").toString());
        assertEquals(1008, foreign.closeCode());

        RawClient aborting = new RawClient(uri, b);
        aborting.text(snapshot.abort());
        TestSnapshot.refused(ErrorCode.CLUSTER_ID_MISMATCH, TestSnapshot.answer(aborting));
        HttpRequest delete = HttpRequest.newBuilder(uri.resolve("/v1/mirrors/orders?snapshot=true")).DELETE().build();
        assertEquals(403, HttpClient.newBuilder().sslContext(b).build()
                .send(delete, HttpResponse.BodyHandlers.ofString()).statusCode());
        assertEquals("bootstrapping", MirrorStatus
                .read(get(uri, "/v1/mirrors/orders", b).body().getBytes(StandardCharsets.UTF_8)).word());
        mine.text(snapshot.abort());
        assertInstanceOf(Answer.Aborted.class, TestSnapshot.answer(mine));
    }

    @Test
    void certificatesChangeWithoutARestart() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service(), Map.of("QUARKUS_TLS_RELOAD_PERIOD", "1S"));
        SSLContext client = authority.client(authority.issue("source", "CN=cluster-a"));
        URI uri = sidecar.secureUri();
        Set<Long> served = new HashSet<>();
        awaitOverTls(() -> served.add(serial(client, uri.getPort())));
        authority.issue("server", "CN=localhost");
        awaitOverTls(() -> served.add(serial(client, uri.getPort())));
        awaitOverTls(() -> get(uri, "/v1/mirrors", client).statusCode() == 200);
        awaitOverTls(() -> get(uri, "/v1/mirrors", authority.client(null)).statusCode() == 401);
    }

    @Test
    void aCertificateThatExpiresLetsNobodyInNorStay() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service(), Map.of("MIRROR_BOOTSTRAP_CLUSTER_ID_FROM_CERTIFICATE", "true"));
        URI uri = sidecar.secureUri();
        SSLContext lasting = authority.client(authority.issue("lasting", "CN=lasting"));
        RawClient stays = new RawClient(uri, lasting);
        SSLContext brief = lasting;
        Optional<RawClient> opened = Optional.empty();
        for (int seconds = 8; opened.isEmpty(); seconds *= 2) { // a busy machine may need longer than that to begin
            brief = authority.client(authority.issue("brief", "CN=brief", Instant.now().plusSeconds(seconds)));
            opened = openInTime(uri, brief);
        }
        RawClient expires = opened.get();

        assertEquals(1013, expires.closeCode());
        assertLogged("the client certificate is valid from ");
        // its session may be taken up again, which asks for no certificate; else the handshake fails
        assertNotEquals(200, statusOverTls(uri, brief));
        stays.ping();
        patiently().until(stays::hasPong);
        assertFalse(stays.isClosed());
    }

    /** A link with a transfer, unless the certificate is over before it has one. */
    private static Optional<RawClient> openInTime(URI uri, SSLContext certificate) throws Exception {
        try {
            RawClient link = new RawClient(uri, certificate);
            link.text("{\"type\":\"open\",\"source_cluster_id\":\"brief\",\"source_database_id\":\"orders\","
                    + "\"snapshot_lsn\":1,\"total_bytes\":10,\"total_crc32c\":0}");
            return "opened".equals(link.answer().path("type").asText()) ? Optional.of(link) : Optional.empty();
        } catch (ExecutionException | IOException | TimeoutException e) {
            return Optional.empty();
        }
    }

    private static int statusOverTls(URI uri, SSLContext context) throws Exception {
        try (Socket again = context.getSocketFactory().createSocket("localhost", uri.getPort())) {
            again.getOutputStream()
                    .write("GET /v1/mirrors HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            String line = new String(again.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            return line.isEmpty() ? 0 : Integer.parseInt(line.substring(9));
        } catch (SSLException e) {
            return 0;
        }
    }

    private static HttpResponse<String> get(URI base, String path, SSLContext tls) throws Exception {
        HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
        return client.send(HttpRequest.newBuilder(base.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static long serial(SSLContext client, int port) throws IOException {
        try (SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket("localhost", port)) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber().longValue();
        }
    }

    /** While the service exchanges its certificate, it ends the handshakes that come. */
    private static void awaitOverTls(Callable<Boolean> condition) {
        patiently().ignoreExceptionsInstanceOf(SSLException.class)
                .until(condition);
    }
}
