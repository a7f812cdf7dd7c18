package io.mirrorbootstrap.snapshot;

/** Is told each change of a transfer or snapshot. */
@FunctionalInterface
public interface TransferListener {

    /**
     * Called in order per database, on the thread that did it, with a lock held except for {@link TransferEvent.Refused}:
     * must return soon, must not call back and must not throw.
     */
    void on(TransferEvent event);

    /** Whether it wishes to be told at all. Asked once, before the first event. */
    default boolean isListening() {
        return true;
    }
}
