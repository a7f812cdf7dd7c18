package io.mirrorbootstrap.link;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

import org.jboss.logging.Logger;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.Startup;

/** All links that are open, and their end when the process is asked to end. Any thread. */
@Singleton
@Startup // its meter is there before the first link is
class Links {

    private static final Logger LOG = Logger.getLogger(Links.class);

    /** How long transfers may take to become durable; Kubernetes asks once and then kills. */
    private static final Duration PATIENCE = Duration.ofSeconds(7);

    private final Semaphore places;
    private final Set<Link> open = ConcurrentHashMap.newKeySet();
    private volatile boolean ending;

    Links(LinkLimits limits, MeterRegistry metrics) {
        this.places = new Semaphore(limits.maxLinks());
        Gauge.builder("mirror.bootstrap.links", open, Set::size).description("links that are open").register(metrics);
    }

    /** Whether the process is ending: no link is taken any more. */
    boolean isEnding() {
        return ending;
    }

    /** One of the places that links may take. Any thread. */
    static final class Place {

        private final Semaphore places;
        private final AtomicBoolean taken = new AtomicBoolean(true);

        private Place(Semaphore places) {
            this.places = places;
        }

        /** Gives it back, the first time that this is called. */
        void giveBack() {
            if (taken.compareAndSet(true, false)) {
                places.release();
            }
        }
    }

    /** Takes a place for a link that is about to be opened, if there is one; it is taken as long as the socket is there. */
    Optional<Place> takePlace() {
        return places.tryAcquire() ? Optional.of(new Place(places)) : Optional.empty();
    }

    void opened(Link link) {
        open.add(link);
        if (ending) {
            link.shutDown();
        }
    }

    /** The transfers of {@code link} have ended or wait, and its source has been told. */
    void closed(Link link) {
        open.remove(link);
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
        List<Link> links = List.copyOf(open);
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
            open.forEach(Link::sayGoodbye);
        }
    }
}
