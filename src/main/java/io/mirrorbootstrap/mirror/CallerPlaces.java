package io.mirrorbootstrap.mirror;

import java.util.HashMap;
import java.util.Map;

/** Bounds how much of something that costs all callers is under way at once, and how much of it for one of them. Any thread. */
public final class CallerPlaces {

    private final int most;
    private final int mostOfOne;
    private final Map<String, Integer> taken = new HashMap<>(); // guarded by this
    private int all; // guarded by this

    /**
     * @param most in all
     * @param mostOfOne of one caller; callers of whom nothing is asked are one
     */
    public CallerPlaces(int most, int mostOfOne) {
        this.most = most;
        this.mostOfOne = mostOfOne;
    }

    /** {@link #take(String, int)} with as many of one caller as always. */
    public boolean take(String caller) {
        return take(caller, mostOfOne);
    }

    /**
     * Takes a place.
     *
     * @param caller the name under which the caller is counted
     * @param mostOfOne of one caller, at this moment
     * @return whether there was one: then it is to be given back
     */
    public synchronized boolean take(String caller, int mostOfOne) {
        int own = taken.getOrDefault(caller, 0);
        if (all >= most || own >= mostOfOne) {
            return false;
        }
        all++;
        taken.put(caller, own + 1);
        return true;
    }

    /** Whether a caller has fewer than it may have, and others have all the rest; see {@link #take(String, int)}. */
    public synchronized boolean areTaken(String caller, int mostOfOne) {
        return all >= most && (mostOfOne >= most || taken.getOrDefault(caller, 0) < mostOfOne);
    }

    /** Gives a place back that was taken under the same name. */
    public synchronized void giveBack(String caller) {
        assert taken.containsKey(caller) : caller;
        all--;
        taken.computeIfPresent(caller, (same, own) -> own == 1 ? null : own - 1);
    }
}
