package io.mirrorbootstrap.mirror;

import java.time.Duration;

/**
 * When a log gets a line about how far something is: at each tenth, but not within five seconds of the last line, and once a minute.
 * Of an unknown size there are no tenths. It looks at {@link System#nanoTime}: a clock that is set changes nothing. One thread at a time.
 */
public final class ProgressSteps {

    private static final long LEAST_NANOS = Duration.ofSeconds(5).toNanos();
    private static final long MOST_NANOS = Duration.ofMinutes(1).toNanos();

    private final long total;
    private long lineBytes;
    private long lineNanos;

    /**
     * A line has just been written.
     *
     * @param done how far it is, in bytes
     * @param total the whole, in bytes; 0 is not known
     * @param nanos now, by {@link System#nanoTime}
     */
    public ProgressSteps(long done, long total, long nanos) {
        this.total = total;
        written(done, nanos);
    }

    /** Whether a line is due, now that {@code done} bytes are done. */
    public boolean isDue(long done, long nanos) {
        long silence = nanos - lineNanos;
        return silence >= MOST_NANOS || silence >= LEAST_NANOS && tenths(done) > tenths(lineBytes);
    }

    /** A line is written. */
    public void written(long done, long nanos) {
        lineBytes = done;
        lineNanos = nanos;
    }

    /** How many bytes a second have come since the last line, 0 or more. */
    double bytesPerSecond(long done, long nanos) {
        return Math.max(0, done - lineBytes) * 1e9 / Math.max(1, nanos - lineNanos);
    }

    private int tenths(long done) {
        return total == 0 ? 0 : (int) (10.0 * done / total);
    }
}
