package io.mirrorbootstrap.seed;

import java.io.IOException;

/** What is read in parts is another by now: what has come of it is of no use. */
final class ChangedException extends IOException {

    private static final long serialVersionUID = 1;

    ChangedException(String message) {
        super(message);
    }
}
