package io.mirrorbootstrap.api;

import java.util.HashMap;
import java.util.Map;

import jakarta.inject.Singleton;

/**
 * Bounds how many removals wait for the disk at once: each has a worker meanwhile, and the links of all callers need some too. Any thread.
 */
@Singleton
class RemovalPlaces {

    private static final int MOST = 8;

    /** Of one caller; callers of whom nothing is asked are one. */
    private static final int MOST_OF_ONE = 4;

    private final Map<String, Integer> taken = new HashMap<>(); // guarded by this
    private int all; // guarded by this

    /**
     * Takes a place.
     *
     * @param caller the name under which the caller is counted
     * @return whether there was one: then it is to be given back
     */
    synchronized boolean take(String caller) {
        int own = taken.getOrDefault(caller, 0);
        if (all >= MOST || own >= MOST_OF_ONE) {
            return false;
        }
        all++;
        taken.put(caller, own + 1);
        return true;
    }

    /** Gives a place back that was taken under the same name. */
    synchronized void giveBack(String caller) {
        all--;
        taken.computeIfPresent(caller, (same, own) -> own == 1 ? null : own - 1);
    }
}
