package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.Protocol;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;

/**
 * Sends snapshots to one sidecar. Holds an event loop of its own and a few MiB of memory until it is closed. One thread
 * at a time, which must not be an event loop: it waits.
 */
public final class SnapshotSender implements AutoCloseable {

    /** Enough that reading, masking and the socket never wait for each other. */
    private static final int CHUNK_BUFFERS = 4;

    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(10);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    /** A sidecar that has nothing to say still answers pings. */
    private static final int SILENCE_SECONDS = 60;

    private final Endpoint endpoint;
    private final Credentials credentials;
    private final boolean allowEmpty;
    private final BoundedTransport transport = new BoundedTransport();
    private final Vertx vertx;
    private final Deque<ChunkBuffer> chunks = new ArrayDeque<>();

    /** Opens nothing yet. An input without a byte is refused. */
    public SnapshotSender(Endpoint endpoint, Credentials credentials) {
        this(endpoint, credentials, false);
    }

    /**
     * Opens nothing yet.
     *
     * @param endpoint the sidecar
     * @param credentials what it is shown
     * @param allowEmpty whether an input without a byte is a snapshot: mostly it is what a program left that failed
     */
    public SnapshotSender(Endpoint endpoint, Credentials credentials, boolean allowEmpty) {
        this.endpoint = endpoint;
        this.credentials = credentials;
        this.allowEmpty = allowEmpty;
        this.vertx = ClientVertx.create(transport);
        for (int i = 0; i < CHUNK_BUFFERS; i++) {
            chunks.add(new ChunkBuffer());
        }
    }

    /** Sends one snapshot over one link, as {@link #send(SnapshotInput, Origin, Progress, Duration)} without patience. */
    public Outcome send(SnapshotInput input, Origin origin, Progress progress) throws InterruptedException {
        return send(input, origin, progress, Duration.ZERO);
    }

    /**
     * Sends one snapshot and waits for what becomes of it; after a fault that can heal it comes back and goes on.
     *
     * @param input read from its start, a file twice, a stream when there is a link; not closed
     * @param progress called from this thread
     * @param patience for how long it comes back without having got any further; zero: it does not
     * @throws InterruptedException when the thread was interrupted; the link is closed, what the sidecar has of a file
     *         can be gone on with
     */
    public Outcome send(SnapshotInput input, Origin origin, Progress progress, Duration patience)
            throws InterruptedException {
        try {
            if (input.size().isPresent()) { // a stream is waited for when there is a link
                Optional<Outcome> unusable = unusable(input);
                if (unusable.isPresent()) {
                    return unusable.get();
                }
            }
            SnapshotIdentity identity = origin.identity(input.size().orElse(0), input.checksum(progress));
            Backoff backoff = new Backoff(patience);
            while (true) {
                Outcome outcome = blame(input, attempt(input, identity, progress));
                boolean again = outcome.canHeal() && input.seek(0);
                Optional<Duration> pause = again ? backoff.next(outcome.bytesDone()) : Optional.empty();
                if (pause.isEmpty()) {
                    return outcome;
                }
                progress.retrying(outcome, pause.get());
                TimeUnit.MILLISECONDS.sleep(pause.get().toMillis());
            }
        } catch (IOException e) {
            return new Outcome.InputFailed(input.name(), e.toString());
        }
    }

    /** Closes the link, if there is one, and ends the event loop. */
    @Override
    public void close() {
        Blocking.await(vertx.close(), STOP_PATIENCE);
    }

    private Outcome attempt(SnapshotInput input, SnapshotIdentity identity, Progress progress)
            throws IOException, InterruptedException {
        progress.update(Progress.Phase.CONNECTING, 0, input.size());
        WebSocketConnectOptions request = new WebSocketConnectOptions().setHost(endpoint.host())
                .setPort(endpoint.port()).setSsl(endpoint.tls()).setURI(endpoint.path())
                .addSubProtocol(Protocol.SUBPROTOCOL)
                // a browser's header: behind a proxy that ends TLS or renames the host, it is another one's
                .setAllowOriginHeader(false);
        try {
            credentials.applyTo(request);
        } catch (IOException e) {
            return new Outcome.Unreachable(endpoint, "there is no token to show (" + e + ")");
        }
        WebSocketClient client = client();
        try {
            Future<SourceLink> connecting = client.connect(request).map(socket -> new SourceLink(vertx, socket));
            // not Vert.x's own time-out for the upgrade: its timer, being the first and so numbered 0, is not cancelled,
            // and cuts the link when it is in full swing
            Blocking.await(connecting, CONNECT_PATIENCE.multipliedBy(2));
            if (!connecting.succeeded()) {
                connecting.onSuccess(SourceLink::hangUp); // too late
                return unreachable(connecting);
            }
            try (SourceLink link = connecting.result()) {
                Optional<Outcome> unusable = unusable(input);
                return unusable.isPresent()
                        ? unusable.get()
                        : new Transmission(link, input, identity, new ArrayDeque<>(chunks), progress).run();
            }
        } finally {
            client.close();
        }
    }

    /** Nothing may be opened at the sidecar for an input that is none: it would replace what is kept there. */
    private Optional<Outcome> unusable(SnapshotInput input) throws IOException, InterruptedException {
        try {
            if (input.begin()) {
                return Optional.empty();
            }
        } catch (IOException e) {
            return Optional.of(new Outcome.InputUnusable(e.getMessage()));
        }
        Optional<Outcome> flaw = input.flaw();
        return flaw.isPresent() || allowEmpty ? flaw : Optional.of(new Outcome.InputEmpty(input.name()));
    }

    /** The program that writes a stream comes first: where it failed, the link may have suffered from the same cause. */
    private static Outcome blame(SnapshotInput input, Outcome outcome) throws IOException, InterruptedException {
        return outcome instanceof Outcome.Committed || input.size().isPresent()
                ? outcome
                : input.flaw().orElse(outcome);
    }

    /** One for each link, as it reads certificates once. */
    private WebSocketClient client() {
        WebSocketClientOptions options = new WebSocketClientOptions()
                .setConnectTimeout((int) CONNECT_PATIENCE.toMillis())
                .setReadIdleTimeout(SILENCE_SECONDS).setIdleTimeoutUnit(TimeUnit.SECONDS)
                // an answer is a small text, and what is longer is none
                .setMaxFrameSize(JsonMessages.MAX_CONTROL_BYTES).setMaxMessageSize(JsonMessages.MAX_CONTROL_BYTES)
                // snapshots are compressed or encrypted already
                .setTryUsePerMessageCompression(false).setTryUsePerFrameCompression(false);
        credentials.applyTo(options);
        return vertx.createWebSocketClient(options);
    }

    private Outcome unreachable(Future<?> connecting) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (connecting.cause() instanceof UpgradeRejectedException rejected) {
            return new Outcome.NotUpgraded(endpoint, rejected.getStatus(), explanation(rejected));
        }
        if (transport.isExceeded()) {
            return new Outcome.Unreachable(endpoint,
                    "it answered with more than " + BoundedTransport.MAX_BYTES + " bytes, and no link");
        }
        return new Outcome.Unreachable(endpoint,
                connecting.failed() ? ClientVertx.reason(connecting.cause()) : "no answer in time");
    }

    private static Optional<Answer.Failure> explanation(UpgradeRejectedException rejected) {
        try {
            return rejected.getBody() != null
                    && JsonMessages.answer(rejected.getBody().toString()) instanceof Answer.Failure failure
                            ? Optional.of(failure)
                            : Optional.empty();
        } catch (RefusedException e) {
            return Optional.empty(); // not a sidecar's words: a proxy's page, for one
        }
    }
}
