package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.LoggedLines;
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
                        "mirror-bootstrap.auth-token-file", tokens.toString(),
                        "mirror-bootstrap.management-port-tells-databases", "true");
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
    void itTellsAllWhereTheOperatorSaysSo() throws Exception {
        String metrics = HttpClient.newHttpClient().send(
                HttpRequest.newBuilder(management.resolve("/q/metrics")).build(), BodyHandlers.ofString()).body();
        assertTrue(metrics.contains("mirror_bootstrap_build_info{"), metrics);
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

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "FOO"})
    void aProbeIsAskedForByGetOrHead(String method) throws Exception {
        for (String path : List.of("/q/metrics", "/q/health/live")) {
            String refused = said(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assertTrue(refused.startsWith("HTTP/1.1 405"), refused);
            assertTrue(refused.toLowerCase(Locale.ROOT).contains("\r\nallow: get, head\r\n"), refused);
            String head = said("HEAD " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assertTrue(head.startsWith("HTTP/1.1 200"), head);
        }
    }

    /** Any stranger can do that, as often as it likes. */
    @ParameterizedTest
    @ValueSource(strings = {"GET", "POST"})
    void nothingIsLoggedOfARequestThatIsCut(String method) throws Exception {
        try (LoggedLines lines = new LoggedLines("io.quarkus.vertx.http.runtime.QuarkusErrorHandler")) {
            for (int i = 0; i < 3; i++) {
                try (Socket socket = new Socket(management.getHost(), management.getPort())) {
                    socket.getOutputStream().write((method + " /q/health/live HTTP/1.1\r\nHost: x\r\n"
                            + "Content-Length: 100\r\n\r\nxx").getBytes(StandardCharsets.US_ASCII));
                    socket.shutdownOutput();
                    socket.setSoTimeout(5_000);
                    socket.getInputStream().readAllBytes(); // until it is closed there, too
                }
            }
            assertEquals(List.of(), lines.all());
        }
    }

    /** Each header of a few bytes takes forty times as much of the heap. */
    @Test
    void whatIsSentThereHasAsFewHeadersAsElsewhere() throws Exception {
        String refused = said("GET /q/health/live HTTP/1.1\r\nHost: x\r\n" + "a:b\r\n".repeat(1500) + "\r\n");
        assertTrue(refused.startsWith("HTTP/1.1 431"), refused);
    }

    /** There, too, only HTTP/1.1 is spoken, and nothing is kept that comes behind the last request. */
    @Test
    void itIsBoundedFromTheFirstByteOfAConnection() throws Exception {
        try (LoggedLines lines = new LoggedLines(TlsRecords.class.getName())) {
            Awaitility.await().until(() -> said("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").isEmpty()); // once it is known that there is such a port
            assertEquals(1, lines.with("it speaks HTTP/2"));
        }
        String upgrade = said(
                "GET /q/health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nConnection: close\r\nUpgrade: h2c\r\n"
                        + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");
        assertTrue(upgrade.startsWith("HTTP/1.1 200"), upgrade);
        String preflight = "OPTIONS /q/health HTTP/1.1\r\nHost: x\r\nOrigin: http://b\r\nAccess-Control-Request-Method: GET\r\n"
                + "Connection: close\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
                + "x".repeat(60_000);
        double before = 0;
        for (int i = 0; i < 170; i++) {
            before = i == 20 ? directBytes() : before;
            said(preflight);
        }
        assertTrue(directBytes() - before < 3 << 20, before + " bytes before, " + directBytes() + " after");
    }

    private double directBytes() throws Exception {
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(management.resolve("/q/metrics")).build(),
                BodyHandlers.ofLines()).body().filter(
                        line -> line.startsWith("netty_allocator_memory_used{")
                                && line.contains("\"PooledByteBufAllocator\"") && line.contains("\"direct\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ')))).sum();
    }

    private String said(String sent) throws IOException {
        try (Socket socket = new Socket(management.getHost(), management.getPort())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(sent.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        } catch (SocketException e) {
            return ""; // it was closed with bytes unread
        } catch (SocketTimeoutException e) {
            return "it is open";
        }
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
