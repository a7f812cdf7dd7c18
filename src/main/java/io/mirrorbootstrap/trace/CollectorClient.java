package io.mirrorbootstrap.trace;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

import javax.net.ssl.SSLException;

import io.opentelemetry.exporter.internal.http.HttpSender;
import io.opentelemetry.exporter.internal.http.HttpSenderConfig;
import io.opentelemetry.exporter.internal.marshal.Marshaler;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.export.RetryPolicy;

/**
 * Brings requests to a collector by Java's HTTP client, and trusts the collector with nothing: of an answer the status counts, and what
 * follows it is read only so that the connection can be used again, {@value #MOST_BYTES} bytes at most. A request ends with its time,
 * repetitions included, also where an answer has begun. One request at a time, on a thread of its own; a second one waits, a third fails
 * at once. What {@link Traces} configures is heeded: address, headers, authorities, times, repetitions. Any thread.
 */
final class CollectorClient implements HttpSender {

    private static final int MOST_BYTES = 64 * 1024;
    /** What heals by itself, as OTLP has it. */
    private static final Set<Integer> AGAIN = Set.of(429, 502, 503, 504);
    private static final long IDLE_SECONDS = 60;

    private final HttpSenderConfig config;
    private final URI collector;
    private final HttpClient client;
    private final ExecutorService thread;

    CollectorClient(HttpSenderConfig config) {
        this.config = config;
        this.collector = URI.create(config.getEndpoint());
        // every collector knows HTTP/1.1; there the end of an exchange is the end of all that the other end can say
        HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofNanos(config.getConnectTimeoutNanos()));
        if (config.getSslContext() != null) {
            builder.sslContext(config.getSslContext());
        }
        this.client = builder.build();
        this.thread = new ThreadPoolExecutor(0, 1, IDLE_SECONDS, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1),
                work -> {
                    Thread worker = new Thread(work, "spans to collector");
                    worker.setDaemon(true);
                    return worker;
                });
    }

    @Override
    public void send(Marshaler request, int length, Consumer<Response> answered, Consumer<Throwable> failed) {
        try {
            thread.execute(() -> {
                int status;
                try {
                    ByteArrayOutputStream body = new ByteArrayOutputStream(length);
                    request.writeBinaryTo(body);
                    status = bring(body.toByteArray());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    failed.accept(e);
                    return;
                } catch (IOException | RuntimeException e) {
                    failed.accept(e);
                    return;
                }
                answered.accept(new Status(status));
            });
        } catch (RejectedExecutionException e) {
            failed.accept(e);
        }
    }

    /** The status of the last attempt. */
    private int bring(byte[] body) throws IOException, InterruptedException {
        long end = System.nanoTime() + config.getTimeoutNanos();
        RetryPolicy policy = config.getRetryPolicy();
        double pauseNanos = policy.getInitialBackoff().toNanos();
        for (int more = policy.getMaxAttempts() - 1;; more--) {
            try {
                int status = attempt(body, end);
                if (more == 0 || !AGAIN.contains(status) || end - System.nanoTime() <= pauseNanos) {
                    return status;
                }
            } catch (IOException e) {
                if (more == 0 || e instanceof SSLException || end - System.nanoTime() <= pauseNanos) {
                    throw e;
                }
            }
            TimeUnit.NANOSECONDS.sleep((long) pauseNanos);
            pauseNanos = Math.min(pauseNanos * policy.getBackoffMultiplier(), policy.getMaxBackoff().toNanos());
        }
    }

    private int attempt(byte[] body, long end) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(collector)
                .header("Content-Type", config.getContentType()).POST(BodyPublishers.ofByteArray(body));
        Map<String, List<String>> headers = config.getHeadersSupplier().get();
        headers.forEach((name, values) -> values.forEach(value -> request.header(name, value)));
        BoundedAnswer answer = new BoundedAnswer(MOST_BYTES);
        CompletableFuture<HttpResponse<Void>> exchange = client.sendAsync(request.build(), head -> answer);
        try {
            return exchange.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS).statusCode();
        } catch (TimeoutException e) { // the client's own time-out is over with the head of an answer
            throw new HttpTimeoutException("no answer, or no end of it, in "
                    + Duration.ofNanos(config.getTimeoutNanos()).toSeconds() + " seconds");
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        } finally {
            exchange.cancel(true); // no-op where it has ended
            answer.cancel();
        }
    }

    /** What waits is brought all the same; nobody waits for it. */
    @Override
    public CompletableResultCode shutdown() {
        thread.shutdown();
        return CompletableResultCode.ofSuccess();
    }

    /** @param statusCode of HTTP */
    private record Status(int statusCode) implements Response {

        @Override
        public String statusMessage() {
            return String.valueOf(statusCode);
        }

        @Override
        public byte[] responseBody() {
            return new byte[0];
        }
    }
}
