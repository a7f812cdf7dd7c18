package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Broadcast;
import io.mirrorbootstrap.source.Destination;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.SnapshotInput;
import io.mirrorbootstrap.trace.SendTrace;
import io.mirrorbootstrap.wire.ErrorCode;

import picocli.CommandLine;

/** Sends a snapshot to one mirror or to several, shows how far it is, and says what became of it. One thread. */
final class Delivery {

    /** The refusals that speak of what is there, and are none of what is meant to replace it. */
    private static final Set<String> REPLACEABLE = Set.of(ErrorCode.STALE_SNAPSHOT.spelling(),
            ErrorCode.TRANSFER_IN_PROGRESS.spelling());

    private final CommandLine command;
    private final List<String> names;
    private final List<Destination> destinations;

    /**
     * @param names of the mirrors; one that is alone is not named
     * @param destinations the mirrors, in the same order, not traced
     */
    Delivery(CommandLine command, List<String> names, List<Destination> destinations) {
        this.command = command;
        this.names = names;
        this.destinations = destinations;
    }

    /**
     * Sends it.
     *
     * @param trace of which that is a part; it ends with it
     * @return of each mirror
     */
    List<Outcome> send(SnapshotInput input, Origin origin, boolean allowEmpty, long replayBytes, Duration patience,
            Duration lagLimit, SendTrace trace) throws InterruptedException {
        trace.isOf(origin.database(), origin.sourceClusterId());
        List<SendTrace> parts = isOne() ? List.of(trace) : destinations.stream().map(each -> trace.part()).toList();
        parts.forEach(part -> part.isOf(origin.database(), origin.sourceClusterId()));
        List<Destination> traced = IntStream.range(0, parts.size())
                .mapToObj(i -> destinations.get(i).tracedBy(parts.get(i).context())).toList();
        List<ProgressDisplay> displays = displays();
        List<TracedProgress> progress = IntStream.range(0, parts.size())
                .mapToObj(i -> new TracedProgress(displays.get(i), parts.get(i))).toList();
        try (Broadcast broadcast = new Broadcast(traced, allowEmpty, replayBytes)) {
            List<Outcome> outcomes = broadcast.send(input, origin, progress, patience, lagLimit);
            IntStream.range(0, outcomes.size()).forEach(i -> progress.get(i).ended(outcomes.get(i)));
            if (!isOne()) {
                end(trace, outcomes);
            }
            return outcomes;
        } finally {
            displays.forEach(ProgressDisplay::close);
        }
    }

    private boolean isOne() {
        return destinations.size() == 1;
    }

    private static void end(SendTrace trace, List<Outcome> outcomes) {
        ExitCode worst = ExitCode.of(outcomes);
        if (worst == ExitCode.COMMITTED) {
            trace.committed(((Outcome.Committed) outcomes.get(0)).snapshot().bytes());
        } else {
            trace.failed(worst.name().toLowerCase(Locale.ROOT));
        }
    }

    private List<ProgressDisplay> displays() {
        PrintWriter err = command.getErr();
        if (isOne()) {
            return List.of(ProgressDisplay.ofSend(err));
        } else if (!Terminal.isStandardError()) {
            return names.stream().map(name -> ProgressDisplay.ofMirror(err, name)).toList();
        }
        Terminal terminal = Terminal.ofStandardError();
        ProgressBoard board = new ProgressBoard(err, names, terminal, terminal::lines);
        return IntStream.range(0, names.size()).mapToObj(i -> ProgressDisplay.ofMirror(err, board.row(i))).toList();
    }

    /**
     * Says what became of it: a line for each mirror.
     *
     * @param lsnAsGiven the LSN where it was given in PostgreSQL's form
     * @return the exit code: of several, that of the worst
     */
    int report(List<Outcome> outcomes, Optional<String> lsnAsGiven) {
        for (int i = 0; i < outcomes.size(); i++) {
            Outcome outcome = outcomes.get(i);
            if (outcome instanceof Outcome.Committed committed) {
                command.getOut().println(Report.line(committed, lsnAsGiven) + (isOne() ? "" : " " + name(i)));
            } else {
                Report.failed(command, ExitCode.of(outcome),
                        (isOne() ? "" : name(i) + ": ") + outcome.message() + hint(outcome));
                if (outcome instanceof Outcome.Unexpected unexpected) {
                    unexpected.fault().printStackTrace(command.getErr());
                }
            }
        }
        return ExitCode.of(outcomes).number();
    }

    private String name(int index) {
        return "mirror=" + Text.field(names.get(index));
    }

    /** The option that would have made another outcome of it. */
    private static String hint(Outcome outcome) {
        if (outcome instanceof Outcome.InputEmpty) {
            return " (--allow-empty sends it all the same)";
        }
        // who may not replace it, as it belongs to another, is not told this
        return outcome instanceof Outcome.Refused refused && REPLACEABLE.contains(refused.failure().code())
                && refused.failure().message().contains("(replace)") ? ". If it is, send it with --replace" : "";
    }
}
