package io.mirrorbootstrap.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;

import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.Progress;
import io.mirrorbootstrap.source.Tally;
import io.mirrorbootstrap.trace.SendTrace;

/** Progress that is shown, and traced. Sending thread only. */
final class TracedProgress implements Progress {

    private final Progress shown;
    private final SendTrace trace;
    private Phase phase = Phase.CONNECTING;

    TracedProgress(Progress shown, SendTrace trace) {
        this.shown = shown;
        this.trace = trace;
    }

    @Override
    public void update(Phase now, long done, OptionalLong total) {
        if (now == Phase.SENDING && phase != Phase.SENDING) {
            trace.opened(done);
        }
        phase = now;
        shown.update(now, done, total);
    }

    @Override
    public void retrying(Outcome outcome, Duration pause) {
        trace.retrying(outcome.bytesDone(), word(outcome));
        shown.retrying(outcome, pause);
    }

    @Override
    public void found(String sentence) {
        shown.found(sentence);
    }

    @Override
    public void named(String transfer) {
        trace.named(transfer);
        shown.named(transfer);
    }

    @Override
    public void ended(Tally tally) {
        trace.took(tally.identity().lsn(), tally.bytes(), tally.resentBytes(), tally.resumes());
        shown.ended(tally);
    }

    /** What became of it all. */
    void ended(Outcome outcome) {
        if (outcome instanceof Outcome.Committed committed) {
            trace.committed(committed.snapshot().bytes());
        } else {
            trace.failed(word(outcome));
        }
    }

    /** The code of the sidecar, or what the exit code means. */
    private static String word(Outcome outcome) {
        return outcome instanceof Outcome.Refused refused
                ? refused.failure().code()
                : ExitCode.of(outcome).name().toLowerCase(Locale.ROOT);
    }
}
