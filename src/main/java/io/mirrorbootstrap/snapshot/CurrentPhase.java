package io.mirrorbootstrap.snapshot;

/**
 * The phase that a database's transfer is in now. A phase with an owner has a place among the transfers that may be under
 * way at once, and a phase without one has none.
 */
final class CurrentPhase {

    private final TransferLock lock;
    private final DatabaseId database;
    private final BootstrapLimit places;
    /** Written with the lock held; volatile so that a source which owns nothing here need not wait for the lock. */
    private volatile Phase phase;

    CurrentPhase(TransferLock lock, DatabaseId database, BootstrapLimit places, Phase first) {
        this.lock = lock;
        this.database = database;
        this.places = places;
        this.phase = first;
    }

    /** Any thread; without the lock held it may be another as soon as the caller looks at it. */
    Phase now() {
        return phase;
    }

    /** Lock held. A place for {@code next}, where it needs one, has been taken before. */
    void become(Phase next) {
        assert lock.isHeld();
        assert next.mayFollow(phase) : phase + " to " + next;
        phase = next;
        giveBackPlace();
    }

    /**
     * Gives the place back if no source owns the transfer: it was given up, or a source that had entered did not begin.
     * Lock held.
     */
    void giveBackPlace() {
        assert lock.isHeld();
        if (phase.owner().isEmpty()) {
            places.leave(database);
        }
    }
}
