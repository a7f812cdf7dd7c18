package io.mirrorbootstrap.access;

import java.util.HashMap;
import java.util.Map;

import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.ToldApart;

/**
 * The places that connections may take, on all ports together. Some are kept for strangers, so that a probe finds one; of the
 * others one caller gets half at most. Not for more than one thread at a time: {@link Strangers} has the lock.
 */
final class Places {

    /**
     * Of all places, one in this many is for strangers alone, a probe among them, and as many for strangers that are cut, until
     * they are closed.
     */
    private static final int RESERVED = 12;

    /** Of all places, one in this many may be taken by strangers of one port: others have the rest. */
    private static final int STRANGERS = 3;

    private final int maxOpen;
    private final int maxStrangers;
    private final int maxKnown;
    private final int maxSteady;

    private int open;
    private int known;
    /** By what stays the same of a caller: by which name it is counted changes with the callers that are known. */
    private final Map<CallerId, Integer> knownOf = new HashMap<>();

    /** @param maxOpen how many connections may be open; 1 or more */
    Places(int maxOpen) {
        this.maxOpen = maxOpen;
        this.maxStrangers = Math.max(1, maxOpen / STRANGERS);
        int reserved = Math.max(1, maxOpen / RESERVED);
        this.maxSteady = maxOpen - reserved;
        this.maxKnown = Math.max(1, maxSteady - reserved);
    }

    /** How many strangers of one port there may be. */
    int maxStrangers() {
        return maxStrangers;
    }

    /** How many connections are open. */
    int open() {
        return open;
    }

    /** Whether so many connections are open that only the places for strangers to be cut are left. */
    boolean isCrowded() {
        return open > maxSteady;
    }

    /** Takes a place for a connection; false when there is none. */
    boolean take() {
        boolean isFree = open < maxOpen;
        open += isFree ? 1 : 0;
        return isFree;
    }

    /** The connection that took a place is closed. */
    void giveBack() {
        open--;
        assert open >= 0 : open;
    }

    /**
     * Makes the place of a connection one that is not taken from it for others; false when there are no more of these.
     *
     * @param caller whose the connection is, also where it is the only one: nothing here is taken back. If nothing is asked of callers, it
     *        may have all of them
     * @param apart by what callers are told apart now
     */
    boolean makeKnown(CallerId caller, ToldApart apart) {
        boolean may = known < maxKnown
                && (apart.name(caller).isEmpty() || knownOf(caller, apart) < Math.max(1, maxKnown / 2));
        if (may) {
            known++;
            knownOf.merge(caller, 1, Integer::sum);
        }
        return may;
    }

    private int knownOf(CallerId caller, ToldApart apart) {
        return knownOf.entrySet().stream().filter(each -> apart.isSame(each.getKey(), caller))
                .mapToInt(Map.Entry::getValue).sum();
    }

    /** A connection of {@code caller} that was made known is closed; its place is given back beside. */
    void unmakeKnown(CallerId caller) {
        known--;
        assert known >= 0 : known;
        knownOf.computeIfPresent(caller, (same, n) -> n == 1 ? null : n - 1);
    }
}
