package io.mirrorbootstrap.api;

import java.util.HashMap;
import java.util.Map;

import jakarta.inject.Singleton;

import io.mirrorbootstrap.snapshot.Principal;

/**
 * Bounds how many removals wait for the disk at once: each has a worker meanwhile, and the links of all callers need some too. Any thread.
 */
@Singleton
class RemovalPlaces {

    private static final int MOST = 8;

    /** Of one caller; callers that are not told apart are one. */
    private static final int MOST_OF_ONE = 4;

    private final Map<String, Integer> taken = new HashMap<>(); // guarded by this
    private int all; // guarded by this

    /**
     * Takes a place.
     *
     * @return whether there was one: then it is to be given back
     */
    synchronized boolean take(Principal caller) {
        int own = taken.getOrDefault(id(caller), 0);
        if (all >= MOST || own >= MOST_OF_ONE) {
            return false;
        }
        all++;
        taken.put(id(caller), own + 1);
        return true;
    }

    /** Gives a place back. */
    synchronized void giveBack(Principal caller) {
        all--;
        taken.computeIfPresent(id(caller), (same, own) -> own == 1 ? null : own - 1);
    }

    private static String id(Principal caller) {
        return caller.id().orElse("");
    }
}
