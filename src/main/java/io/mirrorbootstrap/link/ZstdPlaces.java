package io.mirrorbootstrap.link;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

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
 * While several callers want one, each takes half of the places at most, and they are told in turn that one is free, the link that has
 * waited longest first. For who was told it is kept for a moment only, as that may be waiting for something else by now. Any thread.
 */
class ZstdPlaces {

    private static final Logger LOG = Logger.getLogger(ZstdPlaces.class);

    /** As many as processors that a sidecar has; each takes at most {@link ZstdDecoder#MAX_BYTES}. */
    private static final int PLACES = 2;

    /** So long a place is kept for a link that was told: it needs a worker to take it. */
    static final long KEPT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final boolean isOn;
    private final Callers callers;
    private final LongSupplier nanoTime;
    // guarded by this
    private final Deque<ZstdDecoder> idle = new ArrayDeque<>();
    /** The callers that decode or wait, in the order in which they took a place last, or began to wait. */
    private final Map<String, Lane> busy = new LinkedHashMap<>();
    private int made;
    private boolean hasToldProblem;

    /** The links of one caller. Guarded by the outer object. */
    private static final class Lane {
        /** The link that has waited longest is first. */
        private final Map<OfLink, Waiting> waiting = new LinkedHashMap<>();
        private int decoding;
    }

    /**
     * What a link waits for.
     *
     * @param toldNanos when {@code whenFree} was called, if it was
     */
    private record Waiting(Runnable whenFree, OptionalLong toldNanos) {

        private Waiting(Runnable whenFree) {
            this(whenFree, OptionalLong.empty());
        }

        /** Whether a place is kept for it. */
        private boolean isKept(long nanos) {
            return toldNanos.isPresent() && nanos - toldNanos.getAsLong() < KEPT_NANOS;
        }

        /** Whether others leave a place to it: not where it was told, and has not come. */
        private boolean counts(long nanos) {
            return toldNanos.isEmpty() || isKept(nanos);
        }
    }

    /** @param nanoTime a clock that only goes forward */
    ZstdPlaces(MirrorSettings settings, Callers callers, LongSupplier nanoTime) {
        this.isOn = settings.compression();
        this.callers = callers;
        this.nanoTime = nanoTime;
    }

    /** Whether a source that offers it may compress. Worker only: the first time it loads a library. */
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
        /** Whether it may be in a line: only then the lock of all links is taken to leave it, as that is done behind each message. */
        private boolean isWaiting;

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
            Optional<ZstdDecoder> decoder = ZstdPlaces.this.take(this, whenFree);
            isWaiting = decoder.isEmpty();
            return decoder;
        }

        void giveBack(ZstdDecoder decoder) {
            ZstdPlaces.this.giveBack(this, decoder);
        }

        /** It waits no longer. */
        void forget() {
            if (isWaiting) {
                isWaiting = false;
                ZstdPlaces.this.forget(this);
            }
        }
    }

    private synchronized Optional<ZstdDecoder> take(OfLink link, Runnable whenFree) {
        long now = nanoTime.getAsLong();
        Lane lane = busy.computeIfAbsent(link.caller, same -> new Lane());
        Waiting before = lane.waiting.get(link);
        if (!(before != null && before.isKept(now)) && !mayDecode(lane, now)) {
            lane.waiting.put(link, new Waiting(whenFree)); // where it was, if it waits already
            return Optional.empty();
        }
        if (idle.isEmpty()) {
            assert made < PLACES : made;
            idle.push(new ZstdDecoder());
            made++;
        }
        lane.waiting.remove(link);
        lane.decoding++;
        busy.remove(link.caller);
        busy.put(link.caller, lane); // at the end
        return Optional.of(idle.pop());
    }

    /** Whether there is a place for one more link of this caller, beside those that are kept. */
    private boolean mayDecode(Lane lane, long now) {
        long kept = busy.values().stream().mapToLong(each -> kept(each, now)).sum();
        boolean isShared = busy.values().stream().filter(other -> other != lane)
                .anyMatch(other -> other.waiting.values().stream().anyMatch(each -> each.counts(now)));
        return kept < idle.size() + PLACES - made
                && lane.decoding + kept(lane, now) < (isShared ? PLACES / 2 : PLACES);
    }

    private static long kept(Lane lane, long now) {
        return lane.waiting.values().stream().filter(each -> each.isKept(now)).count();
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
        long now = nanoTime.getAsLong();
        return busy.values().stream().filter(lane -> mayDecode(lane, now))
                .flatMap(lane -> lane.waiting.entrySet().stream())
                .filter(link -> link.getValue().toldNanos().isEmpty()).findFirst()
                .map(link -> link.setValue(new Waiting(link.getValue().whenFree(), OptionalLong.of(now))).whenFree());
    }

    private void forget(OfLink link) {
        Optional<Runnable> next = Optional.empty();
        synchronized (this) {
            Lane lane = busy.get(link.caller);
            if (lane != null && lane.waiting.remove(link) != null) {
                leaveOut(link.caller);
                next = next(); // a place may have been kept for it
            }
        }
        next.ifPresent(Runnable::run);
    }

    private void leaveOut(String caller) {
        assert Thread.holdsLock(this);
        busy.computeIfPresent(caller,
                (same, lane) -> lane.decoding == 0 && lane.waiting.isEmpty() ? null : lane);
    }
}
