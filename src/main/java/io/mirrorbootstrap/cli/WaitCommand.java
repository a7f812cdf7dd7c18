package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.cli.Handover.Finding;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.StatusClient;
import io.mirrorbootstrap.source.StatusClient.Reply;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.HandedOver;
import io.mirrorbootstrap.wire.MirrorStatus;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Waits until a mirror has its snapshot: what stands between the sidecar and the mirror in a pod. */
@Command(name = "wait", mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, description = "Waits until a database has a committed snapshot, and prints what it is and where. A successor that is on its way, or has failed, does not count, where the file can be seen from here.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
        "0:the snapshot is there, or the file of --unless",
        "1:this program failed unexpectedly, or standard output cannot be written",
        "2:the command line is wrong",
        "3:the transfer failed (its source may come back: wait again), the sidecar refused to tell or told what cannot be, or the file is not what its manifest or the sidecar says",
        "4:it was not there in time, or the sidecar could not be reached; the message says how far it was"}, footer = {
                "",
                "Progress goes to standard error, the result to standard output: a line for each database, as far as",
                "it came. --format env prints MIRROR_SNAPSHOT_PATH, _LSN, _CRC32C, _BYTES and _POSITION, in quotes;",
                "the last is empty where the source has told none. Where the file of --unless is there, nothing is",
                "printed.", "",
                "In a script:",
                "  found=$(mirror-bootstrap wait --database orders --format env) && eval \"$found\"", "",
                "Example, as an init container between the sidecar and the mirror:",
                "  mirror-bootstrap wait --database orders --verify --unless /data/postgres/PG_VERSION"})
final class WaitCommand implements Callable<Integer> {

    private static final long ASK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    /** A sidecar that is there answers in this time; with less, the last question could not be answered. */
    private static final Duration A_MOMENT = Duration.ofSeconds(2);
    private static final long MOST_SECONDS = 1_000_000_000;
    private static final long TELL_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    @Option(names = "--database", required = true, split = ",", paramLabel = "ID", description = "The database, or several: each "
            + DatabaseId.RULE + ".")
    private List<DatabaseId> databases;

    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "0", description = "How long to wait, for all of them; 0: as long as it takes; reading for --verify is not counted. Default: ${DEFAULT-VALUE}")
    private long timeoutSeconds;

    @Option(names = "--verify", description = "Reads the whole file and compares it with its manifest and, unless a successor is on its way, with what the sidecar says that it has.")
    private boolean verify;

    @Option(names = "--unless", paramLabel = "FILE", description = "Does not wait if FILE is there: what the mirror makes of its snapshot, so that a mirror that has it starts again whatever the sidecar has.")
    private Optional<Path> unless;

    @Option(names = "--data-dir", paramLabel = "DIR", description = "Where the sidecar's data directory is mounted here. Default: where the sidecar has it")
    private Optional<Path> dataDirectory;

    @Option(names = "--format", paramLabel = "FORMAT", defaultValue = "text", description = "What is printed: text (path, LSN, CRC-32C, bytes and, where the source has said it, position, with tabs between), json (an object), or env (assignments for a shell, of one database). Default: ${DEFAULT-VALUE}")
    private WaitFormat format;

    @Mixin
    private SidecarOptions sidecar;

    @Spec
    private CommandSpec spec;

    private String told = "";
    private long toldNanos;

    @Override
    public Integer call() throws InterruptedException {
        check();
        PrintWriter err = spec.commandLine().getErr();
        if (unless.isPresent() && !Files.notExists(unless.get())) {
            if (!Files.exists(unless.get())) {
                return end(ExitCode.REFUSED, "--unless " + unless.get() + ": whether it is there cannot be seen");
            }
            err.println(Text.line(unless.get() + " is there: nothing to wait for"));
            return ExitCode.COMMITTED.number();
        }
        try (StatusClient client = sidecar.client(spec.commandLine())) {
            Patience patience = new Patience(timeoutSeconds, System::nanoTime);
            for (DatabaseId database : databases) {
                int code = await(database, client, new Handover(dataDirectory, verify), patience);
                if (code != ExitCode.COMMITTED.number()) {
                    return code;
                }
            }
        }
        return ExitCode.COMMITTED.number();
    }

    /** What would let a mirror start without its snapshot must not be taken for an answer. */
    private void check() {
        if (timeoutSeconds < 0) {
            throw new ParameterException(spec.commandLine(),
                    "--timeout is " + timeoutSeconds + ", it must be 0 or more");
        } else if (timeoutSeconds > MOST_SECONDS) {
            throw new ParameterException(spec.commandLine(),
                    "--timeout is " + timeoutSeconds + ", it must be at most " + MOST_SECONDS);
        }
        if (databases.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--database names none, it must name one or more");
        }
        if (format == WaitFormat.ENV && databases.size() > 1) {
            throw new ParameterException(spec.commandLine(), "--format env is for one database, --database names "
                    + databases.size());
        }
        if (unless.filter(file -> file.toString().isEmpty() || Files.isDirectory(file)).isPresent()) {
            throw new ParameterException(spec.commandLine(),
                    "--unless is '" + unless.get() + "', it must name a file, which a directory is not");
        }
    }

    private int await(DatabaseId database, StatusClient client, Handover handover, Patience patience)
            throws InterruptedException {
        boolean doubted = false;
        while (true) {
            Duration time = patience.left();
            Reply reply = client.ask(database, time.compareTo(A_MOMENT) < 0 ? A_MOMENT : time);
            String now = words(reply);
            String unseen = "";
            long pauseNanos = ASK_EVERY_NANOS;
            if (reply instanceof Reply.Blocked blocked) {
                if (!blocked.obstacle().canHeal()) {
                    return end(ExitCode.of(blocked.obstacle()), now);
                }
                pauseNanos = Math.max(pauseNanos, blocked.obstacle().comeBackAfter().orElse(Duration.ZERO).toNanos());
            } else if (reply instanceof Reply.Known known) {
                MirrorStatus status = known.status();
                Optional<String> impossible = handover.impossible(database, status);
                if (impossible.isPresent()) {
                    return end(ExitCode.REFUSED, impossible.get());
                }
                Optional<String> doubt = Optional.empty();
                try {
                    if (status.snapshotPath().isPresent()) {
                        Finding finding = handover.find(database, status, patience);
                        if (finding instanceof Handover.There there) {
                            return print(there.snapshot());
                        }
                        doubt = Optional.of(((Handover.Doubt) finding).why());
                    }
                } catch (IOException e) {
                    return end(ExitCode.REFUSED,
                            "the snapshot of " + database + " cannot be read: " + Reason.of(e));
                }
                unseen = handover.unseen(database, status);
                boolean doubtful = verify && doubt.isPresent();
                if (doubtful && doubted) {
                    return end(ExitCode.REFUSED, doubt.get());
                } else if (!doubtful && status.word().equals(MirrorStatus.FAILED)) {
                    return end(ExitCode.REFUSED,
                            "the transfer failed: "
                                    + status.lastError().map(Text::readable).orElse("no reason known") + unseen);
                }
                doubted = doubtful; // once is no proof: a successor may have been taking its place just then
            }
            long left = patience.left().toNanos();
            if (left <= 0) {
                return end(ExitCode.LINK,
                        "no snapshot of " + database + " in " + timeoutSeconds + " seconds: " + now + unseen);
            }
            tell(database, now + unseen);
            TimeUnit.NANOSECONDS.sleep(Math.min(pauseNanos, left)); // once more, at the end
        }
    }

    private int print(HandedOver snapshot) {
        Optional<String> position = snapshot.position().filter(text -> format.hasPosition() && !Text.isPlain(text));
        if (position.isPresent()) {
            return end(ExitCode.REFUSED, "the snapshot of " + snapshot.database() + " has the position "
                    + Text.readable(position.get()) + ", and no line that says so could be relied upon");
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(format.of(snapshot));
        out.flush();
        return ExitCode.COMMITTED.number();
    }

    private int end(ExitCode code, String message) {
        return Report.failed(spec.commandLine(), code, message);
    }

    /** At once when something else happens, else now and then. */
    private void tell(DatabaseId database, String now) {
        String kind = database + now.replaceAll("[0-9.]+", "");
        if (!kind.equals(told) || System.nanoTime() - toldNanos > TELL_EVERY_NANOS) {
            told = kind;
            toldNanos = System.nanoTime();
            spec.commandLine().getErr().println(Text.line("waiting for " + database + ": " + now));
        }
    }

    private static String words(Reply reply) {
        if (reply instanceof Reply.Blocked blocked) {
            return Report.words(blocked.obstacle(), "the sidecar does not tell");
        } else if (reply instanceof Reply.Known known) {
            MirrorStatus status = known.status();
            return Text.readable(status.word()) + ", " + Quantities.size(status.bytesDone())
                    + (status.bytesTotal() > 0 ? " of " + Quantities.size(status.bytesTotal()) : "")
                    + (status.rateBytesPerSecond() > 0 ? ", " + Quantities.rate(status.rateBytesPerSecond()) : "")
                    + status.lastError().filter(error -> status.word().equals(MirrorStatus.DISCONNECTED))
                            .map(error -> "; " + Text.readable(error)).orElse("");
        }
        return "nothing has come yet";
    }
}
