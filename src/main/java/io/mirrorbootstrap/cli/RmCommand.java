package io.mirrorbootstrap.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Obstacle;
import io.mirrorbootstrap.source.StatusClient;
import io.mirrorbootstrap.source.StatusClient.Reply;
import io.mirrorbootstrap.wire.MirrorStatus;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Removes what a sidecar has of one database. */
@Command(name = RmCommand.NAME, mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, description = "Ends the transfer of a database that is under way or kept, and removes what has come of it. A committed snapshot stays, unless --snapshot says that it is meant, too.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
        "0:it is gone, or nothing was there; the line on standard output says which",
        "1:this program failed unexpectedly, or standard output cannot be written",
        "2:the command line is wrong",
        "3:the sidecar refused, and nothing has changed; or the transfer was committed before it could be ended",
        "4:the sidecar was busy with this database for too long, or could not be reached"}, footer = {"",
                "A source that is there is told, and may begin again; one that is away begins anew when it comes back.",
                "",
                "Example:  mirror-bootstrap rm orders --snapshot"})
final class RmCommand implements Callable<Integer> {

    static final String NAME = "rm";

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    /** How long a sidecar may be busy: most commits and reads of what was left behind are over then. */
    private static final int BUSY_SECONDS = 10;
    private static final Duration LEAST_PAUSE = Duration.ofMillis(200);

    @Parameters(paramLabel = "DATABASE", description = "The database.")
    private DatabaseId database;

    @Option(names = "--snapshot", description = "Removes its committed snapshot, too.")
    private boolean snapshotToo;

    @Mixin
    private SidecarOptions sidecar;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        try (StatusClient client = sidecar.client(spec.commandLine())) {
            Reply before = client.ask(database, PATIENCE);
            if (before instanceof Reply.Blocked blocked) {
                return blocked(blocked.obstacle());
            }
            Reply reply = remove(client);
            if (reply instanceof Reply.Blocked blocked) {
                return blocked(blocked.obstacle());
            }
            Reply after = snapshotToo ? reply : client.ask(database, PATIENCE);
            if (after instanceof Reply.Blocked blocked) {
                return Report.failed(spec.commandLine(), ExitCode.of(blocked.obstacle()), "no transfer of " + database
                        + " is under way, whether it was committed before is not known: "
                        + blocked.obstacle().message());
            } else if (!committedAt(before).equals(committedAt(after)) && committedAt(after).isPresent()) {
                return Report.failed(spec.commandLine(), ExitCode.REFUSED, "the transfer of " + database
                        + " was committed before it could be ended: its snapshot stays (--snapshot removes it)");
            }
            spec.commandLine().getOut().println(before instanceof Reply.Known known
                    ? gone(known.status())
                    : "nothing of " + database + " was there");
            return ExitCode.COMMITTED.number();
        }
    }

    /** As long as the sidecar says when to come back. */
    private Reply remove(StatusClient client) throws InterruptedException {
        Patience patience = new Patience(BUSY_SECONDS, System::nanoTime);
        while (true) {
            Reply reply = client.remove(database, snapshotToo, PATIENCE);
            Optional<Duration> pause = reply instanceof Reply.Blocked blocked
                    ? blocked.obstacle().comeBackAfter().filter(any -> blocked.obstacle().canHeal())
                    : Optional.empty();
            if (pause.isEmpty() || pause.get().compareTo(patience.left()) >= 0) {
                return reply;
            }
            Duration wait = pause.get().compareTo(LEAST_PAUSE) < 0 ? LEAST_PAUSE : pause.get();
            TimeUnit.NANOSECONDS.sleep(wait.toNanos());
        }
    }

    /** Of the snapshot that is there; a commit that runs is not ended, and the sidecar is busy until it is over. */
    private static Optional<Instant> committedAt(Reply reply) {
        return reply instanceof Reply.Known known ? known.status().committedAt() : Optional.empty();
    }

    private int blocked(Obstacle obstacle) {
        return Report.failed(spec.commandLine(), ExitCode.of(obstacle),
                Report.words(obstacle, "the sidecar removes nothing"));
    }

    /** What was there, as far as the sidecar has told it just before. */
    private String gone(MirrorStatus was) {
        boolean isUnderWay = !was.word().equals(MirrorStatus.FOLLOWING);
        String transfer = "the transfer of " + database + " (" + Text.readable(was.word()) + ", "
                + Quantities.size(was.bytesDone())
                + (was.bytesTotal() > 0 ? " of " + Quantities.size(was.bytesTotal()) : "") + ")";
        String snapshot = was.snapshotPath().map(Text::readable).orElse("");
        if (snapshot.isEmpty()) {
            return "gone: " + transfer;
        } else if (snapshotToo) {
            return "gone: " + (isUnderWay ? transfer + " and " : "") + "the committed snapshot " + snapshot;
        }
        return (isUnderWay ? "gone: " + transfer : "no transfer of " + database + " was there")
                + "; the committed snapshot " + snapshot + " stays (--snapshot removes it)";
    }
}
