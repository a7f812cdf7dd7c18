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
import java.util.stream.Stream;

import io.mirrorbootstrap.cli.Handover.Finding;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Restore;
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
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Waits until a mirror has its snapshot: what stands between the sidecar and the mirror in a pod. */
@Command(name = WaitCommand.NAME, mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, customSynopsis = {
        "mirror-bootstrap wait [OPTION...] DATABASE...",
        "       mirror-bootstrap wait [OPTION...] DATABASE --extract=DIR",
        "       mirror-bootstrap wait [OPTION...] DATABASE -- COMMAND [ARG...]"}, description = "Waits until a database has a committed snapshot, and prints what it is and where, unpacks it, or runs the command that restores it. A successor that is on its way, or has failed, does not count, where the file can be seen from here.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
                "0:the snapshot is there, or unpacked, or restored, or the file of --unless is there",
                "1:this program failed unexpectedly, or standard output cannot be written",
                "2:the command line is wrong, COMMAND cannot be started, or DIR of --extract is there already, or cannot be",
                "3:the transfer failed (its source may come back: wait again), the sidecar refused to tell or told what cannot be, or the file is not what its manifest or the sidecar says, or no archive that is unpacked (--extract)",
                "4:it was not there in time, or the sidecar could not be reached; the message says how far it was",
                "6:COMMAND ended with a status other than 0, or by a signal, or DIR cannot be written",
                "7:it is restored, or unpacked, but the snapshot is still there (--remove-after); the message says why"}, footer = {
                        "",
                        "Progress goes to standard error, the result to standard output: a line for each database, as far as",
                        "it came. --format env prints MIRROR_SNAPSHOT_PATH, _LSN, _CRC32C, _BYTES and _POSITION, in quotes;",
                        "the last is empty where the source has told none. Where the file of --unless is there, nothing is",
                        "printed.", "",
                        "--extract takes the archive of any program that writes tar, as of send --tar and pg_basebackup: files,",
                        "directories, and links that stay inside. Of one that has a name, or a link, that leads out of DIR, a",
                        "device, a pipe, a sparse file or a name twice, nothing is unpacked. Setuid, setgid and sticky bits are",
                        "dropped, owners, extended attributes and ACLs are not restored: all belongs to the user that runs wait.",
                        "It is made beside DIR, in DIR.partial-NAME; what a killed wait has left there is removed by the next.",
                        "",
                        "COMMAND has the snapshot on its standard input, and what --format env prints in its environment. Its",
                        "standard output is that of wait, which itself prints nothing there: that it has ended with 0 is told",
                        "on standard error. The bytes are verified while they go to it, so that they are read once; the last",
                        "128 KiB at least are kept back until all are known to be right. If they are not, the disk fails, or",
                        "wait is ended, COMMAND is ended first, and what it started, by SIGTERM, then SIGKILL: the end of its",
                        "input says that the snapshot is right (but not where wait is killed, as with SIGKILL or SIGXCPU, or",
                        "lacks memory). What cannot be undone, as by psql in a database that is in use, needs --verify, too: the",
                        "whole file is read before COMMAND is run then. A COMMAND that ends with 0 before it has read all has had",
                        "what it needs; the rest is verified all the same. What it leaves running gets no more.", "",
                        "A COMMAND that runs as another user may be one that wait cannot end: then wait says so, keeps its input",
                        "open, and goes on until it is gone. Change the user in front of wait. What COMMAND runs elsewhere, as by",
                        "ssh, docker exec -i or kubectl exec -i, sees an ordinary end of its input when COMMAND is ended: let it",
                        "count there only when wait has ended with 0.", "",
                        "In a script:",
                        "  found=$(mirror-bootstrap wait --database orders --format env) && eval \"$found\"", "",
                        "Example, as an init container between the sidecar and the mirror:",
                        "  mirror-bootstrap wait orders --verify --unless /data/postgres/PG_VERSION", "",
                        "The same, which unpacks a directory (send --tar), and has the room of the snapshot free then:",
                        "  mirror-bootstrap wait orders --unless /data/postgres/PG_VERSION --remove-after \\",
                        "      --extract /data/postgres",
                        "",
                        "The same, which restores it, and has its room free then:",
                        "  mirror-bootstrap wait orders --unless /data/postgres/PG_VERSION --remove-after -- sh -ec \\",
                        "      'cd /data; rm -rf new; mkdir -m 700 new; tar -xf - -C new; sync -f new; mv new postgres'"})
final class WaitCommand implements Callable<Integer>, RunsCommand {

    static final String NAME = "wait";

    private static final long ASK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    /** A sidecar that is there answers in this time; with less, the last question could not be answered. */
    private static final Duration A_MOMENT = Duration.ofSeconds(2);
    private static final long MOST_SECONDS = 1_000_000_000;
    /** A sidecar that restarts is back by then, and most commits are over. */
    private static final long FREE_SECONDS = 60;

    @Parameters(paramLabel = "DATABASE", arity = "0..*", split = ",", description = "The database, or several: each "
            + DatabaseId.RULE + ".")
    private List<DatabaseId> named = List.of();

    @Option(names = "--database", split = ",", paramLabel = "ID", description = "The same as DATABASE.")
    private List<DatabaseId> databases = List.of();

    /** Null where the command line has none. */
    private List<String> command;

    @Option(names = "--extract", paramLabel = "DIR", description = "Unpacks the snapshot, a tar archive that is not compressed, to DIR, which must not be there, or be empty. It is there when all of it is right and durable, or not at all.")
    private Optional<Path> directory;

    @Option(names = "--remove-after", description = "Has the sidecar remove the snapshot when COMMAND has ended with 0, or DIR is there: its room is free then. A successor that was committed meanwhile stays, and while one is on its way nothing is removed. With --unless, else a mirror that starts again waits for a new one.")
    private boolean removeAfter;

    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "0", description = "How long to wait, for all of them; 0: as long as it takes; reading for --verify, and COMMAND, are not counted. Default: ${DEFAULT-VALUE}")
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

    /** With the snapshot as its standard input. */
    @Override
    public void runs(List<String> command) {
        this.command = command;
    }

    @Override
    public Integer call() throws InterruptedException {
        List<DatabaseId> all = Stream.concat(named.stream(), databases.stream()).toList();
        check(all);
        PrintWriter err = spec.commandLine().getErr();
        if (unless.isPresent() && !Files.notExists(unless.get())) {
            if (!Files.exists(unless.get())) {
                return end(ExitCode.REFUSED, "--unless " + unless.get() + ": whether it is there cannot be seen");
            }
            err.println(Text.line(unless.get() + " is there: nothing to wait for"));
            return ExitCode.COMMITTED.number();
        }
        Optional<Recipient> recipient = recipient();
        try (StatusClient client = sidecar.client(spec.commandLine())) {
            Patience patience = new Patience(timeoutSeconds, System::nanoTime);
            for (DatabaseId database : all) {
                int code = await(database, client, new Handover(dataDirectory, verify), patience, recipient);
                if (code != ExitCode.COMMITTED.number()) {
                    return code;
                }
            }
        } finally {
            recipient.ifPresent(Recipient::close);
        }
        return ExitCode.COMMITTED.number();
    }

    /** What would let a mirror start without its snapshot must not be taken for an answer. */
    private void check(List<DatabaseId> all) {
        if (timeoutSeconds < 0) {
            throw new ParameterException(spec.commandLine(),
                    "--timeout is " + timeoutSeconds + ", it must be 0 or more");
        } else if (timeoutSeconds > MOST_SECONDS) {
            throw new ParameterException(spec.commandLine(),
                    "--timeout is " + timeoutSeconds + ", it must be at most " + MOST_SECONDS);
        }
        if (all.isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    "no database is named, DATABASE or --database must name one or more");
        } else if (format == WaitFormat.ENV && all.size() > 1) {
            throw new ParameterException(spec.commandLine(), "--format env is for one database, there are "
                    + all.size());
        } else if (command != null && all.size() > 1) {
            throw new ParameterException(spec.commandLine(), "-- COMMAND is for one database, there are "
                    + all.size());
        } else if (command != null && command.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "-- must be followed by a command");
        } else if (command != null && format != WaitFormat.TEXT) {
            throw new ParameterException(spec.commandLine(), "--format " + format.word()
                    + " is for what is printed, -- COMMAND has the same in its environment");
        } else if (directory.isPresent() && (command != null || all.size() > 1)) {
            throw new ParameterException(spec.commandLine(), "--extract is for one database, without -- COMMAND");
        } else if (command == null && directory.isEmpty() && removeAfter) {
            throw new ParameterException(spec.commandLine(), "--remove-after is there without -- COMMAND or --extract");
        }
        if (unless.filter(file -> file.toString().isEmpty() || Files.isDirectory(file)).isPresent()) {
            throw new ParameterException(spec.commandLine(),
                    "--unless is '" + unless.get() + "', it must name a file, which a directory is not");
        }
    }

    /** Before other threads run, see {@link Restore}; and what is not there is told before anything is waited for. */
    private Optional<Recipient> recipient() {
        try {
            if (command != null) {
                return Optional.of(new Restoring(spec.commandLine(), new Restore(command, this::say)));
            }
            return directory.isPresent()
                    ? Optional.of(new Extracting(spec.commandLine(), directory.get(), format))
                    : Optional.empty();
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(),
                    (command == null ? "--extract: " : "") + e.getMessage(), e);
        }
    }

    private int await(DatabaseId database, StatusClient client, Handover handover, Patience patience,
            Optional<Recipient> recipient) throws InterruptedException {
        Waiting waiting = new Waiting(spec.commandLine().getErr());
        boolean doubted = false;
        while (true) {
            Duration time = patience.left();
            Reply reply = client.ask(database, time.compareTo(A_MOMENT) < 0 ? A_MOMENT : time);
            String now = Waiting.words(reply);
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
                        if (finding instanceof Handover.There there && recipient.isPresent()) {
                            finding = handover.open(there.snapshot(), status);
                        }
                        if (finding instanceof Handover.There there) {
                            return print(there.snapshot());
                        } else if (finding instanceof Handover.Opened opened) {
                            Freeing freeing = new Freeing(spec.commandLine(), client, FREE_SECONDS);
                            return recipient.orElseThrow()
                                    .take(opened, Optional.of(freeing).filter(any -> removeAfter)).number();
                        }
                        doubt = Optional.of(((Handover.Doubt) finding).why());
                    }
                } catch (IOException e) {
                    return end(ExitCode.REFUSED,
                            "the snapshot of " + database + " cannot be read: " + Reason.of(e));
                }
                unseen = handover.unseen(database, status);
                boolean doubtful = (verify || recipient.isPresent()) && doubt.isPresent();
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
            waiting.tell(database, now + unseen);
            TimeUnit.NANOSECONDS.sleep(Math.min(pauseNanos, left)); // once more, at the end
        }
    }

    private int print(HandedOver snapshot) {
        Optional<String> unreliable = Handover.unreliable(snapshot).filter(any -> format.hasPosition());
        if (unreliable.isPresent()) {
            return end(ExitCode.REFUSED, unreliable.get());
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(format.of(snapshot));
        out.flush();
        return ExitCode.COMMITTED.number();
    }

    private int end(ExitCode code, String message) {
        return Report.failed(spec.commandLine(), code, message);
    }

    private void say(String line) {
        spec.commandLine().getErr().println("mirror-bootstrap: " + Text.line(line));
    }
}
