package io.mirrorbootstrap.snapshot;

/** How much of a file, which is written from its beginning to its end, is not forced, in bytes. Any thread. */
final class Unforced {

    private long end;
    /** Where the file ended when the force at hand began. */
    private long forcing;
    private long forced;

    /** @param forced how much of the file is there, and forced */
    Unforced(long forced) {
        this.end = forced;
        this.forcing = forced;
        this.forced = forced;
    }

    /**
     * The file has been written to up to there.
     *
     * @return how much longer it is
     */
    synchronized long written(long to) {
        long before = end;
        end = Math.max(end, to);
        return end - before;
    }

    /**
     * It has been cut.
     *
     * @return how much longer it is: 0 or less
     */
    synchronized long cut(long length) {
        long before = end;
        end = Math.min(end, length);
        forcing = Math.min(forcing, length);
        forced = Math.min(forced, length);
        return end - before;
    }

    /**
     * What is not forced is of no worth any more: it never takes room.
     *
     * @return how much longer the file is: 0 or less
     */
    synchronized long discard() {
        return cut(forced);
    }

    /** A force begins; the one before it has ended. */
    synchronized void begin() {
        forcing = end;
    }

    /** It has succeeded. */
    synchronized void succeeded() {
        forced = forcing;
    }

    synchronized long bytes() {
        assert forced <= end : forced + " of " + end;
        return end - forced;
    }
}
