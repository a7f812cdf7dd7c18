package io.mirrorbootstrap.mirror;

/** How many snapshots are being downloaded: for rooms that tell it, and do not know downloads. Any thread. */
public interface OpenDownloads {

    /** The number of downloads that are under way now. */
    int now();

    /** How many may be. */
    int most();
}
