package io.mirrorbootstrap.download;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * How fast the other end takes the bytes of one download: over windows of a minute in which something waits for the socket. What waits for
 * the disk, or for the rate, does not count. Event loop only.
 */
final class LeastPace {

    /** Whoever takes less in a {@link #WINDOW} is no reader. As at the other end, {@code seed.Pull}. */
    static final int LEAST_BYTES = 256 * 1024;

    static final Duration WINDOW = Duration.ofMinutes(1);

    private final LongSupplier nanoTime;
    private int beingWritten;
    private long sinceNanos;
    private long windowNanos;
    private long windowBytes;

    /** @param nanoTime a clock that only goes forward */
    LeastPace(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Something waits for the socket. */
    void writing() {
        passed();
        beingWritten++;
    }

    /** It does not any more; so many bytes of it have left. */
    void written(int bytes) {
        passed();
        beingWritten--;
        windowBytes += bytes;
    }

    private void passed() {
        long now = nanoTime.getAsLong();
        windowNanos += beingWritten > 0 ? now - sinceNanos : 0;
        sinceNanos = now;
    }

    /**
     * Ends the window, if its time is over.
     *
     * @return how many bytes have left in it; empty while it goes on
     */
    OptionalLong window() {
        passed();
        if (windowNanos < WINDOW.toNanos()) {
            return OptionalLong.empty();
        }
        long bytes = windowBytes;
        windowNanos = 0;
        windowBytes = 0;
        return OptionalLong.of(bytes);
    }
}
