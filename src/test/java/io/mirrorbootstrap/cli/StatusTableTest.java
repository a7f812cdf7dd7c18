package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.cli.StatusTable.Row;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.wire.MirrorStatus;

class StatusTableTest {

    private static final Instant NOW = Instant.parse("2026-11-28T03:00:00Z");

    private final Row orders = row("orders", "bootstrapping",
            "\"bytes_done\":52428800,\"bytes_total\":134217728,\"rate_bytes_per_second\":104857600,\"eta_seconds\":75,"
                    + "\"updated_at\":\"2026-11-28T02:59:57Z\"");
    private final Row stock = row("stock", "failed", "\"bytes_done\":5,\"bytes_total\":0,\"last_error\":"
            + "{\"code\":\"transport\",\"message\":\"no space\",\"at\":\"2026-11-28T02:57:55Z\"}");
    private final Row nothing = new Row(new DatabaseId("x"), Optional.empty());

    @Test
    void aMirrorHasALineAndItsLastErrorOneBelow() {
        assertEquals(List.of(
                "DATABASE  STATUS         DONE  BYTES                 RATE       LEFT         LSN  CHANGED",
                "orders    bootstrapping  39 %  50.0 MiB of 128 MiB  100 MiB/s  1 min 15 s   7    3.0 s ago",
                "stock     failed         -     5 B                   -          -            7    -",
                "  last error, 2 min 05 s ago: transport: no space",
                "x         not there yet  -     -                     -          -            -    -").stream()
                .map(line -> line.replaceAll(" +", " ")).toList(),
                lines(Integer.MAX_VALUE).stream().map(line -> line.replaceAll(" +", " ").stripTrailing()).toList());
    }

    @Test
    void cellsOfAColumnBeginBelowEachOther() {
        List<String> lines = lines(Integer.MAX_VALUE);
        assertEquals(lines.get(0).indexOf("BYTES"), lines.get(1).indexOf("50.0 MiB"));
        assertEquals(lines.get(0).indexOf("CHANGED"), lines.get(1).indexOf("3.0 s ago"));
        assertEquals(lines.get(0).indexOf("STATUS"), lines.get(4).indexOf("not there"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 20, 39, 60, 79, 88})
    void noLineIsWiderThanItsRoom(int room) {
        Row wide = row("wide", "größe größe größe größe", "\"bytes_done\":0,\"bytes_total\":0,\"last_error\":"
                + "{\"code\":\"\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\"}");
        new StatusTable(room, false).lines(List.of(orders, stock, nothing, wide), NOW).forEach(line -> assertTrue(
                line.codePoints().map(c -> c < 0x80 ? 1 : 2).sum() <= room, line));
    }

    @Test
    void theWidestCellsAreCutFirstAndShowIt() {
        Row longName = row("a".repeat(120), "following", "\"bytes_done\":5,\"bytes_total\":5");
        List<String> lines = new StatusTable(79, false).lines(List.of(longName), NOW);
        assertTrue(lines.get(1).matches("a{20,}~  following  100 %  5 B .*  7 .*"), lines::toString);
    }

    @ParameterizedTest
    @ValueSource(ints = {55, 60, 70})
    void theStatusIsCutLast(int room) {
        assertTrue(new StatusTable(room, false).lines(List.of(orders), NOW).get(1).contains("  bootstrapping  "));
    }

    @Test
    void theStateHasAColourBesideItsWord() {
        String line = new StatusTable(200, true).lines(List.of(stock), NOW).get(1);
        assertTrue(line.contains("\u001b[31m") && line.contains("failed"), line);
        assertEquals(new StatusTable(200, false).lines(List.of(stock), NOW).get(1),
                line.replaceAll("\u001b\\[\\d+m", ""));
    }

    @ParameterizedTest
    @CsvSource({"9223372036854775807,-", "0,0.0 s"})
    void whatCannotBeMeantIsNoTime(String seconds, String shown) {
        Row row = row("d", "x", "\"bytes_done\":9223372036854775807,\"bytes_total\":1,\"eta_seconds\":" + seconds
                + ",\"updated_at\":\"-999999999-01-01T00:00:00Z\"");
        String line = new StatusTable(500, false).lines(List.of(row), NOW).get(1);
        assertTrue(line.contains("  " + shown + "  ") && line.contains("long ago"), line);
    }

    @Test
    void aClockThatIsAheadMakesNoAgeBelowZero() {
        Row row = row("d", "x", "\"bytes_done\":1,\"bytes_total\":1,\"updated_at\":\"2026-11-28T03:10:00Z\"");
        assertTrue(new StatusTable(500, false).lines(List.of(row), NOW).get(1).endsWith("0.0 s ago"));
    }

    @Test
    void aPictureTakesThePlaceOfTheOneBeforeAndNeverMoreThanTheTerminal() {
        StringWriter shown = new StringWriter();
        StatusScreen screen = new StatusScreen(new PrintWriter(shown), () -> 4);
        screen.show(List.of("a", "b", "c"));
        assertEquals("\u001b[2J\u001b[Ha\u001b[K\nb\u001b[K\nc\u001b[K\n\u001b[J", shown.toString());
        shown.getBuffer().setLength(0);
        screen.show(List.of("d", "e", "f", "g", "h"));
        assertEquals("\u001b[Hd\u001b[K\ne\u001b[K\n+ 3 lines\u001b[K\n\u001b[J", shown.toString());
    }

    private List<String> lines(int room) {
        return new StatusTable(room, false).lines(List.of(orders, stock, nothing), NOW);
    }

    private static Row row(String database, String word, String more) {
        MirrorStatus status = MirrorStatus.read(("{\"source_database_id\":\"" + database + "\",\"status\":\"" + word
                + "\",\"snapshot_lsn\":7,\"crc32c\":\"0x00000001\",\"snapshot_path\":\"/s\"," + more + "}")
                .getBytes(StandardCharsets.UTF_8));
        return new Row(status.database(), Optional.of(status));
    }
}
