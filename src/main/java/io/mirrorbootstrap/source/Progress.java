package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** How far it is. Called often, from the sending thread, which waits meanwhile. */
@FunctionalInterface
public interface Progress {

    /** What is being done; in this order for each attempt. */
    enum Phase {
        /** Opening the link, and waiting for the sidecar to say from where to send. */
        CONNECTING,
        /** The part of a file that the sidecar has is read for its CRC; for one that wants to know the CRC in advance, all of it. */
        CHECKSUM,
        /** Chunks are on their way; what counts is what the sidecar has answered. */
        SENDING,
        /** All is sent, the sidecar verifies it and makes it durable. */
        COMMITTING,
        /** A snapshot that is there is handed to the command that restores it. */
        RESTORING
    }

    /**
     * @param phase what is being done
     * @param done bytes done in this phase; in {@link Phase#CHECKSUM}, bytes of the part that is read; in {@link Phase#SENDING}, bytes of the snapshot that the sidecar has
     * @param total bytes of the snapshot, or of the part that is read; empty when not known
     */
    void update(Phase phase, long done, OptionalLong total);

    /**
     * An attempt failed, and another will be made.
     *
     * @param outcome of the attempt
     * @param pause until the next one
     */
    default void retrying(Outcome outcome, Duration pause) {
    }

    /**
     * The snapshot was looked at for its LSN.
     *
     * @param sentence what was found, or that nothing was
     */
    default void found(String sentence) {
    }

    /**
     * From now on the snapshot has this name in the logs of both ends, see {@link SnapshotIdentity#transferId}.
     */
    default void named(String transfer) {
    }

    /** It is over, whatever the outcome. Not called where the sidecar has not asked for a byte. */
    default void ended(Tally tally) {
    }
}
