package io.mirrorbootstrap.download;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import jakarta.inject.Singleton;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.mirror.CallerPlaces;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.OpenDownloads;
import io.mirrorbootstrap.mirror.SharedRate;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.quarkus.runtime.Startup;

/** The downloads that are under way: their places, their common rate, what has become of them. Any thread. */
@Singleton
@Startup // its meters are there before the first download is
class Downloads implements OpenDownloads {

    /** What becomes of a download. */
    enum Outcome {
        /** All bytes that were asked for are sent. */
        COMPLETED,
        /** The other end is gone, or did not read. */
        DISCONNECTED,
        /** The disk has failed, or somebody has cut the file short. */
        FAILED
    }

    private final Callers callers;
    private final int most;
    private final CallerPlaces places;
    private final SharedRate rate;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong refused = new AtomicLong();
    private final Counter sentBytes;
    private final Map<Outcome, Counter> outcomes = new EnumMap<>(Outcome.class);

    Downloads(MirrorSettings settings, Callers callers, MeterRegistry metrics) {
        this.callers = callers;
        this.most = settings.maxDownloads();
        this.places = new CallerPlaces(most, most);
        this.rate = new SharedRate(settings.egressRateBytesPerSecond(), callers);
        Gauge.builder("mirror.bootstrap.downloads.open", open, AtomicInteger::get)
                .description("downloads of snapshots under way").register(metrics);
        this.sentBytes = Counter.builder("mirror.bootstrap.sent.bytes")
                .description("of snapshots that were downloaded").baseUnit("bytes").register(metrics);
        for (Outcome outcome : Outcome.values()) {
            outcomes.put(outcome, Counter.builder("mirror.bootstrap.downloads")
                    .description("downloads of snapshots, by what has become of them")
                    .tag("outcome", outcome.name().toLowerCase(Locale.ROOT)).register(metrics));
        }
    }

    @Override
    public int now() {
        return open.get();
    }

    @Override
    public int most() {
        return most;
    }

    /** A place for a download of {@code who}, if there is one. */
    Optional<Place> begin(Principal who) {
        ToldApart apart = callers.now();
        int mostOfOne = apart.sharesBind() ? Math.max(1, most - 1) : most; // one of several callers leaves a place
        String name = apart.name(who.id());
        if (!places.take(name, mostOfOne)) {
            if (places.areTaken(name, mostOfOne)) {
                refused.incrementAndGet();
            }
            return Optional.empty();
        }
        return Optional.of(new Place(name, rate.of(who)));
    }

    /** The place of one download. Any thread. */
    final class Place {

        private final String caller;
        private final SharedRate.Share share;
        private final AtomicBoolean isTaken = new AtomicBoolean(true);

        private Place(String caller, SharedRate.Share share) {
            this.caller = caller;
            this.share = share;
            open.incrementAndGet();
        }

        /** What its caller has of the common rate. */
        SharedRate.Share share() {
            return share;
        }

        /** How often a caller was refused a place, since the start. */
        long refused() {
            return refused.get();
        }

        /** So many bytes have left. */
        void sent(long bytes) {
            sentBytes.increment(bytes);
        }

        /** Gives the place back, once. */
        void end(Outcome outcome) {
            if (isTaken.compareAndSet(true, false)) {
                giveBack();
                outcomes.get(outcome).increment();
            }
        }

        /** Gives the place back, of what has not become a download, once. */
        void leave() {
            if (isTaken.compareAndSet(true, false)) {
                giveBack();
            }
        }

        private void giveBack() {
            open.decrementAndGet();
            places.giveBack(caller);
        }
    }
}
