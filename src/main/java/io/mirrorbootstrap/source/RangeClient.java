package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

import io.mirrorbootstrap.store.Reason;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;

/**
 * Reads parts of what is at one URL: with GET alone, as a presigned URL is for one method. Follows no redirect: what it shows is for one
 * server. Holds an event loop of its own until it is closed. One thread at a time, which must not be an event loop: it waits.
 */
final class RangeClient implements AutoCloseable {

    private static final int OK = 200;
    private static final int PARTIAL = 206;
    private static final int PRECONDITION_FAILED = 412;
    private static final int RANGE_NOT_SATISFIABLE = 416;
    private static final String NO_RANGES = "it knows no ranges (HTTP 200 to a request for one), so nothing could be gone on with: "
            + "send the output of a program, -- curl -fsS URL";

    private final SourceUrl url;
    private final Optional<HeaderFile> headers;
    private final Optional<Path> authorities;
    private final Optional<HttpProxy> proxy;
    private final Credentials trust;
    private final Dialer dialer;

    /** What is at the URL, and its first bytes. */
    record Look(StoredObject object, Buffer head) {
    }

    /**
     * Opens nothing yet.
     *
     * @param authorities certificates (PEM) of those who may vouch for the server; empty: those that Java knows
     */
    RangeClient(SourceUrl url, Optional<HeaderFile> headers, Optional<Path> authorities, Optional<HttpProxy> proxy) {
        this.url = url;
        this.headers = headers;
        this.authorities = authorities;
        this.proxy = proxy;
        this.trust = new Credentials(Optional.empty(), authorities, Optional.empty());
        this.dialer = new Dialer(url.server(), proxy);
    }

    /** One that asks the same server, for another thread. */
    RangeClient another() {
        return new RangeClient(url, headers, authorities, proxy);
    }

    /**
     * Finds out what is there.
     *
     * @param bytes how many of its first bytes are wanted, 1 or more
     * @throws BlockedException when that cannot be known, or it cannot be read by ranges
     */
    Look look(int bytes, Duration patience) throws IOException, InterruptedException {
        Map<String, String> shown = shown();
        try (Exchange exchange = exchange()) {
            return ask(exchange, request("bytes=0-" + (bytes - 1), shown), patience, BoundedTransport.MAX_BYTES,
                    shown.values(), answer -> {
                        Optional<StoredObject.Part> part = StoredObject.part(answer.headers());
                        boolean isEmpty = answer.statusCode() == OK
                                && "0".equals(answer.getHeader(HttpHeaders.CONTENT_LENGTH));
                        if (isEmpty || answer.statusCode() == RANGE_NOT_SATISFIABLE
                                && part.filter(none -> none.whole().size() == 0).isPresent()) {
                            return Future
                                    .succeededFuture(new Look(StoredObject.of(0, answer.headers()), Buffer.buffer()));
                        } else if (part.isEmpty() || part.get().from() != 0) {
                            return unfit("it does not say how many bytes there are (Content-Range)");
                        }
                        StoredObject object = part.get().whole();
                        return answer.body().compose(body -> body.length() == Math.min(bytes, object.size())
                                ? Future.succeededFuture(new Look(object, body))
                                : unfit("it answers with other bytes than were asked for"));
                    });
        }
    }

    /**
     * The bytes of {@code object} from {@code from} on, to its end or as many as the server likes.
     *
     * @param from less than its size
     * @throws BlockedException when they do not come; of {@link Obstacle.Changed} where it is another by now
     */
    AnswerBody read(StoredObject object, long from, Duration patience) throws IOException, InterruptedException {
        Map<String, String> shown = shown();
        RequestOptions request = request("bytes=" + from + "-", shown);
        object.require(request);
        Exchange exchange = exchange();
        AnswerBody body = null;
        try {
            body = ask(exchange, request, patience, AnswerBody.BYTES_BEFORE, shown.values(), answer -> {
                Optional<StoredObject.Part> part = StoredObject.part(answer.headers());
                Optional<String> difference = part.flatMap(there -> object.difference(there.whole()));
                if (answer.statusCode() == PRECONDITION_FAILED || answer.statusCode() == RANGE_NOT_SATISFIABLE) {
                    return Future
                            .failedFuture(new Exchange.Refused(new Obstacle.Changed("it is another than it was (HTTP "
                                    + answer.statusCode() + ")")));
                } else if (difference.isPresent()) {
                    return Future.failedFuture(new Exchange.Refused(new Obstacle.Changed(difference.get())));
                } else if (part.isEmpty() || part.get().from() != from) {
                    return unfit("it answers with other bytes than were asked for");
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

    private <T> T ask(Exchange exchange, RequestOptions request, Duration patience, int maxBytes,
            Collection<String> secrets,
            Function<HttpClientResponse, Future<T>> reading) throws IOException, InterruptedException {
        try {
            return exchange.ask(Optional.empty(), patience, maxBytes, request, answer -> {
                int status = answer.statusCode();
                String encoding = answer.getHeader(HttpHeaders.CONTENT_ENCODING);
                if (status != OK && status != PARTIAL && status != PRECONDITION_FAILED
                        && status != RANGE_NOT_SATISFIABLE) {
                    return answer.body().compose(body -> Future
                            .failedFuture(new Exchange.Refused(UrlRefusals.of(answer, body, url, secrets))));
                } else if (encoding != null && !encoding.strip().equalsIgnoreCase("identity")) {
                    return unfit(
                            "it answers with bytes that are encoded (Content-Encoding), though asked for them as they are");
                } else if (status == OK && !"0".equals(answer.getHeader(HttpHeaders.CONTENT_LENGTH))) {
                    return unfit(NO_RANGES);
                }
                return reading.apply(answer);
            });
        } catch (BlockedException e) {
            throw new BlockedException(aboutSource(e.obstacle()));
        }
    }

    /** The options for the sidecar are none for its source. */
    private static Obstacle aboutSource(Obstacle obstacle) {
        return obstacle instanceof Obstacle.Unfit unfit
                ? new Obstacle.Unfit(unfit.message().replace("--ca FILE", "--source-ca FILE")
                        .replace(": --certificate and --key", ", which no source is shown"))
                : obstacle;
    }

    private static <T> Future<T> unfit(String message) {
        return Future.failedFuture(new Exchange.Refused(new Obstacle.Unfit(message)));
    }

    private Map<String, String> shown() throws BlockedException {
        try {
            trust.check();
            return headers.isPresent() ? headers.get().read() : Map.of();
        } catch (IOException e) { // what was replaced may be half written
            throw new BlockedException(new Obstacle.Unreachable(
                    "what it is to be shown cannot be used now: " + Reason.of(e)));
        }
    }

    private Exchange exchange() {
        return new Exchange(dialer, trust::applyTo);
    }

    private RequestOptions request(String range, Map<String, String> shown) {
        Endpoint server = url.server();
        RequestOptions request = server.request(HttpMethod.GET, url.target())
                .putHeader(HttpHeaders.ACCEPT_ENCODING, "identity")
                .putHeader(HttpHeaderNames.RANGE, range);
        shown.forEach((name, value) -> request.putHeader(name, value));
        return request;
    }

    /** Ends the event loop. */
    @Override
    public void close() {
        dialer.close();
    }
}
