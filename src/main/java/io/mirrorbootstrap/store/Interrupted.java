package io.mirrorbootstrap.store;

import java.nio.channels.ClosedChannelException;

/** Tells a worker that may not go on, as the process ends, from a disk that is broken. */
public final class Interrupted {

    private Interrupted() {
    }

    /**
     * Whether an interrupt closed the file, under this worker or under another that uses the same one, as nobody else closes a
     * file that is in use, or another process has the directory; nothing is wrong with the file then.
     */
    public static boolean is(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ClosedChannelException || cause instanceof DirectoryTakenException) {
                return true;
            }
        }
        return false;
    }
}
