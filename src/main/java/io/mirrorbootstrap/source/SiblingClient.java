package io.mirrorbootstrap.source;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.wire.Protocol;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;

/**
 * Reads what other sidecars have: manifests, and committed snapshots. Each address of a name is another sidecar. Holds an event loop of its own
 * until it is closed. One thread at a time, which must not be an event loop: it waits.
 */
public final class SiblingClient implements AutoCloseable {

    private static final int OK = 200;
    private static final int PARTIAL = 206;
    private static final int NOT_FOUND = 404;

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
        try (Exchange exchange = exchange()) {
            return exchange.ask(Optional.of(address), patience, BoundedTransport.MAX_BYTES, request(path),
                    answer -> answer.body().map(body -> {
                        if (answer.statusCode() == NOT_FOUND) {
                            return Optional.<Told>empty();
                        } else if (answer.statusCode() != OK) {
                            throw new Exchange.Refused(
                                    Refusals.of(answer.statusCode(), answer.headers(), body, endpoint, path));
                        }
                        return Optional.of(
                                new Told(body.getBytes(0, body.length()),
                                        number(answer.getHeader(Protocol.DOWNLOADS_HEADER))));
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
    public AnswerBody snapshot(InetAddress address, DatabaseId database, long from, long bytes, String tag,
            Duration patience)
            throws IOException, InterruptedException {
        String path = endpoint.snapshot(database);
        RequestOptions request = request(path).putHeader(HttpHeaderNames.IF_MATCH, tag);
        if (from > 0) {
            request.putHeader(HttpHeaderNames.RANGE, "bytes=" + from + "-");
        }
        Exchange exchange = exchange();
        AnswerBody body = null;
        try {
            body = exchange.ask(Optional.of(address), patience, AnswerBody.BYTES_BEFORE, request, answer -> {
                if (answer.statusCode() != (from > 0 ? PARTIAL : OK)) {
                    return answer.body().map(text -> {
                        throw new Exchange.Refused(
                                Refusals.of(answer.statusCode(), answer.headers(), text, endpoint, path));
                    });
                }
                String range = "bytes " + from + "-" + (bytes - 1) + "/" + bytes;
                if (!tag.equals(answer.getHeader(HttpHeaders.ETAG))
                        || from > 0 && !range.equals(answer.getHeader(HttpHeaderNames.CONTENT_RANGE))) {
                    return Future.failedFuture(
                            new Exchange.Refused(
                                    new Obstacle.Unfit("it answers with other bytes than were asked for")));
                }
                return Future.succeededFuture(new AnswerBody(exchange, answer));
            });
            return body;
        } finally {
            if (body == null) {
                exchange.close();
            }
        }
    }

    private Exchange exchange() {
        return new Exchange(dialer, credentials::applyTo);
    }

    private RequestOptions request(String path) throws IOException {
        RequestOptions request = endpoint.request(HttpMethod.GET, path);
        credentials.applyTo(request);
        return request;
    }

    /** Ends the event loop. */
    @Override
    public void close() {
        dialer.close();
    }
}
