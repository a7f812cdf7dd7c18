package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.StatusClient;
import io.mirrorbootstrap.source.StatusClient.Reply;
import io.mirrorbootstrap.wire.JsonRecords;
import io.mirrorbootstrap.wire.MirrorStatus;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Waits until a mirror has its snapshot: what stands between the sidecar and the mirror in a pod. */
@Command(name = "wait", mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, description = "Waits until a database has a committed snapshot, and prints its path, LSN and CRC-32C.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
        "0:the snapshot is there", "1:this program failed unexpectedly", "2:the command line is wrong",
        "3:the transfer failed, the sidecar refused to tell, or the file is not what its manifest says",
        "4:it was not there in time; the message says how far it was"}, footer = {"",
                "Progress goes to standard error, the result to standard output: path, LSN, CRC-32C and bytes, with",
                "tabs between.", "",
                "Example, as an init container between the sidecar and the mirror:",
                "  mirror-bootstrap wait --database orders --verify"})
final class WaitCommand implements Callable<Integer> {

    private static final long ASK_EVERY_MILLIS = 500;
    private static final long TELL_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    @Option(names = "--database", required = true, paramLabel = "ID", description = "The database: " + DatabaseId.RULE
            + ".")
    private DatabaseId database;

    @Option(names = "--url", paramLabel = "URL", defaultValue = "http://localhost:8080", description = "The sidecar. Default: ${DEFAULT-VALUE}")
    private Endpoint endpoint;

    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "0", description = "How long to wait; 0: as long as it takes. Default: ${DEFAULT-VALUE}")
    private long timeoutSeconds;

    @Option(names = "--verify", description = "Reads the whole file and compares it with its manifest.")
    private boolean verify;

    @Option(names = "--data-dir", paramLabel = "DIR", description = "Where the sidecar's data directory is mounted here. Default: where the sidecar has it")
    private Optional<Path> dataDirectory;

    @Mixin
    private CredentialOptions credentials;

    @Spec
    private CommandSpec spec;

    private String told = "";
    private long toldNanos;

    @Override
    public Integer call() throws InterruptedException {
        if (timeoutSeconds < 0) {
            throw new ParameterException(spec.commandLine(),
                    "--timeout is " + timeoutSeconds + ", it must be 0 or more");
        }
        ClientLogging.quiet();
        PrintWriter err = spec.commandLine().getErr();
        credentials.warnOfPlainText(endpoint, err);
        long start = System.nanoTime();
        try (StatusClient client = new StatusClient(endpoint, credentials.read(spec.commandLine()))) {
            while (true) {
                Reply reply = client.ask(database);
                String now = words(reply);
                if (reply instanceof Reply.Refused) {
                    return end(ExitCode.REFUSED, now);
                } else if (reply instanceof Reply.Known known && known.status().word().equals("failed")) {
                    return end(ExitCode.REFUSED,
                            "the transfer failed: " + known.status().lastError().orElse("no reason known"));
                } else if (reply instanceof Reply.Known known && known.status().word().equals("following")) {
                    return handOver(known.status());
                }
                long waited = System.nanoTime() - start;
                if (timeoutSeconds > 0 && waited >= TimeUnit.SECONDS.toNanos(timeoutSeconds)) {
                    return end(ExitCode.LINK,
                            "no snapshot of " + database + " in " + timeoutSeconds + " seconds: " + now);
                }
                tell(now, err);
                TimeUnit.MILLISECONDS.sleep(ASK_EVERY_MILLIS);
            }
        }
    }

    private int handOver(MirrorStatus status) {
        Path data = dataDirectory
                .orElseGet(() -> Path.of(status.snapshotPath().orElseThrow()).getParent().getParent());
        SnapshotDirectory directory = new SnapshotDirectory(data, 0, new JsonRecords());
        Path path = directory.snapshot(database);
        try {
            if (verify && directory.verify(database).isEmpty()) {
                return end(ExitCode.REFUSED, path + " is not what its manifest says, or one of them is missing");
            }
        } catch (IOException e) {
            return end(ExitCode.REFUSED, path + " cannot be read: " + Report.reason(e));
        }
        spec.commandLine().getOut().printf("%s\t%d\t%s\t%d%n", path, status.lsn(), status.crc32c().orElseThrow(),
                status.bytesTotal());
        return ExitCode.COMMITTED.number();
    }

    private int end(ExitCode code, String message) {
        spec.commandLine().getErr().println("mirror-bootstrap: " + message);
        return code.number();
    }

    /** At once when something else happens, else now and then. */
    private void tell(String now, PrintWriter err) {
        String kind = now.replaceAll("[0-9.]+", "");
        if (!kind.equals(told) || System.nanoTime() - toldNanos > TELL_EVERY_NANOS) {
            told = kind;
            toldNanos = System.nanoTime();
            err.println("waiting for " + database + ": " + now);
        }
    }

    private static String words(Reply reply) {
        if (reply instanceof Reply.Unreachable unreachable) {
            return "the sidecar cannot be reached: " + unreachable.reason();
        } else if (reply instanceof Reply.Refused refused) {
            return "the sidecar does not tell: " + refused.message();
        } else if (reply instanceof Reply.Known known) {
            MirrorStatus status = known.status();
            return status.word() + ", " + Quantities.size(status.bytesDone())
                    + (status.bytesTotal() > 0 ? " of " + Quantities.size(status.bytesTotal()) : "")
                    + (status.rateBytesPerSecond() > 0 ? ", " + Quantities.rate(status.rateBytesPerSecond()) : "");
        }
        return "nothing has come yet";
    }
}
