package io.mirrorbootstrap.link;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

import org.jboss.logging.Logger;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.Startup;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;

/** All links that are open, and their end when the process is asked to end. Any thread. */
@Singleton
@Startup // its meter is there before the first link is
class Links {

    private static final Logger LOG = Logger.getLogger(Links.class);

    /** How long transfers may take to become durable; Kubernetes asks once and then kills. */
    private static final Duration PATIENCE = Duration.ofSeconds(7);

    private final int maxLinks;
    private final int maxLinksPerCaller;
    private final boolean readByWorkers;
    private final Vertx vertx;
    /** Guarded by this. */
    private int taken;
    /** Of each caller that is told apart. Guarded by this. */
    private final Map<String, Integer> takenBy = new HashMap<>();
    private final Map<Link, Place> open = new ConcurrentHashMap<>();
    private volatile boolean ending;

    Links(LinkLimits limits, MeterRegistry metrics, Vertx vertx) {
        this.readByWorkers = limits.readByWorkers();
        this.vertx = vertx;
        this.maxLinks = limits.maxLinks();
        this.maxLinksPerCaller = limits.maxLinksPerCaller();
        Gauge.builder("mirror.bootstrap.links", open, Map::size).description("links that are open").register(metrics);
    }

    /** Which way links are read: the slower one is not taken in silence. */
    void start(@Observes StartupEvent event) {
        LOG.infof("links are read by %s", !readByWorkers
                ? "the event loop (mirror-bootstrap.read-by-workers)"
                : vertx.isNativeTransportEnabled()
                        ? "the event loop, because Netty's native transport is on"
                        : "workers, those with TLS by the event loop");
    }

    /** Whether the process is ending: no link is taken any more. */
    boolean isEnding() {
        return ending;
    }

    /**
     * One of the places that links may take: by a socket, as long as that is open, and by its link, as long as that has work. The link
     * may end first, when its source keeps the socket; or last, when the disk is waited for, and then it must not make room for
     * others without end. Any thread.
     */
    final class Place {

        private final Optional<String> caller;
        // guarded by Links
        private boolean hasSocket = true;
        private boolean hasLink;

        private Place(Optional<String> caller) {
            this.caller = caller;
        }

        /** The socket is closed, or will not be a link's. */
        void socketGone() {
            synchronized (Links.this) {
                giveBackUnless(hasSocket, hasLink);
                hasSocket = false;
            }
        }

        private void linkOpened() {
            synchronized (Links.this) {
                if (!hasSocket) {
                    take(); // the socket has given it back, before there was a link
                }
                hasLink = true;
            }
        }

        private void linkClosed() {
            synchronized (Links.this) {
                giveBackUnless(hasLink, hasSocket);
                hasLink = false;
            }
        }

        /** @param leaves whether the one that leaves has held it until now */
        private void giveBackUnless(boolean leaves, boolean otherHolds) {
            if (leaves && !otherHolds) {
                assert taken > 0 : "a place that nobody has taken";
                taken--;
                caller.ifPresent(id -> takenBy.computeIfPresent(id, (same, n) -> n == 1 ? null : n - 1));
            }
        }

        private void take() {
            taken++;
            caller.ifPresent(id -> takenBy.merge(id, 1, Integer::sum));
        }
    }

    /** There is no place. */
    static final class NoPlace extends Exception {

        private NoPlace(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Takes a place for a link that is about to be opened; the socket holds it.
     *
     * @param caller whose the link is, where callers are told apart
     * @throws NoPlace saying which limit is reached
     */
    synchronized Place takePlace(Optional<String> caller) throws NoPlace {
        if (caller.filter(id -> takenBy.getOrDefault(id, 0) >= maxLinksPerCaller).isPresent()) {
            throw new NoPlace("there are " + maxLinksPerCaller + " links of this caller, it may have no more open "
                    + "(mirror-bootstrap.max-links-per-caller)");
        } else if (taken >= maxLinks) {
            throw new NoPlace("there are " + maxLinks + " links, no more may be open (mirror-bootstrap.max-links)");
        }
        Place place = new Place(caller);
        place.take();
        return place;
    }

    /** @param place which the link holds, too, until it has {@link #closed} */
    void opened(Link link, Place place) {
        place.linkOpened();
        open.put(link, place);
        if (ending) {
            link.shutDown();
        }
    }

    /** The transfers of {@code link} have ended or wait, and its source has been told. */
    void closed(Link link) {
        Optional.ofNullable(open.remove(link)).ifPresent(Place::linkClosed);
        synchronized (this) {
            notifyAll();
        }
    }

    /**
     * Not at ShutdownEvent: by then the port, and with it every link, is closed.
     * <p>
     * Blocks until what was received is durable and the sources have been told, or patience is at its end. */
    void end(@Observes ShutdownDelayInitiatedEvent event) throws InterruptedException {
        ending = true;
        List<Link> links = List.copyOf(open.keySet());
        if (links.isEmpty()) {
            return;
        }
        LOG.infof("shutting down: closing %d links, what was received of opened transfers is kept", links.size());
        links.forEach(Link::shutDown);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        synchronized (this) {
            while (!open.isEmpty() && System.nanoTime() < deadline) {
                TimeUnit.NANOSECONDS.timedWait(this, deadline - System.nanoTime());
            }
        }
        if (!open.isEmpty()) {
            LOG.warnf("shutting down: %d links have not become durable in %d seconds, their sources will send again "
                    + "what came after the last checkpoint", open.size(), PATIENCE.toSeconds());
            open.keySet().forEach(Link::sayGoodbye);
        }
    }
}
