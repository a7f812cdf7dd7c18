package io.mirrorbootstrap.cli;

import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** Holds a reader to a rate. What a slow disk has not given in its time is not made up for by a long burst. One thread. */
final class Pace {

    /** So much late it may be, and be in time again. */
    private static final long BURST_NANOS = 100_000_000;

    private final long bytesPerSecond;
    private final LongSupplier nanoTime;
    private final LongConsumer pause;
    private long bytesBefore;
    private long dueNanos;

    /**
     * Begins.
     *
     * @param bytesPerSecond 0: as fast as it goes
     * @param nanoTime a clock that only goes forward
     * @param pause waits for so many nanoseconds
     */
    Pace(long bytesPerSecond, LongSupplier nanoTime, LongConsumer pause) {
        this.bytesPerSecond = bytesPerSecond;
        this.nanoTime = nanoTime;
        this.pause = pause;
        this.dueNanos = nanoTime.getAsLong();
    }

    /** Waits until so many bytes may have been read; with fewer than before, it has begun again. */
    void reached(long bytes) {
        long more = bytes < bytesBefore ? bytes : bytes - bytesBefore;
        bytesBefore = bytes;
        if (bytesPerSecond > 0) {
            long now = nanoTime.getAsLong();
            dueNanos = Math.max(dueNanos, now - BURST_NANOS) + (long) (more * 1e9 / bytesPerSecond);
            pause.accept(dueNanos - now);
        }
    }
}
