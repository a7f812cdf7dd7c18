package io.mirrorbootstrap.mirror;

/** How many links are open: for rooms that tell it, and do not know links. Any thread. */
@FunctionalInterface
public interface OpenLinks {

    /** The number of links that are open now. */
    int now();
}
