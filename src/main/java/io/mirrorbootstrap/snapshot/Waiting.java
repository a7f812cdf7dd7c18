package io.mirrorbootstrap.snapshot;

import java.time.Duration;

/**
 * For how long a kept transfer has waited for its source without a byte being accepted or read back.
 *
 * @param sinceNanos since when in this process, by {@link System#nanoTime}
 * @param before how long it waited before, as far as the wall clock of then and now can be believed
 */
record Waiting(long sinceNanos, Duration before) {

    /** It begins at this moment. */
    static Waiting now() {
        return after(Duration.ZERO);
    }

    /** It goes on in this process. */
    static Waiting after(Duration before) {
        return new Waiting(System.nanoTime(), before);
    }

    /** @param most at most so much of the time before this process counts */
    Duration age(Duration most) {
        return (before.compareTo(most) < 0 ? before : most).plusNanos(System.nanoTime() - sinceNanos);
    }
}
