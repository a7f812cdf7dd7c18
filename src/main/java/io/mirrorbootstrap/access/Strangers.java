package io.mirrorbootstrap.access;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;

import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;

/**
 * The register of connections on which nobody is let in yet. It bounds the connections of all ports where they are accepted, before
 * anything is allocated for them: Vert.x and Quarkus count a connection only when its TLS handshake is done.
 * <p>
 * A connection is a stranger until a request on it is let in. When a port has too many strangers, the one that has been silent for
 * the longest time is cut, and the newest is not refused: so nobody holds a place by saying nothing, or little, and a probe finds
 * a place. A stranger that is to be cut is not read any more, because handshakes cost most. A stranger that waits for its answer is not
 * silent: the sidecar is. Where all strangers wait for answers, the port rests, and the next connection waits in the kernel.
 * <p>
 * Each stranger is in one of these states, under the one lock that this object is:
 * <ul>
 * <li>in {@code strangers}: counts at its {@link Door}, may be cut;</li>
 * <li>in {@code sentenced}: its event loop is about to cut it, unless it asks something before that;</li>
 * <li>in neither: it is known, or its event loop closes it.</li>
 * </ul>
 * Any thread.
 */
@Singleton
class Strangers {

    private static final Logger LOG = Logger.getLogger(Strangers.class);

    /** How long a stranger may take from being accepted until it has asked something. */
    static final long ASK_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Connections without end must not fill the log. */
    private static final long TELL_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final LongSupplier nanoTime;
    private final Counter cut;

    // all guarded by this
    private final Places places;
    private final Map<Channel, Stranger> strangers = new LinkedHashMap<>(); // the longest silent first
    private final Map<Channel, Stranger> sentenced = new HashMap<>();
    private final Set<Door> resting = new LinkedHashSet<>();
    private long tellAgainNanos;
    private boolean isShut;

    @Inject
    Strangers(MeterRegistry metrics,
            @ConfigProperty(name = "quarkus.http.limits.max-connections") OptionalInt maxConnections) {
        this(maxConnections.isPresent() && maxConnections.getAsInt() > 0
                ? maxConnections.getAsInt()
                : Integer.MAX_VALUE, // as Quarkus understands it
                metrics, System::nanoTime);
    }

    Strangers(int maxOpen, MeterRegistry metrics, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.places = new Places(maxOpen);
        this.tellAgainNanos = nanoTime.getAsLong();
        this.cut = Counter.builder("mirror.bootstrap.connections.cut")
                .description("connections cut or refused, as too many were open on which nobody had been let in")
                .register(metrics);
    }

    /**
     * Takes {@code accepted} in, and cuts another stranger for it where that is needed.
     *
     * @return whether there is a place for it
     */
    synchronized boolean takeIn(Channel accepted, Door door) {
        if (isShut) {
            return false;
        } else if (!places.take()) {
            tellOfTooMany();
            return false;
        }
        Stranger stranger = new Stranger(accepted, door, this, nanoTime.getAsLong());
        accepted.pipeline().addLast(stranger);
        door.came();
        accepted.closeFuture().addListener(closed -> gone(stranger));
        if (hasTooMany(door)) {
            tellOfTooMany();
            cutIfTooMany(door); // another: this one has had no time to say anything, nor an event loop to be cut on
        }
        if (door.restIfNeeded(places, () -> isStuck(door))) {
            resting.add(door);
        }
        strangers.put(accepted, stranger);
        return true;
    }

    /** From now on nobody is taken in. */
    synchronized void shut() {
        isShut = true;
    }

    /** A request has come over {@code channel}; {@link #answered} tells its end. The channel's event loop only. */
    synchronized void asked(Channel channel) {
        boolean wasToBeCut = sentenced.containsKey(channel);
        if (wasToBeCut && sentenced.get(channel).hasLost()) {
            return;
        }
        Stranger stranger = (wasToBeCut ? sentenced : strangers).remove(channel);
        if (stranger != null) {
            stranger.asked(nanoTime.getAsLong());
            strangers.put(channel, stranger); // the last now
            if (wasToBeCut) {
                stranger.door().pardoned();
                cutIfTooMany(stranger.door()); // another in its place
                goOnIfRested(stranger.door());
            }
        }
    }

    /** A request over {@code channel} has its answer, or never gets one. Any thread. */
    synchronized void answered(Channel channel) {
        Stranger stranger = strangers.getOrDefault(channel, sentenced.get(channel));
        if (stranger != null && stranger.answered()) {
            goOnIfRested(stranger.door());
        }
    }

    /**
     * The request at hand over {@code channel} is let in: the connection is not cut any more, if there is a place for known ones.
     * The channel's event loop only.
     *
     * @param caller whose it is: one caller gets half of these places at most
     * @param apart by what callers are told apart now
     */
    synchronized void letIn(Channel channel, CallerId caller, ToldApart apart) {
        Stranger stranger = strangers.get(channel);
        if (stranger == null) {
            return;
        }
        stranger.letIn();
        if (places.makeKnown(caller, apart)) {
            strangers.remove(channel);
            stranger.door().left();
            stranger.becomesKnown(caller);
            channel.pipeline().remove(stranger);
            goOnIfRested(stranger.door()); // it may have been the one that was too many
        }
    }

    private synchronized void gone(Stranger stranger) {
        if (!stranger.goes()) {
            return;
        }
        places.giveBack();
        if (stranger.isKnown()) {
            places.unmakeKnown(stranger.caller());
        } else if (strangers.remove(stranger.channel()) != null) {
            stranger.door().left();
        } else {
            sentenced.remove(stranger.channel());
            stranger.door().closedCut();
        }
        goOnWhereRested(); // its place is one for every port
    }

    /** Cuts those that had their time and asked nothing, and lets ports go on that rest, as time has passed. */
    synchronized void cutOverdue() {
        long now = nanoTime.getAsLong();
        List<Stranger> overdue = new ArrayList<>();
        for (Stranger each : strangers.values()) {
            if (each.nanosSinceAsked(now) < ASK_WITHIN_NANOS) {
                break; // nor are those behind it
            }
            if (!each.hasAsked()) {
                overdue.add(each);
            }
        }
        overdue.forEach(this::cut);
        goOnWhereRested();
    }

    /** {@code stranger} has sent too many bytes without a request. */
    synchronized void hasHeardTooMuch(Stranger stranger) {
        if (strangers.containsKey(stranger.channel())) {
            cut.increment();
            cut(stranger);
        }
    }

    /** The port of {@code door} accepts again, if it rested and need not any more. */
    synchronized void goOnIfRested(Door door) {
        if (door.goOnIfRested(places, () -> isStuck(door))) {
            resting.remove(door);
        }
    }

    /** Looks at all ports that rest, also at one without a stranger: no end of a stranger would wake it. */
    private void goOnWhereRested() {
        assert Thread.holdsLock(this);
        List.copyOf(resting).forEach(this::goOnIfRested);
    }

    /** The port of {@code door} is tried again after a failure. */
    synchronized void goOnAfterFailure(Door door) {
        door.goOnAfterFailure();
    }

    private boolean hasTooMany(Door door) {
        return door.strangers() > places.maxStrangers() || places.isCrowded() && door.strangers() > 1;
    }

    private boolean isStuck(Door door) {
        return hasTooMany(door) && longestSilent(door).isEmpty();
    }

    private void cutIfTooMany(Door door) {
        if (hasTooMany(door)) {
            longestSilent(door).ifPresent(this::cut);
        }
    }

    private Optional<Stranger> longestSilent(Door door) {
        assert Thread.holdsLock(this);
        long now = nanoTime.getAsLong();
        return strangers.values().stream().filter(each -> each.door() == door && !each.waitsForItsAnswer(now))
                .findFirst();
    }

    /**
     * Its event loop cuts it, so that a request counts that it has made before that. A stranger that has not been heard yet, as its
     * event loop is busy, is heard first: it may be a probe.
     */
    private void cut(Stranger stranger) {
        assert Thread.holdsLock(this);
        strangers.remove(stranger.channel());
        sentenced.put(stranger.channel(), stranger);
        stranger.door().cutOne();
        stranger.sentence();
        try {
            EventLoop loop = stranger.channel().eventLoop();
            loop.execute(stranger.isHeard()
                    ? () -> closeUnlessAsked(stranger)
                    // scheduled from there, because the loop does what is due when it comes to it before it reads
                    : () -> loop.schedule(() -> closeUnlessAsked(stranger), 1, TimeUnit.MILLISECONDS));
        } catch (IllegalStateException e) {
            stranger.channel().unsafe().closeForcibly(); // it has got no event loop, and tells nobody of its end
            gone(stranger);
        }
    }

    private void closeUnlessAsked(Stranger stranger) {
        boolean hasAsked;
        synchronized (this) {
            hasAsked = sentenced.remove(stranger.channel()) == null;
        }
        if (!hasAsked) {
            Connections.cut(stranger.channel());
        }
    }

    private void tellOfTooMany() {
        cut.increment();
        if (mayTell()) {
            LOG.warnf("%d connections are open, and on %d of them nobody has been let in: the longest silent are cut "
                    + "(%.0f so far)", places.open(), strangers.size(), cut.count());
        }
    }

    /** A connection could not be accepted, or be read. */
    synchronized void tellOfFailure(String what, Throwable failure) {
        if (mayTell()) {
            LOG.errorf("a connection could not %s, %d are open: %s", what, places.open(),
                    Text.readable(failure.toString()));
        }
    }

    private boolean mayTell() {
        assert Thread.holdsLock(this);
        long now = nanoTime.getAsLong();
        boolean isTime = now - tellAgainNanos >= 0;
        tellAgainNanos = isTime ? now + TELL_EVERY_NANOS : tellAgainNanos;
        return isTime;
    }
}
