package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How far each follower of a {@link Stock} has come, and how long others have waited for those that are furthest behind: one that is waited
 * for too long is left. Others wait for it where all that can be held is held, and the older half of that for it: who waits and needs as
 * much itself waits for its own sidecar. Guarded by its stock.
 */
final class Lag {

    private static final class State {
        private long needs;
        private boolean isWaiting;
        /** How long others have waited for it. */
        private long waitedNanos;
    }

    private final Map<Follower, State> followers = new LinkedHashMap<>();
    private final boolean isShared;
    private final boolean isForgiven;
    private final long limitNanos;
    private final LongSupplier nanoTime;

    /** Whether somebody waits for others, and since when that has not been counted. */
    private boolean isCounting;
    private long sinceNanos;

    private Lag(boolean isShared, Duration limit, boolean isForgiven, LongSupplier nanoTime) {
        this.isShared = isShared;
        this.limitNanos = limit.toNanos();
        this.isForgiven = isForgiven;
        this.nanoTime = nanoTime;
    }

    /** Of a single follower, for which nobody waits. */
    static Lag ofOne() {
        return new Lag(false, Duration.ZERO, true, System::nanoTime);
    }

    /**
     * Of several.
     *
     * @param limit how long each is waited for
     * @param isForgiven whether that time begins anew whenever it lets go of something; else it is added up
     * @param nanoTime a clock that only goes forward
     */
    static Lag ofSeveral(Duration limit, boolean isForgiven, LongSupplier nanoTime) {
        return new Lag(true, limit, isForgiven, nanoTime);
    }

    /** Whether there are several, or have been. */
    boolean isShared() {
        return isShared;
    }

    /** How long each is waited for. */
    Duration limit() {
        return Duration.ofNanos(limitNanos);
    }

    void follow(Follower follower) {
        followers.put(follower, new State());
    }

    void leave(Follower follower) {
        count();
        followers.remove(follower);
    }

    boolean isEmpty() {
        return followers.isEmpty();
    }

    boolean isFollowing(Follower follower) {
        return followers.containsKey(follower);
    }

    /** It needs nothing before {@code offset}; without effect on one that has left. */
    void needs(Follower follower, long offset) {
        State state = followers.get(follower);
        if (state != null && state.needs != offset) {
            count();
            state.needs = offset;
        }
    }

    /** Before this byte nothing is needed by anybody; there is a follower. */
    long neededFrom() {
        return followers.values().stream().mapToLong(state -> state.needs).min().orElseThrow();
    }

    /**
     * One that has to wait for room; it is woken when there may be some.
     *
     * @param half of what can be held, in bytes
     * @return those that are not waited for any longer, and have left
     */
    List<Follower> waits(Follower follower, long half) {
        count();
        State waiting = followers.get(follower);
        if (waiting == null) {
            return List.of();
        }
        waiting.isWaiting = true;
        if (!isCounting && waiting.needs - neededFrom() >= half) {
            isCounting = true;
            sinceNanos = nanoTime.getAsLong();
        }
        List<Follower> left = new ArrayList<>();
        followers.forEach((each, state) -> {
            if (isCounting && isLast(state) && state.waitedNanos > limitNanos) {
                left.add(each);
            }
        });
        followers.keySet().removeAll(left);
        left.forEach(Follower::wake);
        return left;
    }

    /** Some of what was held is not held any more. */
    void released() {
        if (isForgiven) {
            followers.values().forEach(state -> state.waitedNanos = 0);
        }
        wakeAll();
    }

    /** There may be room for those that wait. */
    void wakeAll() {
        count();
        isCounting = false;
        followers.forEach((each, state) -> {
            if (state.isWaiting) {
                state.isWaiting = false;
                each.wake();
            }
        });
    }

    private void count() {
        if (isCounting) {
            long now = nanoTime.getAsLong();
            followers.values().stream().filter(this::isLast).forEach(state -> state.waitedNanos += now - sinceNanos);
            sinceNanos = now;
        }
    }

    /** Whether it is one of those that are furthest behind, which hold the oldest buffer. */
    private boolean isLast(State state) {
        return state.needs - neededFrom() < ChunkBuffer.MAX_PAYLOAD_BYTES;
    }
}
