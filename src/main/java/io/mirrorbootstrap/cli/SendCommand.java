package io.mirrorbootstrap.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.FileInput;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.SnapshotInput;
import io.mirrorbootstrap.source.SnapshotSender;
import io.mirrorbootstrap.source.StreamInput;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends one snapshot to a sidecar. */
@Command(name = "send", mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, description = "Sends one snapshot to a sidecar and waits until it is verified and durable there.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
        "0:committed, also when this very snapshot was there already",
        "1:this program failed unexpectedly",
        "2:the command line is wrong, or FILE cannot be opened",
        "3:the sidecar refused; the message says why, the code in brackets is the protocol's",
        "4:the sidecar could not be reached, or the link was lost, for too long; a file goes on where it stood",
        "5:FILE cannot be read, or changed while it was being sent"}, footer = {"",
                "Progress goes to standard error, the result to standard output: one line on success.", "",
                "Examples:",
                "  mirror-bootstrap send base.tar --url http://mirror:8080 --cluster pg-main \\",
                "      --database orders --lsn 16/B374D848",
                "  pg_basebackup -D - -Ft -X none | mirror-bootstrap send - --url wss://mirror \\",
                "      --cluster pg-main --database orders --lsn 97500059720"})
final class SendCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "FILE", description = "The snapshot; - is standard input. A file is read "
            + "twice, first for its CRC-32C, and can be gone on with after a lost link; a stream cannot.")
    private String file;

    @Option(names = "--url", required = true, paramLabel = "URL", description = "The sidecar: http://, https://, "
            + "ws:// or wss://, host and port. The path defaults to /v1/bootstrap, the port to the scheme's.")
    private Endpoint endpoint;

    @Option(names = "--cluster", required = true, paramLabel = "ID", description = "The cluster that produced the snapshot, at most 256 characters.")
    private String cluster;

    @Option(names = "--database", required = true, paramLabel = "ID", description = "The database, which also names "
            + "the file at the sidecar: " + DatabaseId.RULE + ".")
    private DatabaseId database;

    @Option(names = "--lsn", required = true, paramLabel = "LSN", description = "The WAL position of the snapshot: "
            + "a decimal number from 0 to 2^63-1, or PostgreSQL's form, as in 16/B374D848.")
    private Lsn lsn;

    @Option(names = "--crc32c", paramLabel = "CRC", description = "The CRC-32C (Castagnoli) of FILE, as 0x and 8 hex "
            + "digits, where it is known: FILE is then read once. If it is wrong the sidecar refuses at the end.")
    private Optional<Crc32c> crc32c;

    @Mixin
    private CredentialOptions credentials;

    @Option(names = "--give-up-after", paramLabel = "SECONDS", defaultValue = "600", description = "How long to come "
            + "back after faults that can heal (a lost link, a restart, a full disk) without getting any further; 0: not "
            + "at all. Default: ${DEFAULT-VALUE}.")
    private int patienceSeconds;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (!SnapshotIdentity.isValidClusterId(cluster)) {
            throw new ParameterException(spec.commandLine(), "--cluster must have "
                    + SnapshotIdentity.CLUSTER_ID_RULE);
        }
        if (patienceSeconds < 0) {
            throw new ParameterException(spec.commandLine(), "--give-up-after is " + patienceSeconds
                    + ", it must be 0 or more");
        }
        if (crc32c.isPresent() && !Files.isRegularFile(Path.of(file))) {
            throw new ParameterException(spec.commandLine(), "--crc32c is for a file: a stream's is computed as it is "
                    + "sent");
        }
        ClientLogging.quiet();
        PrintWriter err = spec.commandLine().getErr();
        credentials.warnOfPlainText(endpoint, err);
        Outcome outcome;
        try (SnapshotInput input = open();
                SnapshotSender sender = new SnapshotSender(endpoint, credentials.read(spec.commandLine()));
                ProgressDisplay progress = ProgressDisplay.on(err)) {
            outcome = sender.send(input, new Origin(cluster, database, lsn.position()), progress,
                    Duration.ofSeconds(patienceSeconds));
        }
        if (outcome instanceof Outcome.Committed committed) {
            spec.commandLine().getOut().println(Report.line(committed));
        } else {
            err.println("mirror-bootstrap: " + outcome.message());
        }
        return ExitCode.of(outcome).number();
    }

    private SnapshotInput open() {
        if (file.equals("-")) {
            return new StreamInput(new FileInputStream(FileDescriptor.in).getChannel(), "standard input");
        }
        Path path = Path.of(file);
        try {
            if (Files.isDirectory(path)) {
                throw new ParameterException(spec.commandLine(), "FILE " + path + " is a directory");
            }
            // a named pipe or a device: it ends when it ends
            return Files.isRegularFile(path) || !Files.exists(path)
                    ? new FileInput(path, crc32c)
                    : new StreamInput(Files.newByteChannel(path), file);
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "FILE " + path + " cannot be opened: "
                    + Report.reason(e), e);
        }
    }
}
