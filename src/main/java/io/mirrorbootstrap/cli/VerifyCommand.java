package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.Verification;
import io.mirrorbootstrap.source.Progress.Phase;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.JsonRecords;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Reads a committed snapshot where it lies, and compares it with its manifest. */
@Command(name = VerifyCommand.NAME, mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, description = "Reads the committed snapshot of a database in the data directory, and compares it with its manifest. It needs no sidecar, and disturbs none: it takes no lock and changes nothing.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
        "0:it is what its manifest says",
        "1:this program failed unexpectedly, or standard output cannot be written",
        "2:the command line is wrong",
        "3:it is not: the message says what is stored, and what was found",
        "4:there is no committed snapshot of this database, or it was replaced again and again while it was read",
        "5:it cannot be read"}, footer = {"",
                "Where a successor is committed meanwhile, it begins again with that one. Progress goes to standard",
                "error, the result to standard output.", "",
                "Example:  mirror-bootstrap verify orders --data-dir /var/lib/mirror"})
final class VerifyCommand implements Callable<Integer> {

    static final String NAME = "verify";

    /** How often it begins: a successor that is there sooner than a snapshot can be read is one too many. */
    private static final int MOST_READINGS = 5;

    @Parameters(paramLabel = "DATABASE", description = "The database.")
    private DatabaseId database;

    @Option(names = "--data-dir", paramLabel = "DIR", defaultValue = "data", description = "The data directory, as of serve. Default: $MIRROR_BOOTSTRAP_DATA_DIR, or data.")
    private Path dataDirectory;

    @Option(names = "--rate", paramLabel = "BYTES", defaultValue = "256M", description = "How much it reads in a second, in bytes or with K, M or G, so that a transfer has its share of the disk; 0: as fast as the disk. Default: ${DEFAULT-VALUE}")
    private MemoryBytes rate;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        SnapshotDirectory directory = new SnapshotDirectory(dataDirectory, 0, new JsonRecords());
        String file = directory.snapshot(database).toString();
        Verification found;
        Pace pace = new Pace(rate.bytes(), System::nanoTime, LockSupport::parkNanos);
        try (ProgressDisplay progress = ProgressDisplay.on(spec.commandLine().getErr())) {
            found = directory.verify(database, MOST_READINGS, (bytes, total) -> {
                progress.update(Phase.CHECKSUM, bytes, OptionalLong.of(total));
                pace.reached(bytes);
            });
        } catch (IOException e) {
            return failed(ExitCode.INPUT, file + " cannot be read: " + Reason.of(e));
        }
        if (found instanceof Verification.Right right) {
            CommittedSnapshot snapshot = right.snapshot();
            spec.commandLine().getOut().println(Text.line(file + " is what its manifest says: LSN " + snapshot.lsn()
                    + ", CRC-32C " + snapshot.crc32c() + ", " + snapshot.bytes() + " bytes"));
            return ExitCode.COMMITTED.number();
        } else if (found instanceof Verification.Different different) {
            return failed(ExitCode.REFUSED, file + " is not what its manifest says: " + words(different));
        } else if (found instanceof Verification.Replaced) {
            return failed(ExitCode.LINK, file + " was replaced " + MOST_READINGS + " times while it was read");
        }
        return failed(ExitCode.LINK, "no committed snapshot of " + database + " is there: " + file + ", or "
                + directory.manifest(database) + " that says what it is, is missing or is none");
    }

    /** In which way a file is not what its manifest says. */
    static String words(Verification.Different found) {
        CommittedSnapshot told = found.snapshot();
        return found.crc32c().isEmpty() || found.bytes() != told.bytes()
                ? told.bytes() + " bytes are stored, it has " + found.bytes()
                : "of " + found.bytes() + " bytes CRC-32C " + told.crc32c() + " is stored, " + found.crc32c().get()
                        + " computed";
    }

    private int failed(ExitCode code, String message) {
        return Report.failed(spec.commandLine(), code, message);
    }
}
