package io.mirrorbootstrap.snapshot;

/** Hears how far a payload has been read back. The thread that reads. */
public interface Reading {

    /**
     * Another slice, of 256 KiB at most, has been read.
     *
     * @param bytes so far
     * @param total of the whole, in bytes
     */
    void read(long bytes, long total);
}
