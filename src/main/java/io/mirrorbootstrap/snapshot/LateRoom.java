package io.mirrorbootstrap.snapshot;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The room on a disk that says some time after a force what that took. What was written in that time may be counted or not, so there is
 * as much room as the disk says less all of it; or, if that is more, as much as there was when it was last known, less what was written
 * since. Any thread.
 */
final class LateRoom {

    /** For so long Linux keeps what is not forced (30 s), and then btrfs its transaction (30 s). */
    private static final long COUNTED_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(75);

    private final LongSupplier nanoTime;
    private long sinceNanos;
    private long written;
    private long writtenBefore;
    private long atLeast;

    LateRoom(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.sinceNanos = nanoTime.getAsLong();
    }

    /** @param bytes less than 0 where a file has been cut */
    synchronized void written(long bytes) {
        turn();
        written = Math.max(0, written + bytes);
        atLeast -= bytes;
    }

    /** @param usable what the disk says, in bytes */
    synchronized long bytes(long usable) {
        turn();
        atLeast = Math.max(atLeast, usable - written - writtenBefore);
        return Math.min(usable, atLeast);
    }

    private void turn() {
        long now = nanoTime.getAsLong();
        long passed = now - sinceNanos;
        if (passed >= COUNTED_WITHIN_NANOS) {
            writtenBefore = passed < 2 * COUNTED_WITHIN_NANOS ? written : 0;
            written = 0;
            sinceNanos = now;
        }
    }
}
