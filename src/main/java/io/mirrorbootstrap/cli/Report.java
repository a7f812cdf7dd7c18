package io.mirrorbootstrap.cli;

import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.wire.Answer;

import picocli.CommandLine;

/** The words that a person, or a script, reads at the end. */
final class Report {

    private Report() {
    }

    /**
     * The exit code of a command that has ended with {@code code}, and has printed what it has to say, a result or its help: what
     * nobody can read is no success.
     */
    static int end(CommandLine command, int code) {
        if (code != ExitCode.COMMITTED.number()) {
            return code;
        }
        // picocli's writer does not see what System.out swallows
        if (command.getOut().checkError() || System.out.checkError()) {
            command.getErr().println("mirror-bootstrap: standard output cannot be written: the result is lost");
            return ExitCode.FAILED.number();
        }
        return code;
    }

    /** The one line of a success. */
    static String line(Outcome.Committed committed) {
        Answer.Committed snapshot = committed.snapshot();
        String how = committed.bytesSent() == 0 && snapshot.bytes() > 0
                ? "was there already"
                : Quantities.size(committed.bytesSent()) + " sent in " + Quantities.duration(committed.took()) + ", "
                        + Quantities.rate(committed.bytesSent() * 1e9 / Math.max(1, committed.took().toNanos()));
        return "committed " + snapshot.snapshotPath() + ": " + snapshot.bytes() + " bytes, CRC-32C "
                + snapshot.crc32c() + ", LSN " + snapshot.lsn() + " (" + how + ")";
    }
}
