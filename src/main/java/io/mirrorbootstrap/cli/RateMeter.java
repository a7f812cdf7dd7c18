package io.mirrorbootstrap.cli;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** The rate over the last seconds: near enough to now to predict the end, far enough not to jump. One thread. */
final class RateMeter {

    private static final long SPAN_NANOS = Duration.ofSeconds(10).toNanos();

    private final Deque<Sample> samples = new ArrayDeque<>();

    private record Sample(long bytes, long nanos) {
    }

    /** Forgets all there was. */
    void restart(long bytes, long nanos) {
        samples.clear();
        samples.add(new Sample(bytes, nanos));
    }

    /** @param bytes the count so far, {@code nanos} on the clock of {@link System#nanoTime} */
    void sample(long bytes, long nanos) {
        samples.add(new Sample(bytes, nanos));
        while (samples.size() > 2 && nanos - samples.getFirst().nanos() > SPAN_NANOS) {
            samples.removeFirst();
        }
    }

    /** Bytes a second; 0 while there is nothing to tell it from. */
    double bytesPerSecond() {
        Sample first = samples.getFirst();
        Sample last = samples.getLast();
        return last.nanos() > first.nanos() ? (last.bytes() - first.bytes()) * 1e9 / (last.nanos() - first.nanos()) : 0;
    }
}
