package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long to wait before coming back: 500 ms, doubled each time up to 30 s, each time a quarter more or less, so that
 * many sources do not come back in step. Begins anew whenever the snapshot has got further. One thread at a time.
 */
final class Backoff {

    private static final Duration FIRST = Duration.ofMillis(500);
    private static final Duration LAST = Duration.ofSeconds(30);
    private static final double JITTER = 0.25;

    private final Duration patience;
    private Duration pause = FIRST;
    private long furthest = -1;
    private long gotFurtherNanos = System.nanoTime();

    /** @param patience for how long to come back without having got any further */
    Backoff(Duration patience) {
        this.patience = patience;
    }

    /**
     * @param bytesDone how far the last attempt got
     * @param comeBackAfter how long the other side does not want to be asked
     * @return how long to wait, not beyond the end of the patience; empty when it is time to give up
     */
    Optional<Duration> next(long bytesDone, Optional<Duration> comeBackAfter) {
        if (bytesDone > furthest) {
            furthest = bytesDone;
            pause = FIRST;
            gotFurtherNanos = System.nanoTime();
        }
        long left = patience.toNanos() - (System.nanoTime() - gotFurtherNanos);
        if (left <= 0) {
            return Optional.empty();
        }
        double factor = 1 + ThreadLocalRandom.current().nextDouble(-JITTER, JITTER);
        long wanted = Math.max((long) (pause.toNanos() * factor), comeBackAfter.orElse(Duration.ZERO).toNanos());
        pause = pause.multipliedBy(2).compareTo(LAST) < 0 ? pause.multipliedBy(2) : LAST;
        return Optional.of(Duration.ofNanos(Math.min(wanted, left))); // once more, at the end
    }
}
