package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.MirrorStatus;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;

/**
 * Asks one sidecar what a mirror is doing. Holds an event loop of its own until it is closed. One thread at a time, which
 * must not be an event loop: it waits.
 */
public final class StatusClient implements AutoCloseable {

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

        /** The sidecar did not answer that. */
        record Blocked(Obstacle obstacle) implements Reply {
        }
    }

    private final Endpoint endpoint;
    private final Credentials credentials;
    private final Dialer dialer;

    /** Opens nothing yet; without a proxy. */
    public StatusClient(Endpoint endpoint, Credentials credentials) {
        this(endpoint, credentials, Optional.empty());
    }

    /** Opens nothing yet. */
    public StatusClient(Endpoint endpoint, Credentials credentials, Optional<HttpProxy> proxy) {
        this.endpoint = endpoint;
        this.credentials = credentials;
        this.dialer = new Dialer(endpoint, proxy);
    }

    /**
     * What {@code database} is doing.
     *
     * @param patience how long to wait for the answer, at most: 20 s for each address is enough
     */
    public Reply ask(DatabaseId database, Duration patience) throws InterruptedException {
        RequestOptions request = new RequestOptions().setMethod(HttpMethod.GET).setHost(endpoint.name())
                .setPort(endpoint.port()).setSsl(endpoint.tls()).setURI(endpoint.mirror(database))
                .putHeader(HttpHeaders.HOST, endpoint.authority())
                .putHeader(HttpHeaders.ACCEPT, "application/json"); // of one named events, too
        List<HttpClient> clients = new ArrayList<>();
        try {
            credentials.applyTo(request);
            return dialer.dial(patience, time -> {
                HttpClientOptions options = new HttpClientOptions().setConnectTimeout((int) time.toMillis());
                credentials.applyTo(options);
                HttpClient client = dialer.vertx().createHttpClient(options);
                clients.add(client);
                return new Dialer.Attempt<>(dialer.onLoop(() -> client.request(request).compose(HttpClientRequest::send)
                        .compose(answer -> answer.body().map(body -> reply(database, answer, body)))), client::close);
            });
        } catch (BlockedException e) {
            return new Reply.Blocked(e.obstacle());
        } catch (IOException e) {
            return new Reply.Blocked(
                    new Obstacle.Unreachable("what it is to be shown cannot be used now: " + Reason.of(e)));
        } finally {
            clients.forEach(HttpClient::close);
        }
    }

    private Reply reply(DatabaseId database, HttpClientResponse answer, Buffer body) {
        int status = answer.statusCode();
        if (status == NOT_FOUND && isOwnNotFound(answer.getHeader(HttpHeaders.CONTENT_TYPE), body.toString())) {
            return new Reply.Unknown();
        } else if (status != OK) {
            return new Reply.Blocked(Refusals.of(status, answer.headers(), body, endpoint, endpoint.mirror(database)));
        }
        try {
            MirrorStatus mirror = MirrorStatus.read(body.getBytes(0, body.length()));
            return mirror.database().equals(database)
                    ? new Reply.Known(mirror)
                    : unfit("asked for " + database + ", it answers about " + mirror.database());
        } catch (RefusedException e) {
            return unfit("what answers is no sidecar: " + Text.readable(e.getMessage()));
        }
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
