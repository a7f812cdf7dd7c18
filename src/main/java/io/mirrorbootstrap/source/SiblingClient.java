package io.mirrorbootstrap.source;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.Protocol;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Reads what other sidecars have: manifests, and committed snapshots. Each address of a name is another sidecar. Holds an event loop of its own
 * until it is closed. One thread at a time, which must not be an event loop: it waits.
 */
public final class SiblingClient implements AutoCloseable {

    private static final int OK = 200;
    private static final int PARTIAL = 206;
    private static final int NOT_FOUND = 404;

    /** So many pieces, as the socket brings them, may wait to be taken. */
    private static final int PIECES_AHEAD = 16;

    private final Endpoint endpoint;
    private final Credentials credentials;
    private final Dialer dialer;

    /** Opens nothing yet. */
    public SiblingClient(Endpoint endpoint, Credentials credentials) {
        this.endpoint = endpoint;
        this.credentials = credentials;
        this.dialer = new Dialer(endpoint, Optional.empty());
    }

    /**
     * A manifest, as a sidecar tells it.
     *
     * @param text at most {@link BoundedTransport#MAX_BYTES}
     * @param downloads how many of its snapshots are being downloaded, where it says so
     */
    public record Told(byte[] text, int downloads) {
    }

    /**
     * The addresses that the name has now.
     *
     * @throws IOException when none is known, with a sentence
     */
    public List<InetAddress> addresses(Duration patience) throws IOException, InterruptedException {
        return dialer.addresses(patience);
    }

    /**
     * What the sidecar at {@code address} has of {@code database}.
     *
     * @return empty when it has no snapshot of it
     * @throws IOException when it cannot be asked, with a sentence
     */
    public Optional<Told> manifest(InetAddress address, DatabaseId database, Duration patience)
            throws IOException, InterruptedException {
        String path = endpoint.manifest(database);
        try (Exchange exchange = new Exchange()) {
            return exchange.ask(address, request(path), patience, answer -> answer.body().map(body -> {
                if (answer.statusCode() == NOT_FOUND) {
                    return Optional.<Told>empty();
                } else if (answer.statusCode() != OK) {
                    throw new Refused(Refusals.of(answer.statusCode(), answer.headers(), body, endpoint, path));
                }
                return Optional.of(
                        new Told(body.getBytes(0, body.length()), number(answer.getHeader(Protocol.DOWNLOADS_HEADER))));
            }));
        }
    }

    private static int number(String header) {
        return header != null && header.matches("\\d{1,6}") ? Integer.parseInt(header) : 0;
    }

    /**
     * The bytes of the snapshot of {@code database} at {@code address}, from {@code from} on.
     *
     * @param from the first byte, less than {@code bytes}
     * @param bytes how many the snapshot has
     * @param tag the validator that it must have
     * @throws IOException when they do not come, with a sentence
     */
    public Body snapshot(InetAddress address, DatabaseId database, long from, long bytes, String tag, Duration patience)
            throws IOException, InterruptedException {
        String path = endpoint.snapshot(database);
        RequestOptions request = request(path).putHeader(HttpHeaderNames.IF_MATCH, tag);
        if (from > 0) {
            request.putHeader(HttpHeaderNames.RANGE, "bytes=" + from + "-");
        }
        Exchange exchange = new Exchange();
        Body body = null;
        try {
            body = exchange.ask(address, request, patience, answer -> {
                if (answer.statusCode() != (from > 0 ? PARTIAL : OK)) {
                    return answer.body().map(text -> {
                        throw new Refused(Refusals.of(answer.statusCode(), answer.headers(), text, endpoint, path));
                    });
                }
                String range = "bytes " + from + "-" + (bytes - 1) + "/" + bytes;
                if (!tag.equals(answer.getHeader(HttpHeaders.ETAG))
                        || from > 0 && !range.equals(answer.getHeader(HttpHeaderNames.CONTENT_RANGE))) {
                    return Future.failedFuture(
                            new Refused(new Obstacle.Unfit("it answers with other bytes than were asked for")));
                }
                BoundedTransport.lift(((ConnectionBase) answer.request().connection()).channel());
                return Future.succeededFuture(new Body(exchange, answer));
            });
            return body;
        } finally {
            if (body == null) {
                exchange.close();
            }
        }
    }

    private RequestOptions request(String path) {
        return new RequestOptions().setMethod(HttpMethod.GET).setHost(endpoint.name()).setPort(endpoint.port())
                .setSsl(endpoint.tls()).setURI(path).putHeader(HttpHeaders.HOST, endpoint.authority());
    }

    /** An answer that is not the one that was asked for, where a future has to carry it. */
    private static final class Refused extends RuntimeException {

        private static final long serialVersionUID = 1;

        private final transient Obstacle obstacle;

        private Refused(Obstacle obstacle) {
            super(obstacle.message());
            this.obstacle = obstacle;
        }
    }

    /** One request on a connection of its own. */
    private final class Exchange implements AutoCloseable {

        private final AtomicReference<HttpClient> client = new AtomicReference<>();

        private <T> T ask(InetAddress address, RequestOptions request, Duration patience,
                Function<HttpClientResponse, Future<T>> reading)
                throws IOException, InterruptedException {
            AtomicReference<Obstacle> refused = new AtomicReference<>();
            credentials.applyTo(request);
            try {
                return dialer.dial(List.of(address), patience, BoundedTransport.MAX_BYTES, time -> {
                    HttpClientOptions options = new HttpClientOptions().setConnectTimeout((int) time.toMillis());
                    credentials.applyTo(options);
                    client.set(dialer.vertx().createHttpClient(options));
                    return new Dialer.Attempt<>(
                            dialer.onLoop(() -> client.get().request(request).compose(HttpClientRequest::send)
                                    .compose(reading).onFailure(failure -> {
                                        if (failure instanceof Refused told) {
                                            refused.set(told.obstacle);
                                        }
                                    })),
                            client.get()::close);
                });
            } catch (BlockedException e) {
                throw refused.get() == null ? e : new BlockedException(refused.get());
            }
        }

        @Override
        public void close() {
            Optional.ofNullable(client.get()).ifPresent(HttpClient::close);
        }
    }

    /** The bytes of a snapshot as they come. One thread. */
    public static final class Body implements AutoCloseable {

        /** What is behind the last piece. */
        private record End(Optional<Throwable> failure) {
        }

        private final Exchange exchange;
        private final HttpClientResponse answer;
        private final Context loop;
        private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();

        /** Event loop only. */
        private Body(Exchange exchange, HttpClientResponse answer) {
            this.exchange = exchange;
            this.answer = answer;
            this.loop = Vertx.currentContext();
            answer.pause();
            answer.exceptionHandler(failure -> arrived.add(new End(Optional.of(failure))));
            answer.endHandler(done -> arrived.add(new End(Optional.empty())));
            answer.handler(arrived::add);
            answer.fetch(PIECES_AHEAD);
        }

        /**
         * The next piece.
         *
         * @param patience how long it may take
         * @throws IOException when it does not come, with a sentence; also at the end of all
         */
        public ByteBuf next(Duration patience) throws IOException, InterruptedException {
            Object next = arrived.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
            if (next instanceof Buffer piece) {
                loop.runOnContext(any -> answer.fetch(1));
                return piece.getByteBuf();
            } else if (next instanceof End end) {
                arrived.add(end); // it is the end for good
                throw new IOException(end.failure().map(Reason::of).orElse("it ended too early"));
            }
            throw new IOException("nothing came for " + patience.toSeconds() + " seconds");
        }

        @Override
        public void close() {
            exchange.close();
        }
    }

    /** Ends the event loop. */
    @Override
    public void close() {
        dialer.close();
    }
}
