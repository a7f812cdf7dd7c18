package io.mirrorbootstrap.store;

import java.nio.channels.ClosedByInterruptException;

/** Tells a worker that was interrupted, as the process ends, from a disk that is broken. */
public final class Interrupted {

    private Interrupted() {
    }

    /** Whether an interrupt closed the file under the worker; nothing is wrong with the file then. */
    public static boolean is(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ClosedByInterruptException) {
                return true;
            }
        }
        return false;
    }
}
