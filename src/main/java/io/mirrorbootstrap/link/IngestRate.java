package io.mirrorbootstrap.link;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;

import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.Principal;

/**
 * Caps what all links together bring in a second, so that the mirror's disk keeps breathing: a link that has brought more than is due
 * waits, with its socket unread. While several callers bring more than is due, each has the same part of the rate, however many links it
 * has; what one does not use, the others have. Any thread.
 */
@ApplicationScoped
class IngestRate {

    /** How far ahead of the rate the links may be: enough that waiting does not become many tiny waits. */
    private static final long AHEAD_NANOS = Duration.ofMillis(100).toNanos();

    private static final int MIN_READ_BYTES = 64 * 1024;

    /** So many callers are remembered, whether or not they are ahead. */
    private static final int MAX_SHARES = 1000;

    private final Callers callers;
    private final long bytesPerSecond;
    private final LongSupplier nanoTime;
    private final long startNanos;
    private final Map<String, Share> shares = new HashMap<>(); // guarded by this

    @Inject
    IngestRate(MirrorSettings settings, Callers callers) {
        this(settings.ingestRateBytesPerSecond(), System::nanoTime, callers);
    }

    /** @param bytesPerSecond 0: as much as comes */
    IngestRate(long bytesPerSecond, LongSupplier nanoTime, Callers callers) {
        this.callers = callers;
        this.bytesPerSecond = bytesPerSecond;
        this.nanoTime = nanoTime;
        this.startNanos = nanoTime.getAsLong();
    }

    /** What the links of {@code caller} have of it. Callers of whom nothing is asked are one. */
    synchronized Share of(Principal caller) {
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
    final class Share {

        /** When, in nanoseconds after the start, all that was taken will have been due. Guarded by the outer object. */
        private long dueNanos;

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
            synchronized (IngestRate.this) {
                long now = now();
                // for as long as others are ahead too, each byte costs as much more time: so together they have the rate, even if one is slow
                long others = shares.values().stream().filter(each -> each != this && each.dueNanos > now).count();
                dueNanos = Math.max(dueNanos, now) + (long) (bytes * 1e9 / bytesPerSecond * (1 + others));
                return dueNanos - now > AHEAD_NANOS ? dueNanos - now : 0;
            }
        }
    }
}
