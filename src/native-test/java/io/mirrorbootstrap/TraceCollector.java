package io.mirrorbootstrap;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/** Takes spans as a collector of OpenTelemetry does: OTLP by HTTP, as Protocol Buffers. Any thread. */
final class TraceCollector implements AutoCloseable {

    private final HttpServer server;
    private final Queue<Otlp.Span> spans = new ConcurrentLinkedQueue<>();
    private final Queue<String> tokens = new ConcurrentLinkedQueue<>();
    private volatile int status = 200;

    TraceCollector() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/traces", this::take);
        server.start();
    }

    /** The environment of a process whose spans come here. */
    Map<String, String> environment() {
        return Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + server.getAddress().getPort(),
                "OTEL_EXPORTER_OTLP_HEADERS", "api-key=of%20mine");
    }

    /** From now on all is answered so. */
    void answer(int code) {
        status = code;
    }

    /** The first spans, when there are so many. */
    List<Otlp.Span> await(int count) {
        return WithSidecar.patiently().until(() -> List.copyOf(spans), all -> all.size() >= count);
    }

    /** The first span of this name. */
    Otlp.Span await(String name) {
        return WithSidecar.patiently()
                .until(() -> spans.stream().filter(span -> span.name().equals(name)).findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    /** What each request has shown as {@code api-key}. */
    List<String> tokens() {
        return List.copyOf(tokens);
    }

    private void take(HttpExchange request) throws IOException {
        try (request) {
            byte[] body = request.getRequestBody().readAllBytes();
            tokens.add(String.valueOf(request.getRequestHeaders().getFirst("api-key")));
            if (status == 200
                    && "application/x-protobuf".equals(request.getRequestHeaders().getFirst("Content-Type"))) {
                spans.addAll(Otlp.spans(body));
            }
            request.sendResponseHeaders(status, -1);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
