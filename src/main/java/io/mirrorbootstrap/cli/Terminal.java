package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

import sun.misc.Signal;

/** The terminal that an output may be: how large it is, now and when somebody has drawn at its window. Any thread. */
final class Terminal implements IntSupplier {

    /** What every terminal has, where none says how large it is. */
    private static final int USUAL_COLUMNS = 80;
    private static final int USUAL_LINES = 24;

    private static final long PATIENCE_MILLIS = 1000;

    /** The outputs of a process, with the command that asks its terminal for its size, and says it where this process hears it. */
    private enum Output {
        STANDARD(1, "stty size <&1 >&2 2>/dev/null"), ERROR(2, "stty size <&2 2>/dev/null");

        private final int descriptor;
        private final String question;

        Output(int descriptor, String question) {
            this.descriptor = descriptor;
            this.question = question;
        }
    }

    private final Output output;
    private volatile int columns;
    private volatile int lines;
    private volatile boolean outdated = true;

    private Terminal(Output output) {
        this.output = output;
    }

    /** The one that standard error is. */
    static Terminal ofStandardError() {
        return of(Output.ERROR);
    }

    /** The one that standard output is. */
    static Terminal ofStandardOutput() {
        return of(Output.STANDARD);
    }

    private static Terminal of(Output output) {
        Terminal terminal = new Terminal(output);
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
        return is(Output.ERROR);
    }

    /** Likewise of standard output. */
    static boolean isStandardOutput() {
        return is(Output.STANDARD);
    }

    private static boolean is(Output output) {
        String term = System.getenv("TERM");
        if (term == null || term.equals("dumb")) {
            return false;
        }
        try {
            String target = Files
                    .readSymbolicLink(Path.of("/proc/self/fd", String.valueOf(output.descriptor))).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false; // no such file system here: plain lines are right everywhere
        }
    }

    /** How many characters a line has. */
    @Override
    public int getAsInt() {
        look();
        return columns;
    }

    /** How many lines it has. */
    int lines() {
        look();
        return lines;
    }

    private void look() {
        if (outdated) {
            outdated = false;
            String size = asked();
            int blank = size.indexOf(' ');
            columns = smaller(number(System.getenv("COLUMNS")), number(size.substring(blank + 1)), USUAL_COLUMNS);
            lines = smaller(number(System.getenv("LINES")), number(size.substring(0, Math.max(0, blank))), USUAL_LINES);
        }
    }

    /** What is too small fits both; what is not known is 0. */
    private static int smaller(int told, int asked, int usual) {
        if (told > 0 && asked > 0) {
            return Math.min(told, asked);
        }
        return told + asked > 0 ? told + asked : usual;
    }

    private static int number(String text) {
        try {
            return text == null ? 0 : Math.max(0, Integer.parseInt(text.strip()));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Java cannot ask the kernel. */
    private String asked() {
        try {
            // the descriptor itself: after "su" the terminal of another user may not be opened
            ProcessBuilder builder = new ProcessBuilder("sh", "-c", output.question);
            boolean isError = output == Output.ERROR;
            Process stty = (isError
                    ? builder.redirectError(Redirect.INHERIT)
                    : builder.redirectOutput(Redirect.INHERIT)).start();
            try {
                if (!stty.waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                    return "";
                }
                InputStream said = isError ? stty.getInputStream() : stty.getErrorStream();
                return new String(said.readAllBytes(), StandardCharsets.US_ASCII).strip();
            } finally {
                stty.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        } catch (IOException e) {
            return ""; // there is no such program
        }
    }
}
