package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.OptionalLong;

/** How far it is. Called often, from the sending thread, which waits meanwhile. */
@FunctionalInterface
public interface Progress {

    /** What is being done; in this order, each phase at most once for each attempt. */
    enum Phase {
        /** The file is read once for its CRC. */
        CHECKSUM,
        /** Opening the link, and waiting for the sidecar to say from where to send. */
        CONNECTING,
        /** Chunks are on their way; what counts is what the sidecar has answered. */
        SENDING,
        /** All is sent, the sidecar verifies it and makes it durable. */
        COMMITTING
    }

    /**
     * @param phase what is being done
     * @param done bytes done in this phase; in {@link Phase#SENDING}, bytes of the snapshot that the sidecar has
     * @param total bytes of the snapshot; empty when not known
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
}
