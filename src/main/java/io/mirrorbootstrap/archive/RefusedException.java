package io.mirrorbootstrap.archive;

import java.io.IOException;

/** An archive is none, or has what is not unpacked: no other disk would help. */
public final class RefusedException extends IOException {

    private static final long serialVersionUID = 1;

    /** Names in it are a stranger's, and may be of any length. */
    private static final int MOST_CHARACTERS = 1000;

    /** @param message what it has, as a clause that names the member */
    RefusedException(String message) {
        super(message.length() > MOST_CHARACTERS ? message.substring(0, MOST_CHARACTERS) + "…" : message);
    }
}
