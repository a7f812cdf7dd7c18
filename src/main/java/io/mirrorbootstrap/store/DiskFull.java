package io.mirrorbootstrap.store;

import java.io.IOException;

/** Tells a full disk from a broken one. */
public final class DiskFull {

    private DiskFull() {
    }

    /** Whether the disk, or the quota on it, has no room left; the JDK has only the C library's words for it. */
    public static boolean is(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return failure instanceof IOException
                && (message.contains("No space left on device") || message.contains("Disk quota exceeded"));
    }
}
