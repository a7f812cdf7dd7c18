package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.wire.Answer;

import picocli.CommandLine;

/** The words that a person, or a script, reads at the end. */
final class Report {

    private Report() {
    }

    /**
     * The exit code of a command that has printed its result and reached what it is for: a result that nobody can read
     * is no success.
     */
    static int end(CommandLine command) {
        // picocli's writer does not see what System.out swallows
        if (command.getOut().checkError() || System.out.checkError()) {
            command.getErr().println("mirror-bootstrap: standard output cannot be written: the result is lost");
            return ExitCode.FAILED.number();
        }
        return ExitCode.COMMITTED.number();
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

    /** Why a file cannot be opened; the JDK's messages for the two most frequent reasons are the bare path. */
    static String reason(IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return "there is no such file";
        } else if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        return failure.toString();
    }
}
