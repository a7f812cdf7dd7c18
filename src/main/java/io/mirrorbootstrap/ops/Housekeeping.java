package io.mirrorbootstrap.ops;

import java.time.Duration;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.snapshot.Retention;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;

/** Removes transfers whose source does not come back. */
@ApplicationScoped
class Housekeeping {

    private static final Logger LOG = Logger.getLogger(Housekeeping.class);

    private static final Duration SELDOM = Duration.ofHours(1);
    private static final Duration OFTEN = Duration.ofSeconds(1);
    private static final int LOOKS_PER_RETENTION = 10;

    private final Mirrors mirrors;
    private final Retention retention;
    private final Rounds rounds;

    Housekeeping(Mirrors mirrors, MirrorSettings settings, Vertx vertx) {
        this.mirrors = mirrors;
        this.retention = new Retention(settings.partialRetention(), settings.streamRetention());
        this.rounds = new Rounds(vertx, "transfers whose sources do not come back could not be looked for",
                this::round);
    }

    /** Last of all: the first round is at once, and what an earlier process left must be known by then. */
    void start(@Observes @Priority(Integer.MAX_VALUE) StartupEvent event) {
        Duration tenth = retention.shorter().dividedBy(LOOKS_PER_RETENTION);
        Duration every = tenth.compareTo(SELDOM) > 0 ? SELDOM : tenth.compareTo(OFTEN) < 0 ? OFTEN : tenth;
        rounds.begin(every);
    }

    /** Last of all: links have ended, and the time that the end may take is already limited. */
    void end(@Observes @Priority(Integer.MAX_VALUE) ShutdownEvent event) {
        rounds.end();
        mirrors.makeDurable();
    }

    private void round() {
        int expired = mirrors.keepHouse(retention);
        if (expired > 0) {
            LOG.infof("removed %d transfers whose sources have not come back for %s, of streams for %s", expired,
                    retention.ofFiles(), retention.ofStreams());
        }
    }
}
