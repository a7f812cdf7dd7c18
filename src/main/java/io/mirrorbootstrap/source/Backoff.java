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
     * @return how long to wait; empty when it is time to give up
     */
    Optional<Duration> next(long bytesDone) {
        if (bytesDone > furthest) {
            furthest = bytesDone;
            pause = FIRST;
            gotFurtherNanos = System.nanoTime();
        }
        if (System.nanoTime() - gotFurtherNanos >= patience.toNanos()) {
            return Optional.empty();
        }
        double factor = 1 + ThreadLocalRandom.current().nextDouble(-JITTER, JITTER);
        Duration now = Duration.ofNanos((long) (pause.toNanos() * factor));
        pause = pause.multipliedBy(2).compareTo(LAST) < 0 ? pause.multipliedBy(2) : LAST;
        return Optional.of(now);
    }
}
