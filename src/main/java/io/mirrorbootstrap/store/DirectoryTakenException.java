package io.mirrorbootstrap.store;

import java.io.IOException;

/** Another process has this one's directory, by its lock: nothing in it is changed by this one any more. */
public final class DirectoryTakenException extends IOException {

    private static final long serialVersionUID = 1;

    DirectoryTakenException(String message) {
        super(message);
    }
}
