package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import io.mirrorbootstrap.mirror.ProgressSteps;
import io.mirrorbootstrap.mirror.Rate;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.Progress;
import io.mirrorbootstrap.source.Tally;

/**
 * Shows progress: a line that is written over on a terminal; elsewhere a new line for each phase, tenth or minute, so that a log stays
 * readable. Sending thread only.
 */
final class ProgressDisplay implements Progress, AutoCloseable {

    private static final long TERMINAL_NANOS = Duration.ofMillis(100).toNanos();
    /** As in the log of {@code serve}. */
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
            Locale.ROOT);
    private static final int BAR_CELLS = 24;

    /** What a line is made of, from the widest on: the first that fits is shown. */
    private static final List<Set<Part>> CHOICES = List.of(EnumSet.allOf(Part.class),
            EnumSet.of(Part.AMOUNT, Part.RATE, Part.LEFT), EnumSet.of(Part.AMOUNT, Part.LEFT), EnumSet.of(Part.LEFT),
            EnumSet.noneOf(Part.class));

    private final PrintWriter out;
    /** Empty in a log. */
    private final Optional<Row> terminal;
    private final Supplier<String> stamp;
    private final LongSupplier nanoTime;
    private final RateMeter meter = new RateMeter();
    private Phase phase;
    private ProgressSteps steps;
    private long shownNanos;
    private String shown = "";
    private String name = "";
    private String mirror = "";

    /** What a line has beside the percentage, the least worth first. */
    private enum Part {
        BAR, RATE, AMOUNT, LEFT
    }

    /** Lines for a log. */
    ProgressDisplay(PrintWriter out) {
        this(out, Optional.empty(), () -> "", System::nanoTime);
    }

    /**
     * Lines for a log that say when they were written, and of which transfer they are.
     *
     * @param clock what time it is
     * @param nanoTime a clock that only goes forward
     */
    ProgressDisplay(PrintWriter out, Supplier<OffsetDateTime> clock, LongSupplier nanoTime) {
        this(out, Optional.empty(), () -> TIME.format(clock.get()) + " ", nanoTime);
    }

    /**
     * One line on a terminal.
     *
     * @param columns how many characters a line has, asked for each
     */
    ProgressDisplay(PrintWriter out, IntSupplier columns) {
        this(out, Optional.of(new TerminalLine(out, columns)), () -> "", System::nanoTime);
    }

    private ProgressDisplay(PrintWriter out, Optional<Row> terminal, Supplier<String> stamp, LongSupplier nanoTime) {
        this.out = out;
        this.terminal = terminal;
        this.stamp = stamp;
        this.nanoTime = nanoTime;
    }

    /** On standard error, as that is. */
    static ProgressDisplay on(PrintWriter standardError) {
        return Terminal.isStandardError()
                ? new ProgressDisplay(standardError, Terminal.ofStandardError())
                : new ProgressDisplay(standardError);
    }

    /** On standard error, as that is; in a log it can be told when each line was written. */
    static ProgressDisplay ofSend(PrintWriter standardError) {
        return Terminal.isStandardError()
                ? on(standardError)
                : new ProgressDisplay(standardError, OffsetDateTime::now, System::nanoTime);
    }

    /** Of one of several mirrors, on a line of its own of a terminal. */
    static ProgressDisplay ofMirror(PrintWriter standardError, Row row) {
        return new ProgressDisplay(standardError, Optional.of(row), () -> "", System::nanoTime);
    }

    /** Of one of several mirrors, in a log: each line names it. */
    static ProgressDisplay ofMirror(PrintWriter standardError, String mirror) {
        ProgressDisplay display = new ProgressDisplay(standardError, OffsetDateTime::now, System::nanoTime);
        display.mirror = "mirror=" + mirror + " ";
        return display;
    }

    @Override
    public void update(Phase now, long done, OptionalLong total) {
        long nanos = nanoTime.getAsLong();
        boolean first = now != phase;
        boolean isDue = first || isDue(done, nanos);
        if (first) {
            finishLine();
            phase = now;
            meter.restart(done, nanos);
            steps = new ProgressSteps(done, total.orElse(0), nanos);
        } else if (!isDue && !isEnd(done, total)) {
            return;
        }
        meter.sample(done, nanos);
        shownNanos = nanos;
        String line = first && !isEnd(done, total) ? opening(done, total) : line(done, total);
        if (terminal.isPresent()) {
            terminal.get().show(line);
        } else if (isDue || !line.equals(shown)) { // a log says once a minute that nothing has changed
            println(line);
            steps.written(done, nanos);
            shown = line;
        }
    }

    private boolean isDue(long done, long nanos) {
        return terminal.isPresent() ? nanos - shownNanos >= TERMINAL_NANOS : steps.isDue(done, nanos);
    }

    @Override
    public void retrying(Outcome outcome, Duration pause) {
        finishLine();
        phase = null;
        println(Text.line(outcome.message() + "; trying again in " + Quantities.duration(pause)));
    }

    /** A line of its own. */
    @Override
    public void found(String sentence) {
        finishLine();
        println(Text.line(sentence));
    }

    @Override
    public void named(String transfer) {
        name = "transfer=" + transfer + " ";
    }

    /** In a log in the form of the lines that {@code serve} has in its own of the same transfer. */
    @Override
    public void ended(Tally tally) {
        finishLine();
        double seconds = tally.took().toNanos() / 1e9;
        double rate = tally.bytes() / Math.max(1e-9, seconds);
        if (terminal.isPresent()) {
            String line = "sent " + Quantities.size(tally.bytes()) + " in " + Quantities.duration(tally.took()) + ", "
                    + Quantities.rate(rate) + again(tally) + compressed(tally);
            terminal.get().say(line.substring(0, Math.min(line.length(), room())));
            return;
        }
        out.println(stamp.get() + mirror + String.format(Locale.ROOT,
                "ended: database=%s transfer=%s bytes=%d seconds=%.3f rate=%s resumes=%d resent_bytes=%d",
                tally.identity().database(), tally.identity().transferId(), tally.bytes(), seconds,
                Rate.inWords(rate), tally.resumes(), tally.resentBytes())
                + (isCompressed(tally) ? " link_bytes=" + tally.linkBytes() : ""));
    }

    private static String again(Tally tally) {
        return tally.resumes() == 0
                ? ""
                : ", gone on with " + tally.resumes() + " times, " + Quantities.size(tally.resentBytes())
                        + " sent again";
    }

    private static boolean isCompressed(Tally tally) {
        return tally.linkBytes() < tally.bytes();
    }

    private static String compressed(Tally tally) {
        return isCompressed(tally) ? ", " + Quantities.size(tally.linkBytes()) + " on the link" : "";
    }

    private void println(String line) {
        String time = stamp.get();
        if (terminal.isPresent()) {
            terminal.get().say(line);
        } else {
            out.println(time.isEmpty() ? line : time + mirror + name + line);
        }
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
            case RESTORING -> amount("restoring", done, total);
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
            if (terminal.isPresent() && parts.contains(Part.BAR)) {
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

    private int room() {
        return terminal.map(Row::room).orElse(Integer.MAX_VALUE);
    }

    private void finishLine() {
        terminal.ifPresent(Row::finish);
        shown = "";
    }
}
