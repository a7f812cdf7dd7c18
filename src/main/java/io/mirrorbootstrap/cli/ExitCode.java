package io.mirrorbootstrap.cli;

import java.util.Comparator;
import java.util.List;

import io.mirrorbootstrap.source.Obstacle;
import io.mirrorbootstrap.source.Outcome;

/** What a script can tell from the exit code: the one place where outcomes become numbers. */
enum ExitCode {
    /** The sidecar has the snapshot. */
    COMMITTED(0),
    /** Unexpected: a defect of this program, or its result cannot be written. */
    FAILED(1),
    /** The command line is wrong, picocli's own code, or names nothing that could be sent. */
    USAGE(2),
    /** The sidecar said no: to try again changes nothing. */
    REFUSED(3),
    /** No link, or it was lost, or what went over it: to try again may help. */
    LINK(4),
    /** The input could not be read, or changed meanwhile. */
    INPUT(5),
    /** The command that writes the snapshot, or restores it, failed. */
    COMMAND(6),
    /** The command has restored the snapshot, which was to be removed then, and is still there. */
    REMAINS(7);

    /** What several mirrors have come to: the input's own faults first, then what nothing heals by itself. */
    private static final List<ExitCode> WORST_FIRST = List.of(FAILED, COMMAND, INPUT, USAGE, REFUSED, LINK, COMMITTED);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    /** What the process ends with. */
    int number() {
        return number;
    }

    /** The exit code of an outcome. */
    static ExitCode of(Outcome outcome) {
        if (outcome instanceof Outcome.Committed) {
            return COMMITTED;
        } else if (outcome instanceof Outcome.NoLink noLink) {
            return of(noLink.obstacle());
        } else if (outcome instanceof Outcome.LinkLost || outcome instanceof Outcome.CommitUnknown
                || outcome instanceof Outcome.BytesLost || outcome instanceof Outcome.BytesDiffer
                || outcome instanceof Outcome.LeftBehind) {
            return LINK;
        } else if (outcome instanceof Outcome.InputChanged || outcome instanceof Outcome.InputFailed
                || outcome instanceof Outcome.InputCut) {
            return INPUT;
        } else if (outcome instanceof Outcome.InputEmpty || outcome instanceof Outcome.InputUnusable) {
            return USAGE;
        } else if (outcome instanceof Outcome.ProducerFailed) {
            return COMMAND;
        } else if (outcome instanceof Outcome.Unexpected) {
            return FAILED;
        }
        return REFUSED; // Refused, NotUnderstood
    }

    /** The exit code of several outcomes, at least one: that of the worst. */
    static ExitCode of(List<Outcome> outcomes) {
        return outcomes.stream().map(ExitCode::of).min(Comparator.comparingInt(WORST_FIRST::indexOf)).orElseThrow();
    }

    /** The exit code of what stood between a client and its sidecar. */
    static ExitCode of(Obstacle obstacle) {
        return obstacle.canHeal() ? LINK : REFUSED;
    }
}
