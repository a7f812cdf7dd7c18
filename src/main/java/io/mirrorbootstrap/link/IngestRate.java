package io.mirrorbootstrap.link;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import jakarta.enterprise.context.ApplicationScoped;

import io.mirrorbootstrap.mirror.MirrorSettings;

/**
 * Caps what all links together bring in a second, so that the mirror's disk keeps breathing: whoever has brought more than
 * is due waits, with its socket unread. Any thread.
 */
@ApplicationScoped
class IngestRate {

    /** How far ahead of the rate the links may be: enough that waiting does not become many tiny waits. */
    private static final long AHEAD_NANOS = Duration.ofMillis(100).toNanos();

    private static final int MIN_READ_BYTES = 64 * 1024;

    private final long bytesPerSecond;
    private final long startNanos = System.nanoTime();
    /** When, in nanoseconds after the start, all that was taken will have been due. */
    private final AtomicLong dueNanos = new AtomicLong();

    IngestRate(MirrorSettings settings) {
        this.bytesPerSecond = settings.ingestRateBytesPerSecond().asLongValue();
    }

    /** How much of {@code bytes} to read at once, so that nobody has to wait long for what was read. */
    int atMost(int bytes) {
        return bytesPerSecond == 0 ? bytes : (int) Math.min(bytes, Math.max(MIN_READ_BYTES, bytesPerSecond / 10));
    }

    /**
     * Takes {@code bytes}, whether or not they are due.
     *
     * @return how long to wait before more is taken, in nanoseconds; 0: not at all
     */
    long take(int bytes) {
        if (bytesPerSecond == 0) {
            return 0;
        }
        long now = System.nanoTime() - startNanos;
        long cost = (long) (bytes * 1e9 / bytesPerSecond);
        long due = dueNanos.updateAndGet(before -> Math.max(before, now) + cost);
        return due - now > AHEAD_NANOS ? due - now : 0;
    }
}
