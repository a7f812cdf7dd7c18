package io.mirrorbootstrap;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import org.junit.jupiter.api.Assumptions;

/** Programs that a test runs, and that not every machine has. */
final class Programs {

    private Programs() {
    }

    static boolean isInstalled(String program) {
        return isIn(System.getenv("PATH"), program);
    }

    /** Whether {@code path} leads to it, directories with colons between them. */
    static boolean isIn(String path, String program) {
        return Stream.of(path.split(File.pathSeparator))
                .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
    }

    /** Skips the test where it is not there, and says so. */
    static void assume(boolean isThere, String program, String otherwise) {
        if (!isThere) {
            System.err.println(otherwise + ": THERE IS NO " + program);
        }
        Assumptions.assumeTrue(isThere, () -> "there is no " + program);
    }
}
