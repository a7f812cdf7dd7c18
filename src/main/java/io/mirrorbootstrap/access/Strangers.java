package io.mirrorbootstrap.access;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.ObservesAsync;

import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.snapshot.Text;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.vertx.http.HttpServerStart;
import io.quarkus.vertx.http.HttpsServerStart;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.impl.VertxInternal;

/**
 * Bounds the connections of all ports where they are accepted, before anything is allocated for them: Vert.x and Quarkus
 * count them only when their TLS handshake is done. A connection is a stranger's until a request on it is let in. When a port
 * has too many strangers, the one that has been silent longest is cut, not the newest refused: a place cannot be held by saying
 * nothing, or little, and a probe finds one. What such a connection has sent is not read any more: handshakes cost most. One that
 * waits for its answer is not silent: the sidecar is. Where all of them wait for answers, whoever comes waits in the kernel.
 * <p>
 * Any thread. What concerns the ports themselves is done on the event loops that accept.
 */
@ApplicationScoped
class Strangers {

    private static final Logger LOG = Logger.getLogger(Strangers.class);

    /** How long a stranger may take from being accepted until it has asked something. */
    private static final long ASK_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(10);

    /**
     * How long a stranger that has asked something is not cut for others, as it waits for its answer and takes what comes of it: answers take
     * longer than it takes others to come.
     */
    private static final long ANSWER_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(2);

    /**
     * How much a stranger may send without asking something, in bytes as they come: a handshake with certificates, 16 requests. What is
     * tiny costs most, as records of TLS, chunks of a body, or requests for what is no path, and nobody behind counts it.
     */
    private static final int UNASKED_BYTES = 128 * 1024;

    private static final long LOOK_EVERY_MILLIS = 1000;

    /** Whoever knocks without end must not fill the log. */
    private static final long TELL_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    /**
     * Of all places, one in so many is for strangers alone, a probe among them, and as many for those that are cut, until they
     * are closed.
     */
    private static final int RESERVED = 12;

    /** Of all places, one in so many may be strangers' of one port: those of others, and who is let in, have the rest. */
    private static final int STRANGERS = 3;

    /** The first byte of a TLS record of that kind. */
    private static final byte TLS_HANDSHAKE = 0x16;

    private final Vertx vertx;
    private final int maxOpen;
    private final int maxStrangers;
    private final int maxKnown;
    private final int maxSteady;
    private final Counter cut;
    private final List<ScheduledFuture<?>> rounds = new ArrayList<>();

    // all guarded by this
    private int open;
    private final Map<Channel, Stranger> strangers = new LinkedHashMap<>(); // the longest silent first
    private final Map<Channel, Stranger> sentenced = new HashMap<>(); // cut, unless they ask something before their event loop does it
    private int known;
    private final Map<String, Integer> knownOf = new HashMap<>(); // of each caller
    private final Set<InetSocketAddress> ports = new HashSet<>();
    private final Map<Integer, CompletableFuture<Void>> expected = new HashMap<>();
    private long tellAgainNanos = System.nanoTime();

    Strangers(Vertx vertx, MeterRegistry metrics,
            @ConfigProperty(name = "quarkus.http.limits.max-connections") OptionalInt maxConnections) {
        this.vertx = vertx;
        this.maxOpen = maxConnections.isPresent() && maxConnections.getAsInt() > 0
                ? maxConnections.getAsInt()
                : Integer.MAX_VALUE; // as Quarkus understands it
        this.maxStrangers = Math.max(1, maxOpen / STRANGERS);
        int reserved = Math.max(1, maxOpen / RESERVED);
        this.maxSteady = maxOpen - reserved;
        this.maxKnown = Math.max(1, maxSteady - reserved);
        this.cut = Counter.builder("mirror.bootstrap.connections.cut")
                .description("connections cut or refused, as too many were open on which nobody had been let in")
                .register(metrics);
    }

    void start(@Observes StartupEvent event) {
        for (EventExecutor loop : acceptors()) {
            rounds.add(loop.scheduleAtFixedRate(() -> look((SingleThreadEventLoop) loop), LOOK_EVERY_MILLIS,
                    LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS));
        }
    }

    void end(@Observes ShutdownEvent event) {
        rounds.forEach(each -> each.cancel(false));
    }

    void opened(@ObservesAsync HttpServerStart event) {
        lookNow();
    }

    void opened(@ObservesAsync HttpsServerStart event) {
        lookNow();
    }

    /** Of the management port there is no event: the next look finds it. */
    private void lookNow() {
        for (EventExecutor loop : acceptors()) {
            loop.execute(() -> look((SingleThreadEventLoop) loop));
        }
    }

    private Iterable<EventExecutor> acceptors() {
        return ((VertxInternal) vertx).getAcceptorEventLoopGroup();
    }

    /** Somebody asks something over {@code connection}, of which {@link #answered} tells the end. Its event loop only. */
    synchronized void asked(HttpConnection connection) {
        Channel channel = Connections.channel(connection);
        boolean wasToBeCut = sentenced.containsKey(channel);
        Stranger stranger = (wasToBeCut ? sentenced : strangers).remove(channel);
        if (stranger != null) {
            stranger.hasAsked = true;
            stranger.answering++;
            stranger.unaskedBytes = 0;
            stranger.sinceNanos = System.nanoTime();
            strangers.put(stranger.channel, stranger); // the last now
            if (wasToBeCut) {
                stranger.isCut = false;
                stranger.door.strangers++;
                stranger.door.cutIfTooMany(); // another in its place
                stranger.door.goOnIfRested();
            }
        }
    }

    /** What was asked over {@code connection} has its answer, or never gets one. Any thread. */
    synchronized void answered(HttpConnection connection) {
        Channel channel = Connections.channel(connection);
        Stranger stranger = strangers.getOrDefault(channel, sentenced.get(channel));
        if (stranger != null && stranger.answering > 0) {
            stranger.answering--;
            stranger.door.goOnIfRested();
        }
    }

    /**
     * Who asks over {@code connection} is let in: it is not cut any more, so far as there are places for such. Its event
     * loop only.
     *
     * @param caller tells it apart from others: one of them gets half of these places at most
     */
    synchronized void letIn(HttpConnection connection, Optional<String> caller) {
        Stranger stranger = strangers.get(Connections.channel(connection));
        if (stranger != null) {
            stranger.isLetIn = true;
        }
        if (stranger != null && known < maxKnown && mayHaveMore(caller)) {
            caller.ifPresent(id -> knownOf.merge(id, 1, Integer::sum));
            stranger.caller = caller;
            strangers.remove(stranger.channel);
            stranger.door.strangers--;
            stranger.door.unknown--;
            stranger.isKnown = true;
            known++;
            stranger.channel.pipeline().remove(stranger);
        }
    }

    private boolean mayHaveMore(Optional<String> caller) {
        return caller.isEmpty() || knownOf.getOrDefault(caller.get(), 0) < Math.max(1, maxKnown / 2);
    }

    /** Where connections are accepted, or were. */
    synchronized Set<InetSocketAddress> ports() {
        return Set.copyOf(ports);
    }

    /**
     * A connection from {@code port} of this machine to itself is on the way: it is closed where it is accepted, whatever else
     * is open.
     *
     * @return done when it has been accepted
     */
    synchronized CompletableFuture<Void> expect(int port) {
        return expected.computeIfAbsent(port, any -> new CompletableFuture<>());
    }

    /** It is not waited for any more. */
    synchronized void forget(int port) {
        expected.remove(port);
    }

    /** The acceptor's: finds ports that are new, and strangers that have had their time. */
    private void look(SingleThreadEventLoop loop) {
        try {
            for (Iterator<Channel> all = loop.registeredChannelsIterator(); all.hasNext();) {
                Channel each = all.next();
                if (each instanceof ServerChannel && each.pipeline().get(Door.class) == null) {
                    each.pipeline().addFirst(new Door());
                    if (each.localAddress() instanceof InetSocketAddress address) {
                        add(address);
                    }
                }
            }
            cutOverdue();
        } catch (RuntimeException | Error e) {
            LOG.error("connections of strangers could not be looked at, until the next look", e); // else it were the last
        }
    }

    private synchronized void add(InetSocketAddress address) {
        ports.add(address);
    }

    private synchronized void cutOverdue() {
        long now = System.nanoTime();
        List<Stranger> overdue = new ArrayList<>();
        for (Stranger each : strangers.values()) {
            if (now - each.sinceNanos < ASK_WITHIN_NANOS) {
                break; // nor are those behind it
            }
            if (!each.hasAsked) {
                overdue.add(each);
            }
        }
        overdue.forEach(this::cut);
        strangers.values().stream().map(each -> each.door).distinct().toList().forEach(Door::goOnIfRested); // as time has passed
    }

    /**
     * Takes {@code accepted} in, and cuts another for it where that is needed.
     *
     * @return whether there is a place for it
     */
    private synchronized boolean takeIn(Channel accepted, Door door) {
        if (open >= maxOpen) {
            tellOfTooMany();
            return false;
        }
        Stranger stranger = new Stranger(accepted, door);
        accepted.pipeline().addLast(stranger);
        open++;
        door.unknown++;
        door.strangers++;
        accepted.closeFuture().addListener(closed -> gone(stranger));
        if (door.hasTooMany()) {
            tellOfTooMany();
            door.cutIfTooMany(); // another: this one has had no time to say anything, nor an event loop to be cut on
        }
        door.restIfNeeded();
        strangers.put(accepted, stranger);
        return true;
    }

    private synchronized void gone(Stranger stranger) {
        if (stranger.isGone) {
            return;
        }
        stranger.isGone = true;
        open--;
        if (stranger.isKnown) {
            known--;
            stranger.caller.ifPresent(id -> knownOf.computeIfPresent(id, (same, n) -> n == 1 ? null : n - 1));
        } else {
            stranger.door.unknown--;
        }
        if (strangers.remove(stranger.channel) != null) {
            stranger.door.strangers--;
        }
        sentenced.remove(stranger.channel);
        stranger.door.goOnIfRested();
    }

    /**
     * Its event loop does it: what it has asked before that counts. One that has not been heard yet, as its event loop is busy, is
     * heard first: it may be a probe.
     */
    private void cut(Stranger stranger) {
        strangers.remove(stranger.channel);
        sentenced.put(stranger.channel, stranger);
        stranger.door.strangers--;
        stranger.isCut = true;
        try {
            EventLoop loop = stranger.channel.eventLoop();
            loop.execute(stranger.isHeard
                    ? () -> closeUnlessAsked(stranger)
                    // from there, because what is due when the loop comes to it is done before it reads
                    : () -> loop.schedule(() -> closeUnlessAsked(stranger), 1, TimeUnit.MILLISECONDS));
        } catch (IllegalStateException e) {
            stranger.channel.unsafe().closeForcibly(); // it has got no event loop, and tells nobody of its end
            gone(stranger);
        }
    }

    private void closeUnlessAsked(Stranger stranger) {
        boolean hasAsked;
        synchronized (this) {
            hasAsked = sentenced.remove(stranger.channel) == null;
        }
        if (!hasAsked) {
            Connections.cut(stranger.channel);
        }
    }

    private void tellOfTooMany() {
        cut.increment();
        if (mayTell()) {
            LOG.warnf("%d connections are open, and on %d of them nobody has been let in: the longest silent are cut "
                    + "(%.0f so far)", open, strangers.size(), cut.count());
        }
    }

    private synchronized void tellOfFailure(Throwable failure) {
        if (mayTell()) {
            LOG.errorf("a connection could not be accepted, %d are open: %s", open, Text.readable(failure.toString()));
        }
    }

    private boolean mayTell() {
        long now = System.nanoTime();
        boolean isTime = now - tellAgainNanos >= 0;
        tellAgainNanos = isTime ? now + TELL_EVERY_NANOS : tellAgainNanos;
        return isTime;
    }

    private synchronized Optional<CompletableFuture<Void>> takeExpected(Channel accepted) {
        return !expected.isEmpty() && accepted.remoteAddress() instanceof InetSocketAddress from
                && accepted.localAddress() instanceof InetSocketAddress to
                && from.getAddress().equals(to.getAddress()) // of this machine itself
                        ? Optional.ofNullable(expected.remove(from.getPort()))
                        : Optional.empty();
    }

    /** A connection, and what stands first in its pipeline until it is let in. */
    private static final class Stranger extends ChannelInboundHandlerAdapter {

        private final Channel channel;
        private final Door door;

        // guarded by Strangers
        private long sinceNanos = System.nanoTime();
        private boolean hasAsked;
        private int answering; // what it has asked that has no answer yet
        private boolean isKnown;
        private boolean isGone;
        private Optional<String> caller = Optional.empty(); // once it is known

        private volatile boolean isCut;
        private volatile boolean isHeard;

        // its event loop only
        private long unaskedBytes;
        private boolean isLetIn; // though there may be no place for it among those that are known

        Stranger(Channel channel, Door door) {
            this.channel = channel;
            this.door = door;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            boolean isFirst = !isHeard;
            isHeard = true;
            if (!isLetIn && message instanceof ByteBuf bytes) {
                unaskedBytes += bytes.readableBytes();
                if (unaskedBytes > UNASKED_BYTES && !isCut) {
                    door.hasHeardTooMuch(this);
                }
            }
            if (isCut && !(isFirst && message instanceof ByteBuf bytes && !isHandshake(bytes))) {
                ReferenceCountUtil.release(message);
            } else {
                context.fireChannelRead(message);
            }
        }

        /** It reads its answer no more, or again. */
        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            door.goOn();
            context.fireChannelWritabilityChanged();
        }

        /** One that does not read its answer, or gets none, is as one that says nothing. */
        boolean waitsForItsAnswer() {
            return answering > 0 && channel.isWritable() && System.nanoTime() - sinceNanos < ANSWER_WITHIN_NANOS;
        }

        /** Of TLS, which costs most. */
        private static boolean isHandshake(ByteBuf bytes) {
            return bytes.isReadable() && bytes.getByte(bytes.readerIndex()) == TLS_HANDSHAKE;
        }
    }

    /** Stands in a port's pipeline before what sets connections up. */
    private final class Door extends ChannelInboundHandlerAdapter {

        // guarded by Strangers
        private int strangers; // of this port, which are not cut
        private int unknown; // those, and those that are cut and not closed yet
        private boolean rests;
        private Channel port;

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            port = context.channel();
        }

        void hasHeardTooMuch(Stranger stranger) {
            synchronized (Strangers.this) {
                if (Strangers.this.strangers.containsKey(stranger.channel)) {
                    cut.increment();
                    Strangers.this.cut(stranger);
                }
            }
        }

        /** As with no descriptor left: it is tried again in a while, and said now and then. */
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
            if (!(failure instanceof IOException)) {
                context.fireExceptionCaught(failure);
                return;
            }
            port.config().setAutoRead(false);
            port.eventLoop().schedule(this::goOnAfterFailure, LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
            tellOfFailure(failure);
        }

        private void goOnAfterFailure() {
            synchronized (Strangers.this) {
                port.config().setAutoRead(!rests);
            }
        }

        void goOn() {
            synchronized (Strangers.this) {
                goOnIfRested();
            }
        }

        boolean hasTooMany() {
            return strangers > maxStrangers || open > maxSteady && strangers > 1;
        }

        /** The one that has been silent longest, if there is one that is silent. */
        void cutIfTooMany() {
            if (hasTooMany()) {
                silent().ifPresent(Strangers.this::cut);
            }
        }

        private Optional<Stranger> silent() {
            return Strangers.this.strangers.values().stream()
                    .filter(each -> each.door == this && !each.waitsForItsAnswer()).findFirst();
        }

        /** Whoever comes waits in the kernel, and is not refused, while others are being answered, or closed as they were cut. */
        void restIfNeeded() {
            if (!rests && (unknown - strangers > maxStrangers / 2 || hasTooMany() && silent().isEmpty())) {
                rests = true;
                port.config().setAutoRead(false);
            }
        }

        void goOnIfRested() {
            if (rests && unknown - strangers <= maxStrangers / 4 && !(hasTooMany() && silent().isEmpty())) {
                rests = false;
                port.config().setAutoRead(true);
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            Channel accepted = (Channel) message;
            Optional<CompletableFuture<Void>> own = takeExpected(accepted);
            if (own.isPresent()) {
                accepted.unsafe().closeForcibly();
                own.get().complete(null);
            } else if (takeIn(accepted, this)) {
                context.fireChannelRead(accepted);
            } else {
                accepted.unsafe().closeForcibly();
            }
        }
    }
}
