package io.mirrorbootstrap.access;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Singleton;

import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

import io.netty.channel.Channel;
import io.netty.channel.ServerChannel;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.HttpServerStart;
import io.quarkus.vertx.http.HttpsServerStart;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;

/**
 * Looks at the ports where connections are accepted, on the event loops that accept: puts a {@link Door} into each new one before it is
 * bound, and each second lets {@link Strangers} cut those whose time is over. Vert.x has no event for the port of probes and metrics,
 * and no word for what stands before a connection is set up.
 */
@Singleton
class Ports {

    private static final Logger LOG = Logger.getLogger(Ports.class);

    private static final long LOOK_EVERY_MILLIS = 1000;

    /** Until the ports are open; on a busy machine the event for that comes long after. */
    private static final long FIRST_LOOKS_EVERY_NANOS = 1_000_000;

    /** How long an event loop may take to come to what it is asked for, when the process is ending. */
    private static final long PATIENCE_MILLIS = 1000;

    private final Vertx vertx;
    private final Strangers strangers;
    private final OwnConnections own;
    private final Duration delay;
    private final int mostOfARequest;
    private volatile boolean isOpening = true;
    private final List<ScheduledFuture<?>> rounds = new ArrayList<>(); // start and end only
    private final Set<InetSocketAddress> addresses = ConcurrentHashMap.newKeySet();

    Ports(Vertx vertx, Strangers strangers, OwnConnections own,
            @ConfigProperty(name = "quarkus.shutdown.delay") Optional<Duration> delay,
            @ConfigProperty(name = "quarkus.http.limits.max-header-size") MemorySize headers,
            @ConfigProperty(name = "quarkus.management.limits.max-header-size") MemorySize managementHeaders) {
        this.vertx = vertx;
        this.strangers = strangers;
        this.own = own;
        this.delay = delay.orElse(Duration.ZERO);
        this.mostOfARequest = TlsRecords.mostOfARequest( // nobody says which port is which
                Math.max(headers.asLongValue(), managementHeaders.asLongValue()));
    }

    /** Where connections are accepted, or were. Any thread. */
    Set<InetSocketAddress> addresses() {
        return Set.copyOf(addresses);
    }

    /** Ports are opened in the next moments. */
    void start(@Observes StartupEvent event) {
        for (EventExecutor loop : acceptors()) {
            loop.execute(() -> lookWhileOpening((SingleThreadEventLoop) loop));
            rounds.add(loop.scheduleAtFixedRate(() -> look((SingleThreadEventLoop) loop), LOOK_EVERY_MILLIS,
                    LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS));
        }
    }

    /**
     * A look at the end of each round of the loop, as there is always such a task when one begins. A round first accepts, and then runs
     * its tasks, of which one binds a port: so nobody is accepted before there is a door.
     */
    private void lookWhileOpening(SingleThreadEventLoop loop) {
        if (isOpening(loop)) {
            loop.executeAfterEventLoopIteration(() -> {
                look(loop);
                LockSupport.parkNanos(FIRST_LOOKS_EVERY_NANOS); // nobody else has this thread, which accepts connections alone
                if (isOpening(loop)) {
                    loop.execute(() -> lookWhileOpening(loop));
                }
            });
        }
    }

    /** Where a wrong value stops the start, the loop ends, and no event says so. */
    private boolean isOpening(SingleThreadEventLoop loop) {
        return isOpening && !loop.isShuttingDown();
    }

    /**
     * Last of all: links have ended, and behind the delay that may be set the ports close. Before that Vert.x takes the event loops
     * away from them, and Netty would log each connection that still comes, with a stack trace. It is done where connections are
     * accepted, so that none is half accepted by then.
     */
    void shut(@Observes @Priority(Integer.MAX_VALUE) ShutdownDelayInitiatedEvent event) throws InterruptedException {
        List<ScheduledFuture<?>> shutting = new ArrayList<>();
        for (EventExecutor loop : acceptors()) {
            shutting.add(loop.schedule(strangers::shut, delay.toNanos(), TimeUnit.NANOSECONDS));
        }
        for (ScheduledFuture<?> each : shutting) {
            if (delay.isZero()) {
                each.await(PATIENCE_MILLIS);
            }
        }
    }

    void end(@Observes ShutdownEvent event) {
        isOpening = false;
        rounds.forEach(each -> each.cancel(false));
    }

    void opened(@ObservesAsync HttpServerStart event) {
        allAreOpenSoon();
    }

    void opened(@ObservesAsync HttpsServerStart event) {
        allAreOpenSoon();
    }

    /** Of the management port there is no event, but it is opened at about the same time. */
    private void allAreOpenSoon() {
        vertx.setTimer(LOOK_EVERY_MILLIS, id -> isOpening = false);
    }

    private Iterable<EventExecutor> acceptors() {
        return ((VertxInternal) vertx).getAcceptorEventLoopGroup();
    }

    private void look(SingleThreadEventLoop loop) {
        try {
            for (Iterator<Channel> all = loop.registeredChannelsIterator(); all.hasNext();) {
                Channel each = all.next();
                if (each instanceof ServerChannel port) {
                    if (port.pipeline().get(Door.class) == null) {
                        port.pipeline().addFirst(new Door(strangers, own, mostOfARequest));
                    }
                    if (port.localAddress() instanceof InetSocketAddress address) {
                        addresses.add(address); // at another look than that of its door: then it may not be bound yet
                    }
                }
            }
            strangers.cutOverdue();
        } catch (RuntimeException | Error e) {
            // a round that throws would be the last
            LOG.error("connections of strangers could not be looked at, until the next look", e);
        }
    }
}
