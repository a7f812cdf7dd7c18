package io.mirrorbootstrap.cli;

import java.time.Duration;
import java.util.function.LongSupplier;

/** How long is still waited: a time that passes from the beginning on, but for what is not counted. One thread at a time. */
final class Patience {

    /** What is left where there is no end: more than any answer takes. */
    private static final Duration ENDLESS = Duration.ofHours(1);

    /** What may fail while no time is counted. */
    interface Work<T, E extends Exception> {
        T done() throws E;
    }

    private final long seconds;
    private final LongSupplier nanoTime;
    private long startNanos;

    /**
     * Begins.
     *
     * @param seconds 0: without an end
     * @param nanoTime a clock that only goes forward
     */
    Patience(long seconds, LongSupplier nanoTime) {
        this.seconds = seconds;
        this.nanoTime = nanoTime;
        this.startNanos = nanoTime.getAsLong();
    }

    /** Below zero when it is over. */
    Duration left() {
        return seconds == 0
                ? ENDLESS
                : Duration.ofSeconds(seconds).minusNanos(nanoTime.getAsLong() - startNanos);
    }

    /** Does {@code work}, whose time is not counted, however it ends. */
    <T, E extends Exception> T uncounted(Work<T, E> work) throws E {
        long begin = nanoTime.getAsLong();
        try {
            return work.done();
        } finally {
            startNanos += nanoTime.getAsLong() - begin;
        }
    }
}
