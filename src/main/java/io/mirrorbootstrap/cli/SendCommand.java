package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.FileInput;
import io.mirrorbootstrap.source.FileStream;
import io.mirrorbootstrap.source.HttpProxy;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.Producer;
import io.mirrorbootstrap.source.SnapshotInput;
import io.mirrorbootstrap.source.SnapshotSender;
import io.mirrorbootstrap.source.StreamInput;
import io.mirrorbootstrap.store.Reason;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends one snapshot to a sidecar. */
@Command(name = SendCommand.NAME, mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, customSynopsis = {
        "mirror-bootstrap send --url=URL --cluster=ID --database=ID --lsn=LSN [OPTION...] FILE",
        "       mirror-bootstrap send --url=URL --cluster=ID --database=ID --lsn=LSN [OPTION...]",
        "                             -- COMMAND [ARG...]"}, description = "Sends one snapshot to a sidecar and waits until it is verified and durable there.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
                "0:committed, also when this very snapshot was there already",
                "1:this program failed unexpectedly, or standard output cannot be written",
                "2:the command line is wrong, FILE cannot be opened, COMMAND cannot be started, or there is not one byte to send",
                "3:the sidecar refused, or had no room for too long (the code in brackets is the protocol's), or there is another than the one meant",
                "4:the sidecar could not be reached for too long, or the link was lost; a file goes on where it stood. A stream of which the message says that all was sent may be committed: the status of the database tells, see wait",
                "5:FILE or standard input cannot be read, or was written to while it was being sent",
                "6:COMMAND ended with a status other than 0, or by a signal; nothing was committed"}, footer = {"",
                        "COMMAND writes the snapshot to its standard output. It is started when the sidecar has accepted the",
                        "link. Only when it has ended with status 0 the snapshot is committed. It does not outlive send, unless send is killed with SIGKILL.",
                        "With FILE - the program in front of the pipe is not known: what it wrote before it failed looks",
                        "like a whole snapshot.", "",
                        "Progress goes to standard error, the result to standard output: one line on success.", "",
                        "Examples:",
                        "  mirror-bootstrap send base.tar --url http://mirror:8080 --cluster pg-main \\",
                        "      --database orders --lsn 16/B374D848",
                        "  mirror-bootstrap send --url wss://mirror --cluster pg-main --database orders \\",
                        "      --lsn 16/B374D848 -- pg_basebackup -D - -Ft -X fetch -c fast"})
final class SendCommand implements Callable<Integer> {

    static final String NAME = "send";

    private static final String STANDARD_INPUT = "-";

    /** What Java has in place of bytes of an argument that are no UTF-8. */
    private static final char REPLACED = '\uFFFD';

    @Parameters(index = "0", arity = "0..1", paramLabel = "FILE", description = "The snapshot; - is standard input. A file is read "
            + "twice, first for its CRC-32C, and can be gone on with after a lost link; a stream cannot.")
    private String file;

    /** Null where the command line names none. */
    private List<String> producer;

    @Option(names = "--url", required = true, paramLabel = "URL", description = "The sidecar: http://, https://, "
            + "ws:// or wss://, host, port (default: the scheme's) and, behind a proxy that has one, a base path.")
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

    @Option(names = "--allow-empty", description = "Sends a snapshot of 0 bytes, which is refused otherwise: mostly it is what a program left that failed.")
    private boolean allowEmpty;

    @Mixin
    private CredentialOptions credentials;

    @Option(names = "--give-up-after", paramLabel = "SECONDS", defaultValue = "600", description = "How long to come "
            + "back after faults that can heal (a lost link, a restart, a full disk, HTTP 429 or 503): the time without a link, added up "
            + "since the snapshot was furthest; 0: not at all. Default: ${DEFAULT-VALUE}.")
    private int patienceSeconds;

    @Spec
    private CommandSpec spec;

    /** @param command what runs in place of a file: a program and its arguments, exactly as they were given */
    void producer(List<String> command) {
        this.producer = command;
    }

    @Override
    public Integer call() throws Exception {
        check();
        ClientLogging.quiet();
        PrintWriter err = spec.commandLine().getErr();
        credentials.warnOfPlainText(endpoint, err);
        if (STANDARD_INPUT.equals(file) && !FileStream.isStandardInputOpen()) {
            err.println("mirror-bootstrap: standard input is closed, or cannot be read");
            return ExitCode.USAGE.number();
        }
        Credentials read = credentials.read(spec.commandLine());
        Optional<HttpProxy> proxy = credentials.proxy(spec.commandLine(), endpoint);
        Outcome outcome;
        try (SnapshotInput input = open();
                SnapshotSender sender = new SnapshotSender(endpoint, read, proxy, allowEmpty);
                ProgressDisplay progress = ProgressDisplay.on(err)) {
            outcome = sender.send(input, new Origin(cluster, database, lsn.position()), progress,
                    Duration.ofSeconds(patienceSeconds));
        }
        if (outcome instanceof Outcome.Committed committed) {
            spec.commandLine().getOut().println(Report.line(committed));
            return ExitCode.COMMITTED.number();
        }
        err.println("mirror-bootstrap: " + outcome.message()
                + (outcome instanceof Outcome.InputEmpty ? " (--allow-empty sends it all the same)" : ""));
        return ExitCode.of(outcome).number();
    }

    private void check() {
        if (producer == null && file == null) {
            throw wrong("Missing required parameter: FILE, or -- COMMAND");
        } else if (producer != null && file != null) {
            throw wrong("FILE " + file + " and -- COMMAND are both there, one of them must be");
        } else if (producer != null && producer.isEmpty()) {
            throw wrong("-- must be followed by a command");
        } else if (!SnapshotIdentity.isValidClusterId(cluster)) {
            throw wrong("--cluster must have " + SnapshotIdentity.CLUSTER_ID_RULE);
        } else if (cluster.indexOf(REPLACED) >= 0) {
            throw wrong("--cluster is not UTF-8");
        } else if (patienceSeconds < 0) {
            throw wrong("--give-up-after is " + patienceSeconds + ", it must be 0 or more");
        } else if (crc32c.isPresent() && (producer != null || !Files.isRegularFile(path()))) {
            throw wrong("--crc32c is for a file: a stream's is computed as it is sent");
        }
    }

    private SnapshotInput open() {
        try {
            if (producer != null) {
                Producer running = new Producer(producer, FileStream.isStandardInputOpen());
                return new StreamInput(running, "the output of " + running.name());
            } else if (file.equals(STANDARD_INPUT)) {
                return FileStream.standardInput();
            }
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        Path path = path();
        try {
            if (Files.isDirectory(path)) {
                throw wrong("FILE " + path + " is a directory");
            } else if (Files.isRegularFile(path) || !Files.exists(path)) {
                return new FileInput(path, crc32c);
            } else if (!Files.isReadable(path)) {
                throw new AccessDeniedException(file);
            }
            return FileStream.of(path); // a named pipe or a device: it ends when it ends
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "FILE " + path + " cannot be opened: "
                    + Reason.of(e), e);
        }
    }

    private Path path() {
        try {
            return Path.of(file);
        } catch (InvalidPathException e) {
            throw wrong("FILE " + Text.quoted(file) + " is no name of a file: " + Reason.of(e));
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
