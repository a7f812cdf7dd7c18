package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.regex.Pattern;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.MirrorStatus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;

/**
 * Asks one sidecar what a mirror is doing. Holds an event loop of its own until it is closed. One thread at a time, which
 * must not be an event loop: it waits.
 */
public final class StatusClient implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final Pattern JSON = Pattern.compile("application/json *(;.*)?", Pattern.CASE_INSENSITIVE);

    /** What came of asking. */
    public sealed interface Reply {

        /** The sidecar knows the mirror; the status is of the database that was asked for. */
        record Known(MirrorStatus status) implements Reply {
        }

        /** Nothing has been received of it, or announced. */
        record Unknown() implements Reply {
        }

        /** Somebody answered, but not that; {@code message} is readable. */
        record Refused(String message) implements Reply {
        }

        /** Nobody answered in time; {@code reason} is readable. */
        record Unreachable(String reason) implements Reply {
        }
    }

    private final Endpoint endpoint;
    private final Credentials credentials;
    private final BoundedTransport transport = new BoundedTransport();
    private final Vertx vertx;

    /** Opens nothing yet. */
    public StatusClient(Endpoint endpoint, Credentials credentials) {
        this.endpoint = endpoint;
        this.credentials = credentials;
        this.vertx = ClientVertx.create(transport);
    }

    /** What {@code database} is doing. */
    public Reply ask(DatabaseId database) {
        RequestOptions request = new RequestOptions().setMethod(HttpMethod.GET).setHost(endpoint.host())
                .setPort(endpoint.port()).setSsl(endpoint.tls()).setURI("/v1/mirrors/" + database)
                .putHeader(HttpHeaders.ACCEPT, "application/json"); // of one named events, too
        try {
            credentials.applyTo(request);
        } catch (IOException e) {
            return new Reply.Unreachable("there is no token to show (" + e + ")");
        }
        HttpClientOptions options = new HttpClientOptions().setConnectTimeout((int) PATIENCE.toMillis());
        credentials.applyTo(options);
        HttpClient client = vertx.createHttpClient(options);
        try {
            Future<Reply> asking = client.request(request).compose(asked -> asked.send()).compose(
                    answer -> answer.body().map(body -> reply(database, answer.statusCode(),
                            answer.getHeader(HttpHeaders.CONTENT_TYPE), body)));
            Blocking.await(asking, PATIENCE);
            if (asking.succeeded()) {
                return asking.result();
            } else if (transport.isExceeded()) {
                return new Reply.Refused("it answered with more than " + BoundedTransport.MAX_BYTES + " bytes");
            }
            return new Reply.Unreachable(
                    asking.failed() ? ClientVertx.reason(asking.cause()) : "no answer in time");
        } finally {
            client.close();
        }
    }

    private static Reply reply(DatabaseId database, int status, String contentType, Buffer body) {
        if (status == NOT_FOUND) {
            return isOwnNotFound(contentType, body.toString())
                    ? new Reply.Unknown()
                    : new Reply.Refused("what answers HTTP 404 there is no sidecar but, for one, a proxy: "
                            + Text.readable(body.toString()));
        } else if (status != OK) {
            return new Reply.Refused("HTTP " + status + " " + Text.readable(body.toString()));
        }
        try {
            MirrorStatus mirror = MirrorStatus.read(body.toString());
            return mirror.database().equals(database)
                    ? new Reply.Known(mirror)
                    : new Reply.Refused("asked for " + database + ", it answers about " + mirror.database());
        } catch (RefusedException e) {
            return new Reply.Refused("what answers is no sidecar: " + Text.readable(e.getMessage()));
        }
    }

    /** That nothing has come yet, the sidecar alone can know: a 404 of whoever is in between does not say it. */
    private static boolean isOwnNotFound(String contentType, String body) {
        try {
            return contentType != null && JSON.matcher(contentType).matches()
                    && JsonMessages.isError(ErrorCode.NOT_FOUND, body);
        } catch (RefusedException e) {
            return false;
        }
    }

    /** Ends the event loop. */
    @Override
    public void close() {
        Blocking.await(vertx.close(), PATIENCE);
    }
}
