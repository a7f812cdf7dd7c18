package io.mirrorbootstrap.link;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.wire.ZstdDecoder;
import io.mirrorbootstrap.wire.ZstdLibrary;

/**
 * Who may decode compressed chunks now: few at once, whose memory is all that compression takes, however many links have agreed on it. A
 * chunk has all its bytes before it takes a place, so that no source holds one.
 * <p>
 * While several callers want one, each has half of the places at most, and they are told in turn that one is free, the link that has
 * waited longest first. No place is kept for who was told, as it may be waiting for something else by now. Any thread.
 */
class ZstdPlaces {

    private static final Logger LOG = Logger.getLogger(ZstdPlaces.class);

    /** As many as processors that a sidecar has; each takes at most {@link ZstdDecoder#MAX_BYTES}. */
    private static final int PLACES = 2;

    /** What a link wants that has been told, and has not asked again. */
    private static final Runnable TOLD = () -> {
    };

    private final boolean isOn;
    private final Callers callers;
    // guarded by this
    private final Deque<ZstdDecoder> idle = new ArrayDeque<>();
    /** The callers that decode or wait; the one who took a place last is at the end. */
    private final Map<String, Lane> busy = new LinkedHashMap<>();
    private int made;
    private boolean hasToldProblem;

    /** The links of one caller. Guarded by the outer object. */
    private static final class Lane {
        /** Of each link what it wants to have called, or {@link #TOLD}; the one that has waited longest is first. */
        private final Map<OfLink, Runnable> waiting = new LinkedHashMap<>();
        private int decoding;
    }

    ZstdPlaces(MirrorSettings settings, Callers callers) {
        this.isOn = settings.compression();
        this.callers = callers;
    }

    /** Whether a source that offers it may compress. Worker only, as all that follows. */
    boolean areThere() {
        if (!isOn) {
            return false;
        }
        Optional<String> problem = ZstdLibrary.problem();
        problem.ifPresent(this::tell);
        return problem.isEmpty();
    }

    private synchronized void tell(String problem) {
        if (!hasToldProblem) {
            LOG.warnf("a source that offers to compress sends its snapshot as it is: %s", problem);
            hasToldProblem = true;
        }
    }

    /** The places as one link of {@code caller} has them. */
    OfLink of(Principal caller) {
        return new OfLink(callers.now().name(caller.id()));
    }

    /** For one link, which decodes one chunk at a time. Worker only, one thread at a time. */
    final class OfLink {

        private final String caller;

        private OfLink(String caller) {
            this.caller = caller;
        }

        /**
         * A decoder, until it is {@linkplain #giveBack given back}.
         *
         * @param whenFree called once, from any thread, when it is worth to ask again, unless it has been asked or {@link #forget forgotten}
         *        before
         * @return empty while all are in use that this caller may have
         */
        Optional<ZstdDecoder> take(Runnable whenFree) {
            return ZstdPlaces.this.take(this, whenFree);
        }

        void giveBack(ZstdDecoder decoder) {
            ZstdPlaces.this.giveBack(this, decoder);
        }

        /** It waits no longer. */
        void forget() {
            ZstdPlaces.this.forget(this);
        }
    }

    private synchronized Optional<ZstdDecoder> take(OfLink link, Runnable whenFree) {
        Lane lane = busy.computeIfAbsent(link.caller, same -> new Lane());
        if (!mayDecode(lane)) {
            lane.waiting.put(link, whenFree); // where it was, if it waits already
            return Optional.empty();
        }
        if (idle.isEmpty()) {
            idle.push(new ZstdDecoder());
            made++;
        }
        lane.waiting.remove(link);
        lane.decoding++;
        busy.remove(link.caller);
        busy.put(link.caller, lane); // at the end
        return Optional.of(idle.pop());
    }

    private boolean mayDecode(Lane lane) {
        boolean isFree = !idle.isEmpty() || made < PLACES;
        boolean isShared = busy.values().stream().anyMatch(other -> other != lane && !other.waiting.isEmpty());
        return isFree && lane.decoding < (isShared ? PLACES / 2 : PLACES);
    }

    private void giveBack(OfLink link, ZstdDecoder decoder) {
        Optional<Runnable> next;
        synchronized (this) {
            idle.push(decoder);
            busy.get(link.caller).decoding--;
            next = next();
            leaveOut(link.caller);
        }
        next.ifPresent(Runnable::run);
    }

    /** What the next one that may decode wants to have called. */
    private Optional<Runnable> next() {
        assert Thread.holdsLock(this);
        return busy.values().stream().filter(this::mayDecode).flatMap(lane -> lane.waiting.entrySet().stream())
                .filter(link -> link.getValue() != TOLD).findFirst().map(link -> link.setValue(TOLD));
    }

    private synchronized void forget(OfLink link) {
        Lane lane = busy.get(link.caller);
        if (lane != null) {
            lane.waiting.remove(link);
            leaveOut(link.caller);
        }
    }

    private void leaveOut(String caller) {
        assert Thread.holdsLock(this);
        busy.computeIfPresent(caller,
                (same, lane) -> lane.decoding == 0 && lane.waiting.isEmpty() ? null : lane);
    }
}
