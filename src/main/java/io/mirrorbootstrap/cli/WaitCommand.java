package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
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
@Command(name = "wait", mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, description = "Waits until a database has a committed snapshot, and prints its path, LSN and CRC-32C. A successor that is on its way, or has failed, does not count.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
        "0:the snapshot is there, or the file of --unless", "1:this program failed unexpectedly",
        "2:the command line is wrong",
        "3:the transfer failed, the sidecar refused to tell, or the file is not what its manifest says",
        "4:it was not there in time; the message says how far it was"}, footer = {"",
                "Progress goes to standard error, the result to standard output: path, LSN, CRC-32C and bytes, with",
                "tabs between, a line for each database.", "",
                "Example, as an init container between the sidecar and the mirror:",
                "  mirror-bootstrap wait --database orders --verify --unless /data/postgres/PG_VERSION"})
final class WaitCommand implements Callable<Integer> {

    private static final long ASK_EVERY_MILLIS = 500;
    private static final long TELL_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    @Option(names = "--database", required = true, split = ",", paramLabel = "ID", description = "The database, or several: each "
            + DatabaseId.RULE + ".")
    private List<DatabaseId> databases;

    @Option(names = "--url", paramLabel = "URL", defaultValue = "http://localhost:8080", description = "The sidecar. Default: ${DEFAULT-VALUE}")
    private Endpoint endpoint;

    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "0", description = "How long to wait, for all of them; 0: as long as it takes. Default: ${DEFAULT-VALUE}")
    private long timeoutSeconds;

    @Option(names = "--verify", description = "Reads the whole file and compares it with its manifest.")
    private boolean verify;

    @Option(names = "--unless", paramLabel = "FILE", description = "Does not wait if FILE is there: what the mirror makes of its snapshot, so that a mirror that has it starts again whatever the sidecar has.")
    private Optional<Path> unless;

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
        PrintWriter err = spec.commandLine().getErr();
        if (unless.filter(Files::exists).isPresent()) {
            err.println(unless.get() + " is there: nothing to wait for");
            return ExitCode.COMMITTED.number();
        }
        ClientLogging.quiet();
        credentials.warnOfPlainText(endpoint, err);
        long start = System.nanoTime();
        try (StatusClient client = new StatusClient(endpoint, credentials.read(spec.commandLine()))) {
            for (DatabaseId database : databases) {
                int code = await(database, client, start);
                if (code != ExitCode.COMMITTED.number()) {
                    return code;
                }
            }
        }
        return ExitCode.COMMITTED.number();
    }

    private int await(DatabaseId database, StatusClient client, long start) throws InterruptedException {
        while (true) {
            Reply reply = client.ask(database);
            String now = words(reply);
            if (reply instanceof Reply.Refused) {
                return end(ExitCode.REFUSED, now);
            } else if (reply instanceof Reply.Known known && known.status().snapshotPath().isPresent()) {
                OptionalInt code = handOver(database, known.status());
                if (code.isPresent()) {
                    return code.getAsInt();
                }
            } else if (reply instanceof Reply.Known known && known.status().word().equals("failed")) {
                return end(ExitCode.REFUSED,
                        "the transfer failed: " + known.status().lastError().orElse("no reason known"));
            }
            if (timeoutSeconds > 0 && System.nanoTime() - start >= TimeUnit.SECONDS.toNanos(timeoutSeconds)) {
                return end(ExitCode.LINK, "no snapshot of " + database + " in " + timeoutSeconds + " seconds: " + now);
            }
            tell(database, now);
            TimeUnit.MILLISECONDS.sleep(ASK_EVERY_MILLIS);
        }
    }

    /** Empty where a successor took the snapshot's place meanwhile: ask again. */
    private OptionalInt handOver(DatabaseId database, MirrorStatus status) {
        Path data = dataDirectory
                .orElseGet(() -> Path.of(status.snapshotPath().orElseThrow()).getParent().getParent());
        SnapshotDirectory directory = new SnapshotDirectory(data, 0, new JsonRecords());
        Path path = directory.snapshot(database);
        boolean newest = status.word().equals("following");
        if (!verify && newest) { // the file need not be in reach
            return handOver(path, status.lsn(), status.crc32c().orElseThrow(), status.bytesTotal());
        }
        try {
            Optional<CommittedSnapshot> there = verify ? directory.verify(database) : directory.committed(database);
            if (there.isPresent()) {
                return handOver(path, there.get().lsn(), there.get().crc32c(), there.get().bytes());
            }
            return newest
                    ? OptionalInt.of(end(ExitCode.REFUSED,
                            path + " is not what its manifest says, or one of them is missing"))
                    : OptionalInt.empty();
        } catch (IOException e) {
            return OptionalInt.of(end(ExitCode.REFUSED, path + " cannot be read: " + Report.reason(e)));
        }
    }

    private OptionalInt handOver(Path path, long lsn, Crc32c crc32c, long bytes) {
        spec.commandLine().getOut().printf("%s\t%d\t%s\t%d%n", path, lsn, crc32c, bytes);
        spec.commandLine().getOut().flush();
        return OptionalInt.of(ExitCode.COMMITTED.number());
    }

    private int end(ExitCode code, String message) {
        spec.commandLine().getErr().println("mirror-bootstrap: " + message);
        return code.number();
    }

    /** At once when something else happens, else now and then. */
    private void tell(DatabaseId database, String now) {
        String kind = database + now.replaceAll("[0-9.]+", "");
        if (!kind.equals(told) || System.nanoTime() - toldNanos > TELL_EVERY_NANOS) {
            told = kind;
            toldNanos = System.nanoTime();
            spec.commandLine().getErr().println("waiting for " + database + ": " + now);
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
