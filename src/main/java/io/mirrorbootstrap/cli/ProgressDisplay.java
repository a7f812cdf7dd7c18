package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.IntSupplier;

import io.mirrorbootstrap.snapshot.Text;
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

    /** What a line is made of, from the widest on: the first that fits is shown. */
    private static final List<Set<Part>> CHOICES = List.of(EnumSet.allOf(Part.class),
            EnumSet.of(Part.AMOUNT, Part.RATE, Part.LEFT), EnumSet.of(Part.AMOUNT, Part.LEFT), EnumSet.of(Part.LEFT),
            EnumSet.noneOf(Part.class));

    private final PrintWriter out;
    private final boolean terminal;
    private final IntSupplier columns;
    private final RateMeter meter = new RateMeter();
    private Phase phase;
    private long shownNanos;
    private String shown = "";

    /** What a line has beside the percentage, the least worth first. */
    private enum Part {
        BAR, RATE, AMOUNT, LEFT
    }

    /** Lines for a log. */
    ProgressDisplay(PrintWriter out) {
        this(out, false, () -> Integer.MAX_VALUE);
    }

    /**
     * One line on a terminal.
     *
     * @param columns how many characters a line has, asked for each
     */
    ProgressDisplay(PrintWriter out, IntSupplier columns) {
        this(out, true, columns);
    }

    private ProgressDisplay(PrintWriter out, boolean terminal, IntSupplier columns) {
        this.out = out;
        this.terminal = terminal;
        this.columns = columns;
    }

    /** On standard error, as that is. */
    static ProgressDisplay on(PrintWriter standardError) {
        return Terminal.isStandardError()
                ? new ProgressDisplay(standardError, Terminal.ofStandardError())
                : new ProgressDisplay(standardError);
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
        out.println(Text.line(outcome.message() + "; trying again in " + Quantities.duration(pause)));
    }

    /** A line of its own. */
    @Override
    public void found(String sentence) {
        finishLine();
        out.println(Text.line(sentence));
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
        int room = room();
        return CHOICES.stream().map(parts -> amount(what, done, total, parts)).filter(line -> line.length() <= room)
                .findFirst().orElseGet(() -> amount(what.strip(), done, total, Set.of()));
    }

    private String amount(String what, long done, OptionalLong total, Set<Part> parts) {
        StringBuilder line = new StringBuilder(what).append(' ');
        boolean isKnown = total.isPresent() && total.getAsLong() > 0;
        if (isKnown) {
            double part = (double) done / total.getAsLong();
            if (terminal && parts.contains(Part.BAR)) {
                int cells = (int) (Math.min(1, part) * BAR_CELLS); // a file that is written to may have more
                line.append('[').append("#".repeat(cells)).append(".".repeat(BAR_CELLS - cells)).append("] ");
            }
            line.append((int) (part * 100)).append(" %");
            if (parts.contains(Part.AMOUNT)) {
                line.append(", ").append(Quantities.size(done)).append(" of ")
                        .append(Quantities.size(total.getAsLong()));
            }
        } else {
            line.append(Quantities.size(done));
        }
        double rate = meter.bytesPerSecond();
        if (rate > 0 && parts.contains(Part.RATE)) {
            line.append(", ").append(Quantities.rate(rate));
        }
        if (rate > 0 && isKnown && done < total.getAsLong() && parts.contains(Part.LEFT)) {
            line.append(", ").append(Quantities.duration(
                    Duration.ofMillis((long) ((total.getAsLong() - done) / rate * 1000)))).append(" left");
        }
        return line.toString();
    }

    /** How long a line may be: in the last column a terminal may begin another. */
    private int room() {
        return Math.max(0, columns.getAsInt() - 1);
    }

    private void show(String whole) {
        String line = whole.substring(0, Math.min(whole.length(), room()));
        if (line.equals(shown)) {
            return;
        }
        if (terminal) {
            // what was shown may be longer than the terminal is wide by now: it has wrapped then, and is left
            int covered = Math.min(shown.length(), room()) - line.length();
            out.print("\r" + line + " ".repeat(Math.max(0, covered)));
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
}
