package io.mirrorbootstrap.seed;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Snapshots that were of no use: nothing is read of them for a while, which is twice as long each time. One thread. */
final class Suspects {

    /** The longest pause beside the shortest: ten minutes become a day. */
    static final int MOST_TIMES = 144;

    private final Duration shortest;
    private final Duration longest;
    private final LongSupplier nanoTime;
    private final Map<Offer.Name, Suspicion> all = new HashMap<>();

    private record Suspicion(long sinceNanos, Duration pause) {

        boolean isOver(long nowNanos) {
            return nowNanos - sinceNanos > pause.toNanos();
        }
    }

    /**
     * @param shortest how long one is left alone at first
     * @param nanoTime a clock that only goes forward
     */
    Suspects(Duration shortest, LongSupplier nanoTime) {
        this.shortest = shortest;
        this.longest = shortest.multipliedBy(MOST_TIMES);
        this.nanoTime = nanoTime;
    }

    /** @return for how long it is not read from now on */
    Duration add(Offer.Name name) {
        Suspicion before = all.get(name);
        Duration twice = before == null ? shortest : before.pause().multipliedBy(2);
        Duration pause = twice.compareTo(longest) > 0 ? longest : twice;
        all.put(name, new Suspicion(nanoTime.getAsLong(), pause));
        return pause;
    }

    /** Whether it is not to be read now. */
    boolean has(Offer.Name name) {
        long now = nanoTime.getAsLong();
        // it was read again since, and nothing was wrong: however long others have had their turn before
        all.values().removeIf(each -> now - each.sinceNanos() > each.pause().plus(longest).toNanos());
        Suspicion found = all.get(name);
        return found != null && !found.isOver(now);
    }
}
