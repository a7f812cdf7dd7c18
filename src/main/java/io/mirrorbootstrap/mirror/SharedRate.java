package io.mirrorbootstrap.mirror;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.Principal;

/**
 * Caps what all connections together move in a second: who has moved more than is due waits, and its socket with it. While several callers
 * move more than is due, each has the same part of the rate, however many connections it has; what one does not use, the others have. Any
 * thread.
 */
public final class SharedRate {

    /** How far ahead of the rate callers may be: enough that waiting does not become many tiny waits. */
    private static final long AHEAD_NANOS = Duration.ofMillis(100).toNanos();

    private static final int MIN_STEP_BYTES = 64 * 1024;

    /** So many callers are remembered, whether or not they are ahead. */
    private static final int MAX_SHARES = 1000;

    private final Callers callers;
    private final long bytesPerSecond;
    private final LongSupplier nanoTime;
    private final long startNanos;
    private final Map<String, Share> shares = new HashMap<>(); // guarded by this

    /** @param bytesPerSecond 0: no cap */
    public SharedRate(long bytesPerSecond, Callers callers) {
        this(bytesPerSecond, System::nanoTime, callers);
    }

    /** @param nanoTime a clock that only goes forward */
    public SharedRate(long bytesPerSecond, LongSupplier nanoTime, Callers callers) {
        this.callers = callers;
        this.bytesPerSecond = bytesPerSecond;
        this.nanoTime = nanoTime;
        this.startNanos = nanoTime.getAsLong();
    }

    /** What {@code caller} has of it. Callers of whom nothing is asked are one. */
    public synchronized Share of(Principal caller) {
        if (shares.size() > MAX_SHARES) { // of callers that have come and gone for years
            long now = now();
            shares.values().removeIf(share -> share.dueNanos <= now);
        }
        return shares.computeIfAbsent(callers.now().name(caller.id()), id -> new Share());
    }

    private long now() {
        return nanoTime.getAsLong() - startNanos;
    }

    /** The part of one caller. Any thread. */
    public final class Share {

        /** When, in nanoseconds after the start, all that was taken will have been due. Guarded by the outer object. */
        private long dueNanos;

        private Share() {
        }

        /** How much of {@code bytes} to move at once, so that nobody has to wait long for what was moved. */
        public int atMost(int bytes) {
            return bytesPerSecond == 0 ? bytes : (int) Math.min(bytes, Math.max(MIN_STEP_BYTES, bytesPerSecond / 10));
        }

        /**
         * Takes {@code bytes}, whether or not they are due.
         *
         * @return how long to wait before more is taken, in nanoseconds; 0: not at all
         */
        public long take(int bytes) {
            if (bytesPerSecond == 0) {
                return 0;
            }
            synchronized (SharedRate.this) {
                long now = now();
                // for as long as others are ahead too, each byte costs as much more time: so together they have the rate, even if one is slow
                long others = shares.values().stream().filter(each -> each != this && each.dueNanos > now).count();
                dueNanos = Math.max(dueNanos, now) + (long) (bytes * 1e9 / bytesPerSecond * (1 + others));
                return dueNanos - now > AHEAD_NANOS ? dueNanos - now : 0;
            }
        }
    }
}
