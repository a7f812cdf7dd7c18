package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.mirrorbootstrap.cli.StatusTable.Row;
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

/** Shows what mirrors are doing. */
@Command(name = StatusCommand.NAME, mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, description = "Shows how far the snapshots of mirrors are: how much has come, how fast, how long it still takes, the LSN, how long ago something has changed, and below a line what was last refused.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
        "0:all that are named follow: their snapshots are there. With none named, all that the sidecar knows",
        "1:this program failed unexpectedly, or standard output cannot be written",
        "2:the command line is wrong",
        "3:one has failed, or the sidecar refused to tell or told what cannot be",
        "4:one is not there yet, or there is none at all, or the sidecar could not be reached",
        "130:it was watching, and was told to end by Ctrl-C"}, footer = {"",
                "--watch goes on until it is interrupted, also when all are there, and while the sidecar cannot be",
                "reached; it ends where the sidecar refuses. To wait for a snapshot there is wait. On a terminal it",
                "shows the table in place, elsewhere once more whenever something has changed. How long ago",
                "something was, the clock of this machine tells. A sign ~ stands where a text is cut for its column.",
                "",
                "Colours are for terminals alone, and for none where NO_COLOR is set.", "",
                "Examples:",
                "  mirror-bootstrap status --watch",
                "  mirror-bootstrap status orders --json | jq '.[0].eta_seconds'"})
final class StatusCommand implements Callable<Integer> {

    static final String NAME = "status";

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long WATCH_EVERY_MILLIS = 1000;

    @Parameters(arity = "0..*", paramLabel = "DATABASE", description = "Whose mirrors; none: all that the sidecar knows.")
    private List<DatabaseId> databases = List.of();

    @Option(names = "--watch", description = "Shows it again each second.")
    private boolean watch;

    @Option(names = "--json", description = "Prints an array in one line, of objects as in the HTTP API; what has not come yet is not in it. With --watch, such a line whenever something has changed.")
    private boolean json;

    @Mixin
    private SidecarOptions sidecar;

    @Spec
    private CommandSpec spec;

    /** What was told, or why nothing was. */
    private sealed interface Look {

        record Rows(List<Row> rows) implements Look {
        }

        record Nothing(Obstacle obstacle) implements Look {
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        boolean isTerminal = !json && Terminal.isStandardOutput();
        Optional<Terminal> terminal = isTerminal ? Optional.of(Terminal.ofStandardOutput()) : Optional.empty();
        try (StatusClient client = sidecar.client(spec.commandLine())) {
            return watch ? watch(client, terminal) : once(look(client), terminal);
        }
    }

    private int once(Look look, Optional<Terminal> terminal) {
        if (look instanceof Look.Nothing nothing) {
            return Report.failed(spec.commandLine(), ExitCode.of(nothing.obstacle()), words(nothing.obstacle()));
        }
        List<Row> rows = ((Look.Rows) look).rows();
        print(rows, table(terminal));
        return code(rows).number();
    }

    private int watch(StatusClient client, Optional<Terminal> terminal) throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        Optional<StatusScreen> screen = terminal.map(it -> new StatusScreen(out, it::lines));
        Look last = null;
        while (!out.checkError()) { // nobody reads it any more
            Look look = look(client);
            if (look instanceof Look.Nothing nothing && !nothing.obstacle().canHeal()) {
                return once(look, terminal);
            } else if (screen.isPresent()) {
                screen.get().show(picture(look, table(terminal)));
            } else if (!look.equals(last)) {
                tell(look);
            }
            last = look;
            TimeUnit.MILLISECONDS.sleep(WATCH_EVERY_MILLIS);
        }
        return ExitCode.COMMITTED.number(); // that it cannot be written is told in one place
    }

    private void tell(Look look) {
        if (look instanceof Look.Nothing) {
            once(look, Optional.empty());
            return;
        }
        if (!json) {
            spec.commandLine().getOut().println(time());
        }
        print(((Look.Rows) look).rows(), table(Optional.empty()));
    }

    private static List<String> picture(Look look, StatusTable table) {
        List<String> lines = new ArrayList<>(List.of(StatusTable.cut(time(), table.room())));
        if (look instanceof Look.Rows told) {
            lines.addAll(table.lines(told.rows(), Instant.now()));
        } else {
            lines.add(StatusTable.cut(Text.line(words(((Look.Nothing) look).obstacle())), table.room()));
        }
        return lines;
    }

    private static String time() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private void print(List<Row> rows, StatusTable table) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(rows.stream().flatMap(row -> row.status().stream()).map(MirrorStatus::json)
                    .collect(Collectors.joining(",", "[", "]")));
        } else {
            table.lines(rows, Instant.now()).forEach(out::println);
        }
        out.flush();
    }

    /** In the last column a terminal may begin another line. */
    private static StatusTable table(Optional<Terminal> terminal) {
        return new StatusTable(terminal.map(it -> it.getAsInt() - 1).orElse(Integer.MAX_VALUE),
                terminal.isPresent() && Optional.ofNullable(System.getenv("NO_COLOR")).orElse("").isEmpty());
    }

    private Look look(StatusClient client) throws InterruptedException {
        if (databases.isEmpty()) {
            Reply reply = client.askAll(PATIENCE);
            return reply instanceof Reply.All all
                    ? new Look.Rows(all.mirrors().stream().map(each -> new Row(each.database(), Optional.of(each)))
                            .toList())
                    : new Look.Nothing(((Reply.Blocked) reply).obstacle());
        }
        List<Row> rows = new ArrayList<>();
        for (DatabaseId database : databases.stream().distinct().toList()) {
            Reply reply = client.ask(database, PATIENCE);
            if (reply instanceof Reply.Blocked blocked) {
                return new Look.Nothing(blocked.obstacle());
            }
            rows.add(new Row(database, reply instanceof Reply.Known known
                    ? Optional.of(known.status())
                    : Optional.empty()));
        }
        return new Look.Rows(rows);
    }

    private static String words(Obstacle obstacle) {
        return Report.words(obstacle, "the sidecar does not tell");
    }

    private static ExitCode code(List<Row> rows) {
        List<String> words = rows.stream().map(row -> row.status().map(MirrorStatus::word).orElse("")).toList();
        if (words.contains(MirrorStatus.FAILED)) {
            return ExitCode.REFUSED;
        }
        return !words.isEmpty() && words.stream().allMatch(MirrorStatus.FOLLOWING::equals)
                ? ExitCode.COMMITTED
                : ExitCode.LINK;
    }
}
