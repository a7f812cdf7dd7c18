package io.mirrorbootstrap.access;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;

/** What a source sent, and what a trusted proxy appended to it. */
class ForwardingTest {

    private final Forwarding forwarding = new Forwarding(new SmallRyeConfigBuilder().withMapping(AccessSettings.class)
            .withSources(new PropertiesConfigSource(Map.of("mirror-bootstrap.trusted-proxies", "127.0.0.1,10.0.0.0/8"),
                    "test", 1000))
            .build().getConfigMapping(AccessSettings.class));
    private final BlockingQueue<Forwarding.Seen> seen = new LinkedBlockingQueue<>();
    private final Vertx vertx = Vertx.vertx();
    private HttpServer server;

    @BeforeEach
    void listen() throws Exception {
        server = vertx.createHttpServer().requestHandler(request -> seen.add(forwarding.seen(request)))
                .listen(0, "127.0.0.1").toCompletionStage().toCompletableFuture().get(20, SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(20, SECONDS);
    }

    @Test
    void inXForwardedQuotesHideNothing() throws Exception {
        for (String sent : List.of("\"", "8.8.8.8, \"", "\"8.8.8.8", "for=\"8.8.8.8", "\"\"", ",")) {
            assertSource("203.0.113.9 by", "X-Forwarded-For: " + sent + ", 203.0.113.9");
            assertSource("203.0.113.9 by", "X-Forwarded-For: " + sent, "X-Forwarded-For: 203.0.113.9");
            assertSource("203.0.113.9 by", "X-Forwarded-For: " + sent + ", 203.0.113.9, 10.0.0.1");
        }
        Forwarding.Seen page = ask("X-Forwarded-Host: evil.example, \", mirror.example",
                "X-Forwarded-Proto: http, \", https");
        assertEquals("mirror.example", page.host().orElseThrow().host());
        assertTrue(page.tls());
    }

    @Test
    void inForwardedAQuoteThatIsLeftOpenSaysNothingOfAnybody() throws Exception {
        for (String appended : List.of("for=203.0.113.9;proto=https;host=mirror.example",
                "for=\"[2001:db8::1]:47\";proto=https;host=\"mirror.example:443\"")) {
            for (String sent : List.of("for=8.8.8.8;host=evil.example;proto=https;x=\"", "\"",
                    "for=8.8.8.8, x=\"", "x=\"a\\\"b\"", "\"\"\"")) {
                assertNothing("Forwarded: " + sent + ", " + appended);
                assertNothing("Forwarded: for=8.8.8.8;host=evil.example;proto=https", // nor does what stands before it count
                        "Forwarded: " + sent + ", " + appended);
            }
        }
    }

    @Test
    void whatTheProxyPutInAFieldOfItsOwnCounts() throws Exception {
        Forwarding.Seen page = ask("Forwarded: for=8.8.8.8;host=evil.example;x=\"",
                "Forwarded: for=203.0.113.9;proto=https;host=mirror.example");
        assertEquals("mirror.example", page.host().orElseThrow().host());
        assertTrue(page.source().startsWith("203.0.113.9 by "), page.source());
        assertSource("10.0.0.1 by", "Forwarded: for=8.8.8.8;x=\"", "Forwarded: for=10.0.0.1");
    }

    @Test
    void commasInClosedQuotesPartNothing() throws Exception {
        for (String sent : List.of("for=8.8.8.8;x=\", for=9.9.9.9\"", "\"\"", "for=\"8.8.8.8\"")) {
            assertSource("203.0.113.9 by", "Forwarded: " + sent + ", for=203.0.113.9");
            assertSource("2001:db8::1 by", "Forwarded: " + sent + ", for=\"[2001:db8::1]:47\";by=\"a, for=8.8.4.4\"");
        }
    }

    private void assertSource(String expected, String... headers) throws Exception {
        String source = ask(headers).source();
        assertTrue(source.startsWith(expected + " "), String.join(" | ", headers) + ": " + source);
    }

    /** As if there were no such header. */
    private void assertNothing(String... headers) throws Exception {
        Forwarding.Seen page = ask(headers);
        assertEquals("sidecar", page.host().orElseThrow().host(), String.join(" | ", headers));
        assertEquals(false, page.tls());
        assertTrue(page.source().startsWith("127.0.0.1:"), String.join(" | ", headers) + ": " + page.source());
    }

    private Forwarding.Seen ask(String... headers) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.actualPort())) {
            socket.getOutputStream().write(("GET / HTTP/1.1\r\nHost: sidecar\r\n" + String.join("\r\n", headers)
                    + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            Forwarding.Seen one = seen.poll(20, SECONDS);
            assertTrue(one != null, "no request has come");
            return one;
        }
    }
}
