package io.mirrorbootstrap.snapshot;

/**
 * Whoever sends chunks over one link, as the domain sees it: an owner of transfers. Two sources are the same only if
 * they are the same object.
 */
public interface Source {

    /**
     * Another source has taken this database over; nothing of this one is accepted any more. Called on the other
     * source's thread with a lock held: must return at once and must not call back.
     */
    void superseded(DatabaseId database);

    /**
     * Whether its link has ended, or it has been superseded: then it takes nothing over any more, though messages of it
     * may still be waiting. Any thread; once true, always true.
     */
    boolean isGone();

    /** On whose behalf it sends. Any thread. */
    Principal principal();
}
