package io.mirrorbootstrap.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * What a process finds where it is started, and what must not change what it does: the language, which has digits and rules for
 * upper and lower case of its own, and the character set of the terminal or the log.
 */
final class Surroundings {

    private Surroundings() {
    }

    /** For the rest of the process, before anything is printed or formatted. */
    static void ignore() {
        Locale.setDefault(Locale.ROOT);
        System.setOut(utf8(FileDescriptor.out));
        System.setErr(utf8(FileDescriptor.err));
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }
}
