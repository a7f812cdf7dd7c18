package io.mirrorbootstrap.cli;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Keeps the libraries silent where Quarkus does not run: a client command says itself what is to be said. */
final class ClientLogging {

    /** Held here: the log manager forgets levels of loggers that nobody holds. */
    private static final Logger ROOT = Logger.getLogger("");

    private ClientLogging() {
    }

    /** For the rest of the process: no library's record is even made. */
    static void quiet() {
        ROOT.setLevel(Level.OFF);
    }
}
