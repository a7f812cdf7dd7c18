package io.mirrorbootstrap.snapshot;

import java.util.Optional;

/**
 * A program that sends chunks over one link, as the domain sees it: an owner of transfers. Two sources are the same only if
 * they are the same object.
 */
public interface Source {

    /**
     * {@code successor} has taken this database over; nothing of this source is accepted any more. Called on the
     * successor's thread with a lock held: must return at once and must not call back.
     */
    void superseded(DatabaseId database, Source successor);

    /**
     * Whether its link has ended, or it has been superseded: then it takes nothing over any more, though messages of it
     * may still be waiting. Any thread; once true, always true.
     */
    boolean isGone();

    /** Whether it has been superseded: then nothing of it begins any more, in no database. Any thread; once true, always true. */
    boolean isSuperseded();

    /**
     * Whether any other source may begin in place of what it sends: it only stands in until one comes, and takes the place of nothing that
     * is committed, or that a source sends. Any thread.
     */
    default boolean yields() {
        return false;
    }

    /** What it has announced, and others have ended without a word to it. Any thread. */
    EndedByOthers endedByOthers();

    /** On whose behalf it sends. Any thread. */
    Principal principal();

    /** Where it sends from, for people, as in {@code 10.0.0.7:41234}. Any thread. */
    String address();

    /** Of which trace it says that what it sends is a part. Any thread. */
    default Optional<TraceContext> trace() {
        return Optional.empty();
    }
}
