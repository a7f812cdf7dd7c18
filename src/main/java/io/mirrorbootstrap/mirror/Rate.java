package io.mirrorbootstrap.mirror;

import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * How fast bytes come, smoothed over about five seconds.
 *
 * @param bytesPerSecond at {@code atNanos}
 * @param atNanos {@link System#nanoTime} of the last sample
 * @param bytes how many bytes there were at that time
 */
public record Rate(double bytesPerSecond, long atNanos, long bytes) {

    private static final double WINDOW_NANOS = Duration.ofSeconds(5).toNanos();

    /** As lines of a log have it, in one unit, so that they can be compared: {@code 98.31MiB/s}. */
    public static String inWords(double bytesPerSecond) {
        return String.format(Locale.ROOT, "%.2fMiB/s", bytesPerSecond / (1024 * 1024));
    }

    /** No rate is known yet; {@code bytes} bytes are there. */
    static Rate startingAt(long bytes) {
        return new Rate(Double.NaN, System.nanoTime(), bytes);
    }

    /** {@code total} bytes are there now. */
    Rate sample(long total) {
        long now = System.nanoTime();
        double elapsed = Math.max(1, now - atNanos);
        double current = (total - bytes) * 1e9 / elapsed;
        double weight = Double.isNaN(bytesPerSecond) ? 1 : 1 - Math.exp(-elapsed / WINDOW_NANOS);
        return new Rate(weight * current + (weight == 1 ? 0 : (1 - weight) * bytesPerSecond), now, total);
    }

    /** Bytes per second as of now: a rate that nothing has confirmed for a while fades. */
    public long now() {
        if (Double.isNaN(bytesPerSecond)) {
            return 0;
        }
        double silence = System.nanoTime() - atNanos;
        return Math.round(bytesPerSecond * Math.exp(-silence / WINDOW_NANOS));
    }

    /** How many seconds the rest will take at this rate; empty when the rate is 0. */
    public OptionalLong secondsFor(long rest) {
        long rate = now();
        return rate > 0 ? OptionalLong.of(rest / rate + (rest % rate == 0 ? 0 : 1)) : OptionalLong.empty();
    }
}
