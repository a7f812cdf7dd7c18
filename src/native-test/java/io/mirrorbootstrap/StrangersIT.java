package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.wire.Answer;

/** Who reaches the port and is not let in: nothing is kept of what they say, and they keep nobody else out. */
class StrangersIT extends WithSidecar {

    private static final String SECRET = "Authorization: Bearer secret";

    @Override
    List<String> vmOptions() {
        return List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m");
    }

    @Test
    void handshakesThatDoNotGoOnAreBoundedAndKeepNobodyOut() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service());
        URI secure = sidecar.secureUri();
        long before = sidecar.descriptors();
        try (Crowd silent = new Crowd()) {
            for (int i = 0; i < 600; i++) {
                PlainSocket socket = silent.join(secure);
                if (i % 2 == 0) {
                    begin(socket);
                }
                if (i % 50 == 49) {
                    assertTrue(sidecar.descriptors() - before <= 200,
                            i + " opened, " + (sidecar.descriptors() - before) + " held");
                    assertTrue(isAlive(), i + " opened");
                }
            }
            HttpClient source = HttpClient.newBuilder()
                    .sslContext(authority.client(authority.issue("source", "CN=cluster-a"))).build();
            assertEquals(200, source.send(HttpRequest.newBuilder(secure.resolve("/v1/mirrors")).build(),
                    HttpResponse.BodyHandlers.ofString()).statusCode());
            for (PlainSocket each : silent.all()) {
                assertTrue(each.ends());
            }
        }
        assertFalse(sidecar.log().contains("ERROR"), sidecar.log());
    }

    /** A record of 16 KiB, but for its last byte. */
    private static void begin(PlainSocket socket) throws IOException {
        byte[] hello = new byte[5 + 16 * 1024 - 1];
        System.arraycopy(new byte[]{0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, (byte) 0xfc, 3, 3}, 0, hello, 0, 11);
        try {
            socket.write(hello);
        } catch (SocketException e) {
            assertTrue(socket.ends(), e.toString()); // it is cut already
        }
    }

    /** Vert.x would drop what comes behind the last request of a connection, and not give its memory back. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"GET /q/metrics HTTP/1.1; close", "GET /q/metrics HTTP/1.2; keep-alive",
            "GET /q/metrics http/1.1; keep-alive", "GET /q/metrics HTTP/1.0; keep-alive, x", "GET /| HTTP/1.1; close"})
    void nothingIsKeptThatComesBehindTheLastRequest(String last, String connection) throws Exception {
        start(tokens("secret\n"));
        String used = "netty_allocator_memory_used{allocator_type=\"PooledByteBufAllocator\",memory_type=\"direct\",name=\"pooled\"}";
        byte[] both = (last + "\r\nHost: localhost\r\nConnection: " + connection + "\r\n\r\n"
                + "POST /q/health/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
                + "x".repeat(100_000))
                .getBytes(StandardCharsets.US_ASCII);
        double before = 0;
        for (int i = 0; i < 120; i++) {
            if (i == 20) {
                before = sidecar.metric(used);
            }
            try (PlainSocket socket = PlainSocket.to(sidecar.uri())) {
                socket.write(both).rest();
            } catch (SocketException e) {
                continue; // it was closed before all was sent, or read
            }
        }
        double more = sidecar.metric(used) - before;
        assertTrue(more < 3 << 20, more + " bytes more after 100 connections");
    }

    @Test
    void whoSaysNothingHoldsNoPlaceAndCutsNobodyWhoIsLetIn() throws Exception {
        start(tokens("secret\n"));
        try (PlainSocket letIn = PlainSocket.to(sidecar.uri()); Crowd silent = new Crowd()) {
            assertEquals(200, letIn.ask("GET /q/openapi", SECRET).status());
            for (int i = 0; i < 500; i++) {
                silent.join(sidecar.uri());
            }
            assertTrue(isAlive());
            assertEquals(200, status("/v1/mirrors", "Host: x", SECRET));
            assertEquals(200, letIn.ask("GET /q/openapi", SECRET).status());
        }
    }

    /** Each is tiny, and none comes to where requests are counted. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"POST /q/health/live HTTP/1.1~Host: x~Transfer-Encoding: chunked~~ | 1~x~",
            "GET x HTTP/1.1~Host: x~~ | GET x HTTP/1.1~Host: x~~"})
    void whoSendsOnWithoutAskingIsCut(String first, String more) throws Exception {
        start(tokens("secret\n"));
        try (PlainSocket socket = PlainSocket.to(sidecar.uri())) {
            socket.write(first.strip().replace("~", "\r\n"));
            String tiny = more.strip().replace("~", "\r\n").repeat(1000);
            Thread sender = new Thread(() -> sendOn(socket, tiny));
            sender.start();
            sender.join(TimeUnit.SECONDS.toMillis(9)); // after 10 it is cut for having asked nothing
            assertFalse(sender.isAlive());
        }
    }

    private static void sendOn(PlainSocket socket, String tiny) {
        try {
            while (true) {
                socket.write(tiny);
            }
        } catch (IOException e) {
            Thread.currentThread().interrupt(); // it is cut
        }
    }

    @Test
    void headersThatComeInDropsAreGivenUp() throws Exception {
        start();
        try (PlainSocket socket = PlainSocket.to(sidecar.uri())) {
            socket.write("GET /q/health/live HTTP/1.1\r\nHost: x\r\nX: ");
            int drops = 0;
            for (; socket.isOpenFor(200); drops++) {
                assertTrue(drops < 200, "it is still waited for");
                socket.write("x");
            }
            assertTrue(drops > 0);
        }
    }

    @Test
    void connectionsThatAreNoLinksAreBoundedInNumberTimeAndHeaders() throws Exception {
        start(Map.of("QUARKUS_HTTP_IDLE_TIMEOUT", "1S", "QUARKUS_HTTP_LIMITS_MAX_CONNECTIONS", "3"));
        RawClient link = new RawClient(sidecar.uri());
        try (PlainSocket silent = PlainSocket.to(sidecar.uri());
                PlainSocket talkative = PlainSocket.to(sidecar.uri())) {
            talkative.write("GET /v1/mirrors HTTP/1.1\r\nHost: localhost\r\nX: ");
            try (PlainSocket oneTooMany = PlainSocket.to(sidecar.uri())) {
                assertTrue(oneTooMany.ends());
            }
            assertTrue(silent.ends());
            talkative.rest();
        }
        // a connection is counted for a moment after its end is seen here
        patiently().until(() -> status("/v1/mirrors", "Host: localhost\r\nX: " + "x".repeat(30_000)) == 431);
        link.text(TestSnapshot.random("orders", 1).abort()); // longer silent than a connection may be
        assertInstanceOf(Answer.Aborted.class, TestSnapshot.answer(link));
        link.close();
    }

    @Test
    void whoAsksWithoutReadingIsCut() throws Exception {
        start(tokens("secret\n"));
        for (String path : List.of("/v1/mirrors", "/q/metrics", "/q/health/ready")) {
            String request = PlainSocket.request("GET " + path, "Host: x").repeat(100);
            try (PlainSocket socket = PlainSocket.to(sidecar.uri())) {
                assertThrows(SocketException.class, () -> {
                    for (int i = 0; i < 100_000; i++) { // 300 MB
                        socket.write(request);
                    }
                });
            }
        }
        assertEquals(200, status("/v1/mirrors", "Host: x", SECRET));
    }

    @Test
    void headersThatNeverEndFitTheMemory() throws Exception {
        start();
        try (Crowd crowd = new Crowd()) {
            for (int i = 0; i < 1000; i++) {
                PlainSocket socket = crowd.join(sidecar.uri());
                try {
                    socket.write("GET / HTTP/1.1\r\n" + "a:\r\n".repeat(1000));
                } catch (SocketException e) {
                    assertTrue(i > 150, "connection " + i + ": " + e); // one too many
                }
            }
        }
        patiently().until(() -> status("/v1/mirrors", "Host: localhost") == 200);
    }

    @Test
    void aRefusedRequestIsTheLastOfItsConnection() throws Exception {
        start(tokens("secret\n"));
        String allowed = PlainSocket.request("GET /v1/mirrors", "Host: x", SECRET);
        for (String refused : List.of("GET /v1/mirrors HTTP/1.1\r\nHost: x\r\n\r\n", "GET /v1/mirrors HTTP/1.1\r\n\r\n",
                "POST /v1/mirrors HTTP/1.1\r\nHost: x\r\nContent-Length: " + allowed.length() + "\r\n\r\n")) {
            try (PlainSocket socket = PlainSocket.to(sidecar.uri())) {
                String answers = socket.write(refused + allowed).rest();
                assertTrue(answers.startsWith("HTTP/1.1 40"), answers);
                assertFalse(answers.contains("HTTP/1.1 200"), answers);
            }
        }
        assertFalse(sidecar.log().contains("ERROR"), sidecar.log());
    }

    private boolean isAlive() throws IOException {
        return status("/q/health/live", "Host: x") == 200;
    }

    /** Connections that stay open together. */
    private record Crowd(List<PlainSocket> all) implements AutoCloseable {

        Crowd() {
            this(new ArrayList<>());
        }

        PlainSocket join(URI uri) throws IOException {
            PlainSocket socket = PlainSocket.to(uri);
            all.add(socket);
            return socket;
        }

        @Override
        public void close() throws IOException {
            for (PlainSocket each : all) {
                each.close();
            }
        }
    }
}
