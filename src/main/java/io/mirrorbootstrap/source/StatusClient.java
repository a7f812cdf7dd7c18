package io.mirrorbootstrap.source;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.regex.Pattern;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.MirrorStatus;
import io.mirrorbootstrap.wire.SnapshotTag;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;

/**
 * Asks one sidecar what its mirrors are doing, or to remove one. Holds an event loop of its own until it is closed. One thread at a time, which
 * must not be an event loop: it waits.
 */
public final class StatusClient implements AutoCloseable {

    private static final int OK = 200;
    private static final int NO_CONTENT = 204;
    private static final int NOT_FOUND = 404;
    private static final int PRECONDITION_FAILED = 412;

    /** A thousand mirrors, of each more than eight times what it mostly says; the heap holds it several times. */
    private static final int MAX_LIST_BYTES = 4 * 1024 * 1024;

    private static final Pattern JSON = Pattern.compile("application/json *(;.*)?", Pattern.CASE_INSENSITIVE);

    /** What came of asking. */
    public sealed interface Reply {

        /** The sidecar knows the mirror; the status is of the database that was asked for. */
        record Known(MirrorStatus status) implements Reply {
        }

        /** Nothing has been received of it, or announced. */
        record Unknown() implements Reply {
        }

        /** What all mirrors are doing, by name; at most {@link MirrorStatus#MOST}. */
        record All(List<MirrorStatus> mirrors) implements Reply {
        }

        /** It is gone, or was not there. */
        record Removed() implements Reply {
        }

        /** The sidecar did not answer that. */
        record Blocked(Obstacle obstacle) implements Reply {
        }
    }

    private final Endpoint endpoint;
    private final Credentials credentials;
    private final Dialer dialer;
    private final Optional<InetAddress> address;

    /** Opens nothing yet; without a proxy. */
    public StatusClient(Endpoint endpoint, Credentials credentials) {
        this(endpoint, credentials, Optional.empty());
    }

    /** Opens nothing yet. */
    public StatusClient(Endpoint endpoint, Credentials credentials, Optional<HttpProxy> proxy) {
        this(new Destination(endpoint, credentials, proxy));
    }

    /** Opens nothing yet. */
    StatusClient(Destination to) {
        this.endpoint = to.endpoint();
        this.credentials = to.credentials();
        this.address = to.address();
        this.dialer = new Dialer(endpoint, to.proxy());
    }

    /**
     * What {@code database} is doing.
     *
     * @param patience how long to wait for the answer, at most: 20 s for each address is enough
     */
    public Reply ask(DatabaseId database, Duration patience) throws InterruptedException {
        String path = endpoint.mirror(database);
        return exchange(HttpMethod.GET, path, BoundedTransport.MAX_BYTES, patience,
                (answer, body) -> reply(database, path, answer, body));
    }

    /**
     * What all are doing.
     *
     * @param patience as of {@link #ask}
     */
    public Reply askAll(Duration patience) throws InterruptedException {
        String path = endpoint.mirrors();
        return exchange(HttpMethod.GET, path, MAX_LIST_BYTES, patience, (answer, body) -> {
            if (answer.statusCode() != OK) {
                return refused(answer, body, path);
            }
            try {
                return new Reply.All(MirrorStatus.readAll(body.getBytes(0, body.length())));
            } catch (RefusedException e) {
                return noSidecar(e);
            }
        });
    }

    /**
     * Has the transfer of {@code database} removed.
     *
     * @param snapshotToo whether its committed snapshot is removed, too
     * @param patience as of {@link #ask}
     */
    public Reply remove(DatabaseId database, boolean snapshotToo, Duration patience) throws InterruptedException {
        String path = snapshotToo ? endpoint.mirrorWithSnapshot(database) : endpoint.mirror(database);
        return exchange(HttpMethod.DELETE, path, BoundedTransport.MAX_BYTES, patience,
                (answer, body) -> answer.statusCode() == NO_CONTENT
                        ? new Reply.Removed()
                        : refused(answer, body, path));
    }

    /**
     * Has {@code snapshot} removed, and no other; what is under way goes on. An older sidecar does not look which it is, and ends what is under way.
     *
     * @param patience as of {@link #ask}
     */
    public Reply remove(CommittedSnapshot snapshot, Duration patience) throws InterruptedException {
        String path = endpoint.mirrorWithSnapshot(snapshot.database());
        return exchange(HttpMethod.DELETE, path, BoundedTransport.MAX_BYTES, patience,
                request -> request.putHeader(HttpHeaderNames.IF_MATCH, SnapshotTag.of(snapshot)),
                (answer, body) -> answer.statusCode() == NO_CONTENT
                        ? new Reply.Removed()
                        : answer.statusCode() == PRECONDITION_FAILED
                                ? new Reply.Unknown()
                                : refused(answer, body, path));
    }

    private Reply exchange(HttpMethod method, String path, int maxBytes, Duration patience,
            BiFunction<HttpClientResponse, Buffer, Reply> reading) throws InterruptedException {
        return exchange(method, path, maxBytes, patience, request -> {
        }, reading);
    }

    private Reply exchange(HttpMethod method, String path, int maxBytes, Duration patience,
            Consumer<RequestOptions> more, BiFunction<HttpClientResponse, Buffer, Reply> reading)
            throws InterruptedException {
        RequestOptions request = endpoint.request(method, path)
                .putHeader(HttpHeaders.ACCEPT, "application/json"); // of one named events, too
        more.accept(request);
        try (Exchange exchange = new Exchange(dialer, credentials::applyTo)) {
            credentials.applyTo(request);
            return exchange.ask(address, patience, maxBytes, request,
                    answer -> answer.body().map(body -> reading.apply(answer, body)));
        } catch (BlockedException e) {
            return new Reply.Blocked(e.obstacle());
        } catch (IOException e) {
            return new Reply.Blocked(
                    new Obstacle.Unreachable("what it is to be shown cannot be used now: " + Reason.of(e)));
        }
    }

    private Reply reply(DatabaseId database, String path, HttpClientResponse answer, Buffer body) {
        int status = answer.statusCode();
        if (status == NOT_FOUND && isOwnNotFound(answer.getHeader(HttpHeaders.CONTENT_TYPE), body.toString())) {
            return new Reply.Unknown();
        } else if (status != OK) {
            return refused(answer, body, path);
        }
        try {
            MirrorStatus mirror = MirrorStatus.read(body.getBytes(0, body.length()));
            return mirror.database().equals(database)
                    ? new Reply.Known(mirror)
                    : unfit("asked for " + database + ", it answers about " + mirror.database());
        } catch (RefusedException e) {
            return noSidecar(e);
        }
    }

    private Reply refused(HttpClientResponse answer, Buffer body, String path) {
        return new Reply.Blocked(Refusals.of(answer.statusCode(), answer.headers(), body, endpoint, path));
    }

    private static Reply noSidecar(RefusedException why) {
        return unfit("what answers is no sidecar: " + Text.readable(why.getMessage()));
    }

    private static Reply unfit(String message) {
        return new Reply.Blocked(new Obstacle.Unfit(message));
    }

    /** Only the sidecar can know that nothing has come yet: a 404 of a proxy does not say it. */
    private static boolean isOwnNotFound(String contentType, String body) {
        try {
            return contentType != null && JSON.matcher(contentType).matches()
                    && JsonMessages.failure(body).code().equals(ErrorCode.NOT_FOUND.spelling());
        } catch (RefusedException e) {
            return false;
        }
    }

    /** Ends the event loop. */
    @Override
    public void close() {
        dialer.close();
    }
}
