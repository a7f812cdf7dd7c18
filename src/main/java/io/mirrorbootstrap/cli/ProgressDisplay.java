package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;

import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.Progress;

/**
 * Shows progress: a line that is written over on a terminal; elsewhere a new line for each phase and every few seconds,
 * so that a log stays readable. Sending thread only.
 */
final class ProgressDisplay implements Progress, AutoCloseable {

    private static final long TERMINAL_NANOS = Duration.ofMillis(100).toNanos();
    private static final long LOG_NANOS = Duration.ofSeconds(5).toNanos();
    private static final int BAR_CELLS = 24;

    private final PrintWriter out;
    private final boolean terminal;
    private final RateMeter meter = new RateMeter();
    private Phase phase;
    private long shownNanos;
    private String shown = "";

    ProgressDisplay(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** On standard error, as that is. */
    static ProgressDisplay on(PrintWriter standardError) {
        return new ProgressDisplay(standardError, isTerminal(2));
    }

    @Override
    public void update(Phase now, long done, OptionalLong total) {
        long nanos = System.nanoTime();
        boolean first = now != phase;
        if (first) {
            finishLine();
            phase = now;
            meter.restart(done, nanos);
        } else if (nanos - shownNanos < (terminal ? TERMINAL_NANOS : LOG_NANOS) && !isEnd(done, total)) {
            return;
        }
        meter.sample(done, nanos);
        shownNanos = nanos;
        show(first && !isEnd(done, total) ? opening(done, total) : line(done, total));
    }

    @Override
    public void retrying(Outcome outcome, Duration pause) {
        finishLine();
        phase = null;
        out.println(outcome.message() + "; trying again in " + Quantities.duration(pause));
    }

    /** Leaves the cursor at the start of a line. */
    @Override
    public void close() {
        finishLine();
    }

    private boolean isEnd(long done, OptionalLong total) {
        return total.isPresent() && done == total.getAsLong();
    }

    private String opening(long done, OptionalLong total) {
        return switch (phase) {
            case CONNECTING -> "connecting";
            case COMMITTING -> "sent, the sidecar verifies and commits";
            default -> line(done, total);
        };
    }

    private String line(long done, OptionalLong total) {
        return switch (phase) {
            case CONNECTING -> "connecting";
            case COMMITTING -> "sent, the sidecar verifies and commits";
            case CHECKSUM -> amount("checksum", done, total);
            case SENDING -> amount("sending ", done, total);
        };
    }

    private String amount(String what, long done, OptionalLong total) {
        StringBuilder line = new StringBuilder(what).append(' ');
        if (total.isPresent() && total.getAsLong() > 0) {
            double part = (double) done / total.getAsLong();
            if (terminal) {
                int cells = (int) (part * BAR_CELLS);
                line.append('[').append("#".repeat(cells)).append(".".repeat(BAR_CELLS - cells)).append("] ");
            }
            line.append((int) (part * 100)).append(" %, ").append(Quantities.size(done)).append(" of ")
                    .append(Quantities.size(total.getAsLong()));
        } else {
            line.append(Quantities.size(done));
        }
        double rate = meter.bytesPerSecond();
        if (rate > 0) {
            line.append(", ").append(Quantities.rate(rate));
            if (total.isPresent() && done < total.getAsLong()) {
                line.append(", ").append(Quantities.duration(
                        Duration.ofMillis((long) ((total.getAsLong() - done) / rate * 1000)))).append(" left");
            }
        }
        return line.toString();
    }

    private void show(String line) {
        if (line.equals(shown)) {
            return;
        }
        if (terminal) {
            out.print("\r" + line + " ".repeat(Math.max(0, shown.length() - line.length())));
            out.flush();
        } else {
            out.println(line);
        }
        shown = line;
    }

    private void finishLine() {
        if (terminal && !shown.isEmpty()) {
            out.println();
        }
        shown = "";
    }

    /**
     * Whether a file descriptor of this process is a terminal. {@code System.console()} does not tell: on newer JDKs it
     * is there even without one.
     */
    private static boolean isTerminal(int descriptor) {
        String term = System.getenv("TERM");
        if (term == null || term.equals("dumb")) {
            return false;
        }
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false; // no such file system here: plain lines are right everywhere
        }
    }
}
