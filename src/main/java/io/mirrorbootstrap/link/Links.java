package io.mirrorbootstrap.link;

import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

import org.jboss.logging.Logger;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.mirror.OpenLinks;
import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.Startup;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;

/** All links that are open, and their end when the process is asked to end. Any thread. */
@Singleton
@Startup // its meter is there before the first link is
class Links implements OpenLinks {

    private static final Logger LOG = Logger.getLogger(Links.class);

    /** How long transfers may take to become durable; Kubernetes asks once and then kills. */
    private static final Duration PATIENCE = Duration.ofSeconds(7);

    private final int maxLinks;
    private final int maxLinksPerCaller;
    private final boolean readByWorkers;
    private final Vertx vertx;
    private final Callers callers;
    /** The places that are taken, the newest last. Guarded by this. */
    private final Set<Place> taken = new LinkedHashSet<>();
    /** The places whose links end for others, which have them now. Guarded by this. */
    private final Set<Place> givenUp = new HashSet<>();
    private final Map<Link, Place> open = new ConcurrentHashMap<>();
    private volatile boolean ending;

    Links(LinkLimits limits, MeterRegistry metrics, Vertx vertx, Callers callers) {
        this.callers = callers;
        this.readByWorkers = limits.readByWorkers();
        this.vertx = vertx;
        this.maxLinks = limits.maxLinks();
        this.maxLinksPerCaller = limits.maxLinksPerCaller();
        Gauge.builder("mirror.bootstrap.links", this, Links::now).description("links that are open").register(metrics);
    }

    /** Which way links are read: the slower one is not taken in silence. */
    void start(@Observes StartupEvent event) {
        LOG.infof("links are read by %s", !readByWorkers
                ? "the event loop (mirror-bootstrap.read-by-workers)"
                : vertx.isNativeTransportEnabled()
                        ? "the event loop, because Netty's native transport is on"
                        : "workers");
    }

    @Override
    public int now() {
        return open.size();
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

        private final CallerId caller;
        // guarded by Links
        private boolean hasSocket = true;
        private Optional<Link> link = Optional.empty();
        /** Another link has this place, while the one that had it ends. */
        private boolean isGivenUp;

        private Place(CallerId caller) {
            this.caller = caller;
        }

        /** The socket is closed, or will not be a link's. */
        void socketGone() {
            synchronized (Links.this) {
                hasSocket = false;
                count();
            }
        }

        private void linkOpened(Link opened) {
            synchronized (Links.this) {
                link = Optional.of(opened); // the socket may have given the place back, before there was a link
                count();
            }
        }

        private void linkClosed() {
            synchronized (Links.this) {
                link = Optional.empty();
                count();
            }
        }

        private void count() {
            assert Thread.holdsLock(Links.this);
            Set<Place> counted = isGivenUp ? givenUp : taken;
            if (hasSocket || link.isPresent()) {
                counted.add(this);
            } else {
                counted.remove(this);
            }
        }

        private Link giveUp() {
            assert Thread.holdsLock(Links.this) && taken.contains(this);
            isGivenUp = true;
            taken.remove(this);
            count();
            return link.orElseThrow();
        }
    }

    /** There is no place. */
    static final class NoPlace extends Exception {

        private NoPlace(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Takes a place for a link that is about to be opened; the socket holds it. Where all are taken, and another caller has more than its
     * share, because it was alone, its newest link ends for this one. While such links end they are counted apart, and there are no more
     * of them than links may be open.
     *
     * @param caller whose the link is
     * @throws NoPlace saying which limit is reached
     */
    Place takePlace(CallerId caller) throws NoPlace {
        Optional<Link> over = Optional.empty();
        Place place = new Place(caller);
        synchronized (this) {
            ToldApart apart = callers.now();
            if (apart.sharesBind() && ofCaller(caller, apart).count() >= maxLinksPerCaller) {
                throw new NoPlace("there are " + maxLinksPerCaller + " links of this caller, it may have no more open "
                        + "(mirror-bootstrap.max-links-per-caller)");
            } else if (taken.size() >= maxLinks) {
                over = overShare(caller, apart).map(Place::giveUp);
                if (over.isEmpty()) {
                    throw new NoPlace(
                            "there are " + maxLinks + " links, no more may be open (mirror-bootstrap.max-links)");
                }
            }
            place.count();
        }
        over.ifPresent(
                link -> link.makeRoom("another caller needs the place, this one has more than " + maxLinksPerCaller
                        + " links: come back later"));
        return place;
    }

    private Stream<Place> ofCaller(CallerId caller, ToldApart apart) {
        assert Thread.holdsLock(this);
        return taken.stream().filter(each -> apart.isSame(each.caller, caller));
    }

    /** The newest link of a caller that has more than its share, other than {@code newcomer}. */
    private Optional<Place> overShare(CallerId newcomer, ToldApart apart) {
        assert Thread.holdsLock(this);
        if (givenUp.size() >= maxLinks) { // the disk does not let them end
            return Optional.empty();
        }
        Map<String, Long> counts = taken.stream()
                .collect(Collectors.groupingBy(each -> apart.name(each.caller), Collectors.counting()));
        return taken.stream().filter(each -> each.link.isPresent() && !apart.isSame(each.caller, newcomer)
                && counts.get(apart.name(each.caller)) > maxLinksPerCaller).reduce((older, newer) -> newer);
    }

    /** @param place which the link holds, too, until it has {@link #closed} */
    void opened(Link link, Place place) {
        place.linkOpened(link);
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
