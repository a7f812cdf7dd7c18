package io.mirrorbootstrap.store;

import java.io.IOException;

/** More files are in a directory than anybody should hold the names of: somebody has put others there. */
public final class TooManyFilesException extends IOException {

    private static final long serialVersionUID = 1L;

    /** @param most how many there may be */
    public TooManyFilesException(int most) {
        super("more than " + most + " files are in it: move those away that are not of a snapshot of this sidecar");
    }
}
