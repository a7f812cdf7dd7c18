package io.mirrorbootstrap.wire;

import java.time.Duration;

/**
 * Looks at a connection, at even distances, by which one end judges whether the other is silent. A look that comes much later finds that
 * nobody was here to hear: the process was stopped, or paused with its machine, and the clock ran on. What came meanwhile is read
 * after that look, so the silence begins anew with it. One thread at a time.
 */
public final class Looks {

    /** The time from one look to the next, as a share of the distance, beyond which one is late. */
    private static final int LATE = 2;

    private final long lateNanos;
    private long lastNanos;

    /**
     * The distance at which a silence is looked for that may last {@code silence}: a quarter of it, a millisecond at least.
     *
     * @param longest what it is at most
     */
    public static Duration distance(Duration silence, Duration longest) {
        return Duration.ofMillis(Math.max(1, Math.min(silence.toMillis() / 4, longest.toMillis())));
    }

    /** @param nowNanos the first look is due {@code every} from now */
    public Looks(Duration every, long nowNanos) {
        this.lateNanos = every.multipliedBy(LATE).toNanos();
        this.lastNanos = nowNanos;
    }

    /** To be asked at each look: whether silences begin anew with it. */
    public boolean isLate(long nowNanos) {
        boolean late = nowNanos - lastNanos > lateNanos;
        lastNanos = nowNanos;
        return late;
    }
}
