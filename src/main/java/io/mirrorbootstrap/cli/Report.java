package io.mirrorbootstrap.cli;

import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Obstacle;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.PostgresLsn;
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
        return isLost(command)
                ? failed(command, ExitCode.FAILED, "standard output cannot be written: the result is lost")
                : code;
    }

    /** Whether what was printed cannot be read by anybody. */
    static boolean isLost(CommandLine command) {
        // picocli's writer does not see what System.out swallows
        return command.getOut().checkError() || System.out.checkError();
    }

    /** What a command says that ends with {@code code}: the names in it, of files above all, may be of others than who runs it. */
    static int failed(CommandLine command, ExitCode code, String message) {
        command.getErr().println("mirror-bootstrap: " + Text.line(message));
        return code.number();
    }

    /**
     * The one line of a success.
     *
     * @param lsnAsGiven the LSN where it was given in PostgreSQL's form
     */
    static String line(Outcome.Committed committed, Optional<String> lsnAsGiven) {
        Answer.Committed snapshot = committed.snapshot();
        String how = committed.bytesSent() == 0 && snapshot.bytes() > 0
                ? "was there already"
                : Quantities.size(committed.bytesSent()) + " sent in " + Quantities.duration(committed.took()) + ", "
                        + Quantities.rate(committed.bytesSent() * 1e9 / Math.max(1, committed.took().toNanos()));
        Optional<String> words = lsnAsGiven.or(snapshot::position).filter(text -> isLsn(text, snapshot.lsn()));
        String position = snapshot.position().filter(text -> !words.equals(Optional.of(text)))
                .map(text -> ", position " + Text.field(text)).orElse("");
        return "committed " + snapshot.snapshotPath() + ": " + snapshot.bytes() + " bytes, CRC-32C "
                + snapshot.crc32c() + ", LSN " + words.map(text -> text + " = ").orElse("") + snapshot.lsn() + position
                + " (" + how + ")";
    }

    /** Whether a text says the same in PostgreSQL's form. */
    private static boolean isLsn(String text, long lsn) {
        return PostgresLsn.parse(text).equals(OptionalLong.of(lsn));
    }

    /** @param otherwise what comes of it where the sidecar can be reached, as a clause */
    static String words(Obstacle obstacle, String otherwise) {
        return (obstacle instanceof Obstacle.Unreachable ? "the sidecar cannot be reached" : otherwise) + ": "
                + obstacle.message();
    }
}
