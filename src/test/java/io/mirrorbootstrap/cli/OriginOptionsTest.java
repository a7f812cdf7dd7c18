package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.PositionFile;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What {@code send} says of a snapshot, by its command line. */
class OriginOptionsTest {

    private static final String CLUSTER = "--cluster=pg-main";

    @Test
    void withoutMoreTheSnapshotSaysItsLsn() {
        Origin nothingMore = new Origin("pg-main", new DatabaseId("d"), OptionalLong.empty(), false, Notes.NONE,
                Optional.empty());
        assertEquals(nothingMore, origin(CLUSTER));
        assertEquals(nothingMore, origin(CLUSTER, "--lsn=auto"));
    }

    @Test
    void anLsnOfPostgresqlsFormIsThePositionToo() {
        Origin given = origin(CLUSTER, "--lsn=16/b374D848");
        assertEquals(OptionalLong.of(97500059720L), given.lsn());
        assertEquals(Optional.of("16/b374D848"), given.notes().position());
        assertEquals(Optional.empty(), origin(CLUSTER, "--lsn=97500059720").notes().position());
        assertEquals(Optional.of("x y"), origin(CLUSTER, "--lsn=16/B374D848", "--position=x y").notes().position());
    }

    @Test
    void aFileMaySayThePositionAtTheEnd() {
        Origin given = origin(CLUSTER, "--lsn=16/B374D848", "--position-file=info");
        assertEquals(Optional.of(new PositionFile(Path.of("info"))), given.positionFile());
        assertEquals(Optional.empty(), given.notes().position());
    }

    @Test
    void labelsAreNamesAndValues() {
        assertEquals(Map.of("app/tier", "a=b, c", "empty", ""),
                origin(CLUSTER, "--label", "app/tier=a=b, c", "--label=empty=").notes().labels());
    }

    @Test
    void onlyWhatIsMeantReplaces() {
        assertTrue(origin(CLUSTER, "--replace").isMeant());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {"--cluster=|--cluster is empty",
            "--cluster= \t|--cluster is empty", "--cluster=p\ufffd|--cluster is not UTF-8",
            "--position=|1 to 1024 bytes of UTF-8", "--position=a\u0001b|no control character",
            "--position=p\ufffd|--position is not UTF-8", "--position=x --position-file=y|one of them may be",
            "--label=a|--label a must be KEY=VALUE", "--label=a=1 --label=a=2|--label names a twice",
            "--label==1|each a name of 1 to 64 characters", "--label=a=\u0001b|no control character",
            "--label=a=\ufffd|--label is not UTF-8"})
    void whatCannotBeIsRefusedWithItsOptionAndTheRule(String options, String message) {
        ParameterException wrong = assertThrows(ParameterException.class,
                () -> origin(options.startsWith("--cluster")
                        ? new String[]{options}
                        : (CLUSTER + " " + options).split(" ")));
        assertTrue(wrong.getMessage().contains(message), wrong::getMessage);
    }

    private static Origin origin(String... options) {
        CommandLine line = MirrorBootstrap.commandLine(Map.of());
        line.parseArgs(Stream.concat(Stream.of("send", "file", "--url=http://localhost:1", "--database=d"),
                Stream.of(options)).toArray(String[]::new));
        SendCommand send = line.getSubcommands().get(SendCommand.NAME).getCommand();
        return send.origin();
    }
}
