package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * How long to wait before coming back: 500 ms, doubled each time up to 30 s, each time a quarter more or less, so that
 * many sources do not come back in step. Begins anew whenever the snapshot has got further. One thread at a time.
 * <p>
 * Its patience is for the time without a link, added up since the snapshot was furthest. A link that lives may confirm nothing new for
 * hours: what was lost there is sent again, what was kept is read, the program behind a stream is silent. A sidecar that dies each time
 * it has begun is left in the end all the same: between two links there is always a pause.
 */
final class Backoff {

    private static final Duration FIRST = Duration.ofMillis(500);
    private static final Duration LAST = Duration.ofSeconds(30);
    private static final double JITTER = 0.25;

    private final Duration patience;
    private final LongSupplier nanoTime;
    private Duration pause = FIRST;
    private long furthest = -1;
    /** Without a link, up to {@link #countedNanos}. */
    private long aloneNanos;
    private long countedNanos;

    /**
     * Begins.
     *
     * @param patience for how long to come back
     * @param nanoTime a clock that only goes forward
     */
    Backoff(Duration patience, LongSupplier nanoTime) {
        this.patience = patience;
        this.nanoTime = nanoTime;
        this.countedNanos = nanoTime.getAsLong();
    }

    /**
     * There was a link, by the same clock.
     *
     * @param heardNanos when the sidecar was last heard on it
     */
    void linked(long openedNanos, long heardNanos) {
        count(openedNanos);
        countedNanos = heardNanos;
    }

    /**
     * @param bytesDone how far the last attempt got
     * @param comeBackAfter how long the other side does not want to be asked
     * @return how long to wait, not beyond the end of the patience; empty when it is time to give up
     */
    Optional<Duration> next(long bytesDone, Optional<Duration> comeBackAfter) {
        count(nanoTime.getAsLong());
        if (bytesDone > furthest) {
            furthest = bytesDone;
            pause = FIRST;
            aloneNanos = 0;
        }
        long left = patience.toNanos() - aloneNanos;
        if (left <= 0) {
            return Optional.empty();
        }
        double factor = 1 + ThreadLocalRandom.current().nextDouble(-JITTER, JITTER);
        long wanted = Math.max((long) (pause.toNanos() * factor), comeBackAfter.orElse(Duration.ZERO).toNanos());
        pause = pause.multipliedBy(2).compareTo(LAST) < 0 ? pause.multipliedBy(2) : LAST;
        return Optional.of(Duration.ofNanos(Math.min(wanted, left))); // once more, at the end
    }

    private void count(long nowNanos) {
        aloneNanos += nowNanos - countedNanos;
        countedNanos = nowNanos;
    }
}
