package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

import sun.misc.Signal;

/** The terminal that standard error may be: how wide it is, now and when somebody has drawn at its window. Any thread. */
final class Terminal implements IntSupplier {

    private static final int STANDARD_ERROR = 2;

    /** What every terminal has, where none says how wide it is. */
    private static final int USUAL_COLUMNS = 80;

    private static final long PATIENCE_MILLIS = 1000;

    private volatile int columns;
    private volatile boolean outdated = true;

    private Terminal() {
    }

    /** The one that standard error is. */
    static Terminal ofStandardError() {
        Terminal terminal = new Terminal();
        try {
            Signal.handle(new Signal("WINCH"), signal -> terminal.outdated = true);
        } catch (IllegalArgumentException e) {
            // there is no such signal here, or it is not for this process: as wide as it was at the start
        }
        return terminal;
    }

    /**
     * Whether standard error is a terminal that a line can be written over on. {@code System.console()} does not tell: on newer
     * JDKs it is there even without one.
     */
    static boolean isStandardError() {
        String term = System.getenv("TERM");
        if (term == null || term.equals("dumb")) {
            return false;
        }
        try {
            String target = Files.readSymbolicLink(descriptor()).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false; // no such file system here: plain lines are right everywhere
        }
    }

    /** How many characters a line has. */
    @Override
    public int getAsInt() {
        if (outdated) {
            outdated = false;
            columns = narrower(columns(System.getenv("COLUMNS")), asked());
        }
        return columns;
    }

    /** A line that is too short fits both; what is not known is 0. */
    private static int narrower(int told, int asked) {
        if (told > 0 && asked > 0) {
            return Math.min(told, asked);
        }
        return told + asked > 0 ? told + asked : USUAL_COLUMNS;
    }

    private static int columns(String text) {
        try {
            return text == null ? 0 : Math.max(0, Integer.parseInt(text.strip()));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Java cannot ask the kernel. */
    private static int asked() {
        try {
            // the descriptor itself: after "su" the terminal of another user may not be opened
            Process stty = new ProcessBuilder("sh", "-c", "stty size <&2 2>/dev/null").redirectError(Redirect.INHERIT)
                    .start();
            try {
                if (!stty.waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                    return 0;
                }
                String size = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
                return columns(size.substring(size.indexOf(' ') + 1));
            } finally {
                stty.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        } catch (IOException e) {
            return 0; // there is no such program
        }
    }

    private static Path descriptor() {
        return Path.of("/proc/self/fd", String.valueOf(STANDARD_ERROR));
    }
}
