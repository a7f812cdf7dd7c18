package io.mirrorbootstrap.snapshot;

/** Hears what becomes of transfers. */
@FunctionalInterface
public interface TransferListener {

    /**
     * Called in order per database, on the thread that did it, with a lock held: must return soon, must not call back
     * and must not throw.
     */
    void on(TransferEvent event);
}
