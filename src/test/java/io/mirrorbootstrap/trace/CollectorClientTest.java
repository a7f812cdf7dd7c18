package io.mirrorbootstrap.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.source.RawServer;
import io.opentelemetry.exporter.internal.http.HttpSenderConfig;
import io.opentelemetry.exporter.internal.marshal.Marshaler;
import io.opentelemetry.exporter.internal.marshal.Serializer;
import io.opentelemetry.sdk.common.export.RetryPolicy;

/** What a collector may do with a request: no answer of it takes more memory, or time, than an answer may. */
@Timeout(60)
class CollectorClientTest {

    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final byte[] MIB = new byte[1024 * 1024];
    /** More than sockets take. */
    private static final int MANY = 64;

    @ParameterizedTest
    @ValueSource(strings = {"200 OK", "400 Bad Request"})
    void ofAnAnswerWithoutEndTheStatusCounts(String status) throws Exception {
        CompletableFuture<Boolean> cut = new CompletableFuture<>();
        try (RawServer collector = new RawServer(out -> {
            head(out, status, "");
            try {
                for (int i = 0; i < MANY; i++) {
                    out.write(MIB);
                }
                cut.complete(false);
            } catch (IOException e) {
                cut.complete(true);
            }
        })) {
            assertEquals(Integer.parseInt(status.substring(0, 3)), send(collector));
            assertTrue(cut.get(), "all of it was read");
        }
    }

    @Test
    void anAnswerThatStopsInTheMiddleIsNotWaitedForWithoutEnd() throws Exception {
        CompletableFuture<Integer> next = new CompletableFuture<>();
        try (RawServer collector = new RawServer("127.0.0.1", (head, client) -> {
            head(client.getOutputStream(), "200 OK", "Content-Length: 1000\r\n");
            client.getOutputStream().write(new byte[10]);
            client.getInputStream().readNBytes(REQUEST.length);
            next.complete(client.getInputStream().read());
        })) {
            ExecutionException failed = assertThrows(ExecutionException.class,
                    () -> send(collector));
            assertInstanceOf(HttpTimeoutException.class, failed.getCause());
            assertEquals(-1, next.get(), "the connection is closed");
        }
    }

    @Test
    void aCollectorThatIsBusyIsAskedAgainOnTheSameConnection() throws Exception {
        CompletableFuture<String> again = new CompletableFuture<>();
        try (RawServer collector = new RawServer("127.0.0.1", (head, client) -> {
            head(client.getOutputStream(), "503 Busy", "Content-Length: " + MIB.length / 32 + "\r\n");
            client.getOutputStream().write(MIB, 0, MIB.length / 32);
            client.getInputStream().readNBytes(REQUEST.length);
            byte[] begin = client.getInputStream().readNBytes(4);
            again.complete(new String(begin, StandardCharsets.US_ASCII));
            head(client.getOutputStream(), "200 OK", "Content-Length: 0\r\n");
        })) {
            assertEquals(200, send(collector));
            assertEquals("POST", again.get());
            assertTrue(collector.heads().get(0).contains("\r\napi-key: of mine\r\n"), collector.heads()::toString);
        }
    }

    private static final byte[] REQUEST = {10, 0};

    /** The status. */
    private static int send(RawServer collector) throws Exception {
        CollectorClient client = new CollectorClient(
                HttpSenderConfig.create(collector.url() + "/v1/traces", null, false,
                        "application/x-protobuf", PATIENCE.toNanos(), PATIENCE.toNanos(),
                        () -> Map.of("api-key", List.of("of mine")), null,
                        RetryPolicy.builder().setInitialBackoff(Duration.ofMillis(1)).build(), null, null, null));
        CompletableFuture<Integer> status = new CompletableFuture<>();
        client.send(new Marshaler() {
            @Override
            public int getBinarySerializedSize() {
                return REQUEST.length;
            }

            @Override
            protected void writeTo(Serializer output) throws IOException {
                output.writeSerializedMessage(REQUEST, "");
            }
        }, REQUEST.length, response -> status.complete(response.statusCode()), status::completeExceptionally);
        client.shutdown();
        return status.get(30, TimeUnit.SECONDS);
    }

    private static void head(OutputStream out, String status, String headers) throws IOException {
        out.write(("HTTP/1.1 " + status + "\r\n" + headers + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }
}
