package io.mirrorbootstrap.mirror;

import java.util.Optional;

import jakarta.inject.Singleton;

/** How much room the volume of the data directory has, as it was found last: to ask a disk may hang. Any thread; never waits. */
@Singleton
public class DiskSpace {

    private volatile Optional<Found> found = Optional.empty();

    /**
     * What a look has found, in bytes.
     *
     * @param free for this process; what is reserved for the mirror ({@link MirrorSettings#diskReserveBytes}) is part of it
     * @param total of the whole volume
     */
    public record Found(long free, long total) {
    }

    /** A look has found this. */
    public void tell(Found now) {
        found = Optional.of(now);
    }

    /** What the last look has found, a second ago at most unless the disk hangs; empty before the first. */
    public Optional<Found> last() {
        return found;
    }
}
