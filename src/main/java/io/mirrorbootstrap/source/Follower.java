package io.mirrorbootstrap.source;

/** Who sends what a {@link Stock} has, at a pace of its own. */
interface Follower {

    /** Is to look again: there may be room now, or it has been left behind. Does not wait. Any thread. */
    void wake();
}
