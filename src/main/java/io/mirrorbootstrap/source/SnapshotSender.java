package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.Protocol;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;

/**
 * Sends snapshots to one sidecar. Holds an event loop of its own and the memory it needed until it is closed. One thread
 * at a time, which must not be an event loop: it waits.
 */
public final class SnapshotSender implements AutoCloseable {

    /** Enough for what a sidecar has not made durable, by default, and what is on its way. */
    public static final long DEFAULT_REPLAY_BYTES = 80L * 1024 * 1024;

    /** More than all addresses of a name together may take. */
    private static final Duration CONNECT_PATIENCE = Duration.ofHours(1);

    private final Destination to;
    private final boolean allowEmpty;
    private final LongSupplier nanoTime;
    private final Dialer dialer;
    private final long replayBytes;
    /** As if it was the only one. */
    private final MemoryShares shares;
    private final ChunkMemory memory;
    private Optional<SourceLink> last = Optional.empty();

    /** Opens nothing yet. There is no proxy, and an input without a byte is refused. */
    public SnapshotSender(Endpoint endpoint, Credentials credentials) {
        this(endpoint, credentials, Optional.empty(), false);
    }

    /**
     * Opens nothing yet.
     *
     * @param endpoint the sidecar
     * @param credentials what it is shown
     * @param proxy what leads there, if not the network itself
     * @param allowEmpty whether an input without a byte is a snapshot: mostly it is what a program left that failed
     */
    public SnapshotSender(Endpoint endpoint, Credentials credentials, Optional<HttpProxy> proxy, boolean allowEmpty) {
        this(endpoint, credentials, proxy, allowEmpty, DEFAULT_REPLAY_BYTES);
    }

    /**
     * Opens nothing yet.
     *
     * @param replayBytes how much of a stream is held until it is durable at the sidecar, in bytes, 1 MiB or more
     */
    public SnapshotSender(Endpoint endpoint, Credentials credentials, Optional<HttpProxy> proxy, boolean allowEmpty,
            long replayBytes) {
        this(endpoint, credentials, proxy, allowEmpty, replayBytes, System::nanoTime);
    }

    /** @param nanoTime a clock that only goes forward */
    SnapshotSender(Endpoint endpoint, Credentials credentials, Optional<HttpProxy> proxy, boolean allowEmpty,
            long replayBytes, LongSupplier nanoTime) {
        this(new Destination(endpoint, credentials, proxy), allowEmpty,
                replayBytes, Optional.empty(), nanoTime);
    }

    /** One of several, which {@linkplain #deliver deliver} what is common. */
    SnapshotSender(Destination to, ChunkMemory memory, LongSupplier nanoTime) {
        this(to, false, DEFAULT_REPLAY_BYTES, Optional.of(memory), nanoTime);
    }

    private SnapshotSender(Destination to, boolean allowEmpty, long replayBytes, Optional<ChunkMemory> common,
            LongSupplier nanoTime) {
        this.to = to;
        this.allowEmpty = allowEmpty;
        this.replayBytes = replayBytes;
        this.shares = MemoryShares.of(List.of(to));
        this.memory = common.orElseGet(() -> new ChunkMemory(shares.buffers()));
        this.nanoTime = nanoTime;
        this.dialer = new Dialer(to.endpoint(), to.proxy());
    }

    /** Sends one snapshot over one link, as {@link #send(SnapshotInput, Origin, Progress, Duration)} without patience. */
    public Outcome send(SnapshotInput input, Origin origin, Progress progress) throws InterruptedException {
        return send(input, origin, progress, Duration.ZERO);
    }

    /**
     * Sends one snapshot and waits for what becomes of it; after a fault that can heal it comes back and goes on.
     *
     * @param input read from its start, a stream when there is a link; not closed
     * @param progress called from this thread
     * @param patience for how long, all in all, it is without a link since the snapshot was furthest; zero: it does not come back
     * @throws InterruptedException when the thread was interrupted; the link is closed, what the sidecar has of a file
     *         can be gone on with
     */
    public Outcome send(SnapshotInput input, Origin origin, Progress progress, Duration patience)
            throws InterruptedException {
        Stock stock = new Stock(input, memory, shares.held(replayBytes), Lag.ofOne());
        try {
            return deliver(new Cargo(stock, origin, allowEmpty), new Supply(stock, memory, shares.each()), progress,
                    patience);
        } finally {
            stock.close();
        }
    }

    /** Sends what is perhaps sent to others as well, as {@link #send} does. */
    Outcome deliver(Cargo cargo, Supply supply, Progress progress, Duration patience) throws InterruptedException {
        Optional<Compressor> compressor = Compressor.of(to.compression(), memory, progress);
        Shipment shipment = new Shipment(cargo, supply, compressor, progress);
        try {
            if (!shipment.isStream()) { // a stream is waited for when there is a link
                Optional<Outcome> unusable = shipment.prepare();
                if (unusable.isPresent()) {
                    return unusable.get();
                }
            }
            Backoff backoff = new Backoff(patience, nanoTime);
            while (true) {
                Outcome outcome = attempt(shipment, backoff);
                supply.linkLost();
                if (outcome.canHeal() && shipment.isStream() && supply.isLeft()) {
                    outcome = shipment.leftBehind(outcome.bytesDone());
                }
                if (outcome instanceof Outcome.CommitUnknown unknown) {
                    return inquire(unknown, backoff, progress);
                }
                Optional<Duration> pause = outcome.canHeal() && supply.canGoOn() && isOut()
                        ? backoff.next(outcome.bytesDone(), outcome.comeBackAfter())
                        : Optional.empty();
                if (pause.isEmpty()) {
                    return shipment.ended(outcome);
                }
                progress.retrying(outcome, pause.get());
                supply.pause(pause.get());
                if (shipment.isStream() && supply.isLeft()) {
                    return shipment.ended(shipment.leftBehind(outcome.bytesDone()));
                }
            }
        } catch (IOException e) {
            return new Outcome.InputFailed(supply.input().name(), Reason.of(e));
        } finally {
            shipment.tally().ifPresent(progress::ended);
            supply.close();
            compressor.ifPresent(Compressor::close);
        }
    }

    /** Closes the link, if there is one, and ends the event loop. */
    @Override
    public void close() {
        dialer.close();
    }

    /** Whether the memory is nobody's else: whoever is interrupted does not wait for a link to be out of it. */
    private boolean isOut() {
        return last.map(SourceLink::isOut).orElse(true);
    }

    private Outcome attempt(Shipment shipment, Backoff backoff) throws IOException, InterruptedException {
        shipment.progress().update(Progress.Phase.CONNECTING, 0, shipment.input().size());
        WebSocketConnectOptions request = new WebSocketConnectOptions();
        Endpoint endpoint = to.endpoint();
        request.setHost(endpoint.name()).setPort(endpoint.port()).setSsl(endpoint.tls()).setURI(endpoint.link())
                .putHeader(HttpHeaders.HOST, endpoint.authority());
        request.addSubProtocol(Protocol.SUBPROTOCOL)
                // a browser's header: behind a proxy that ends TLS or renames the host, it is another one's
                .setAllowOriginHeader(false);
        to.trace().ifPresent(part -> {
            request.putHeader("traceparent", part.parent());
            if (!part.state().isEmpty()) {
                request.putHeader("tracestate", part.state());
            }
        });
        List<WebSocketClient> clients = new ArrayList<>();
        try {
            to.credentials().applyTo(request);
        } catch (IOException e) {
            return blame(shipment, new Outcome.NoLink(endpoint,
                    new Obstacle.Unreachable("what it is to be shown cannot be used now: " + Reason.of(e))));
        }
        try (SourceLink link = dialer.dial(to.address(), CONNECT_PATIENCE, time -> {
            WebSocketClient client = client(time);
            clients.add(client);
            // not Vert.x's own time-out for the upgrade: its timer, being the first and so numbered 0, is not cancelled,
            // and cuts the link when it is in full swing. A link that comes too late ends with its client
            return new Dialer.Attempt<>(dialer.onLoop(() -> client.connect(request)
                    .map(socket -> new SourceLink(dialer.vertx(), socket, nanoTime))), client::close);
        })) {
            last = Optional.of(link);
            Outcome outcome = transmit(link, shipment);
            backoff.linked(link.openedNanos(), link.heardNanos());
            return outcome;
        } catch (BlockedException e) {
            return blame(shipment, new Outcome.NoLink(endpoint, e.obstacle()));
        } finally {
            clients.forEach(WebSocketClient::close);
            if (isOut()) {
                shipment.supply().linkIsOut();
            }
        }
    }

    private Outcome inquire(Outcome.CommitUnknown unknown, Backoff backoff, Progress progress)
            throws InterruptedException {
        try (StatusClient client = new StatusClient(to)) {
            return new Inquiry(client, backoff, progress).of(unknown);
        }
    }

    private Outcome transmit(SourceLink link, Shipment shipment) throws IOException, InterruptedException {
        Transmission transmission = new Transmission(link, shipment);
        Optional<Outcome> ended = Optional.empty();
        if (!shipment.isAnnounced()) {
            ended = transmission.awaitInput();
            ended = ended.isPresent() ? ended : shipment.prepare();
        }
        return blame(shipment, ended.isPresent() ? ended.get() : transmission.run());
    }

    /**
     * The program that writes a stream comes first: where it failed, the link may have suffered from the same cause. But not behind the
     * last chunk, before which there was no flaw: what happens to the input since then changes nothing.
     */
    private static Outcome blame(Shipment shipment, Outcome outcome) throws IOException, InterruptedException {
        return outcome instanceof Outcome.Committed || !shipment.isStream() || shipment.isWhole()
                ? outcome
                : shipment.cargo().flaw().orElse(outcome);
    }

    /** One for each link, as it reads certificates once. */
    private WebSocketClient client(Duration time) {
        WebSocketClientOptions options = new WebSocketClientOptions()
                .setConnectTimeout((int) time.toMillis())
                // closed when the sidecar has said goodbye: it need not close it
                .setClosingTimeout(0)
                // an answer is a small text, and what is longer is none
                .setMaxFrameSize(JsonMessages.MAX_CONTROL_BYTES).setMaxMessageSize(JsonMessages.MAX_CONTROL_BYTES)
                // snapshots are compressed or encrypted already
                .setTryUsePerMessageCompression(false).setTryUsePerFrameCompression(false);
        to.credentials().applyTo(options);
        return dialer.vertx().createWebSocketClient(options);
    }
}
