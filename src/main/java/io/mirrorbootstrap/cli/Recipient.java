package io.mirrorbootstrap.cli;

import java.util.Optional;

import io.mirrorbootstrap.cli.Handover.Opened;

/** What gets the bytes of the snapshot that {@code wait} has waited for. One thread, but for {@link #close}. */
interface Recipient extends AutoCloseable {

    /**
     * Gives it all bytes, and closes the file of the snapshot; what there is to say is said.
     *
     * @param freeing removes the snapshot when that was a success; empty: it stays
     */
    ExitCode take(Opened opened, Optional<Freeing> freeing) throws InterruptedException;

    /** It is not wanted any more, whether or not it has got something. */
    @Override
    void close();
}
