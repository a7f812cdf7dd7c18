package io.mirrorbootstrap.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.mirror.ExpectedDatabases;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.Began;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Kept;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Progressed;
import io.mirrorbootstrap.store.SimulatedDisk;

class DatabaseSeriesTest {

    private final StatusBoard board = new StatusBoard();
    private DatabaseSeries series = series(2);

    private DatabaseSeries series(int most) {
        return series(Map.of("metrics-databases", String.valueOf(most)));
    }

    private DatabaseSeries series(Map<String, String> keys) {
        MirrorSettings settings = TestMirrors.settings(keys);
        return new DatabaseSeries(board, TestMirrors.on(new SimulatedDisk()), settings,
                new ExpectedDatabases(settings, board));
    }

    @Test
    void aTransferIsTold() {
        board.on(new Began(snapshot("orders", 1000), 100, 100, "here"));
        board.on(new Progressed(snapshot("orders", 1000), 250, 200));
        assertEquals(Map.of("orders", 250.0), values("done_bytes"));
        assertEquals(Map.of("orders", 200.0), values("durable_bytes"));
        assertEquals(Map.of("orders", 0.25), values("progress_ratio"));
        assertEquals(Map.of("orders bootstrapping", 1.0), values("state"));
        assertTrue(values("last_chunk_age_seconds").get("orders") >= 0);

        isKept("orders", 300);
        assertEquals(Map.of("orders disconnected", 1.0), values("state"));
        assertEquals(Map.of(), values("last_chunk_age_seconds"), "nobody sends");
    }

    @Test
    void ofAStreamTheProgressIsNotKnown() {
        board.on(new Began(snapshot("orders", 0), 100, 0, "here"));
        assertEquals(Map.of("orders", 100.0), values("done_bytes"));
        assertEquals(Map.of(), values("progress_ratio"));
    }

    @Test
    void thoseThatComeLaterAreSummed() {
        isKept("a", 1);
        isKept("b", 2);
        assertEquals(Set.of("a", "b"), values("done_bytes").keySet());
        isKept("c", 400);
        board.on(new Began(snapshot("d", 1000), 200, 0, "here"));
        isKept("a", 3); // however they change
        assertEquals(Map.of("a", 3.0, "b", 2.0, "other", 600.0), values("done_bytes"));
        assertEquals(0.3, values("progress_ratio").get("other"));
        assertEquals(Map.of("a disconnected", 1.0, "b disconnected", 1.0, "other bootstrapping", 1.0,
                "other disconnected", 1.0), values("state"));
        assertTrue(values("last_chunk_age_seconds").containsKey("other"));
    }

    @Test
    void expectedDatabasesHaveAPlaceWhoeverComesFirst() {
        series = series(Map.of("metrics-databases", "2", "expected-databases", "orders"));
        List.of("a", "b", "c").forEach(database -> isKept(database, 1));
        assertEquals(Set.of("a", "other"), values("done_bytes").keySet());
        isKept("orders", 7);
        assertEquals(Set.of("a", "orders", "other"), values("done_bytes").keySet());
    }

    @Test
    void theSeriesOfADatabaseGoWithItAndMakeRoomForAnother() {
        List.of("a", "b", "c").forEach(database -> isKept(database, 1));
        assertEquals(Set.of("a", "b", "other"), values("done_bytes").keySet());
        board.on(new TransferEvent.Dropped(snapshot("a", 1000), 1, DropReason.ABORTED));
        assertEquals(Set.of("b", "c"), values("done_bytes").keySet());
    }

    /** Prometheus takes nothing of an answer that has a series twice. */
    @Test
    void aDatabaseThatIsNamedAsTheSumIsPartOfIt() {
        isKept("other", 1);
        isKept("a", 2);
        isKept("b", 4);
        isKept("c", 8);
        assertEquals(Map.of("a", 2.0, "b", 4.0, "other", 9.0), values("done_bytes"));
    }

    @Test
    void thereMayBeNoneOfTheirOwn() {
        series = series(0);
        isKept("a", 2);
        isKept("b", 4);
        assertEquals(Map.of("other", 6.0), values("done_bytes"));
        assertEquals(Map.of("other disconnected", 2.0), values("state"));
    }

    private void isKept(String database, long bytes) {
        board.on(new Kept(snapshot(database, 1000), bytes, bytes, KeptReason.LINK_LOST));
    }

    /** By the values of their labels. */
    private Map<String, Double> values(String name) {
        return series.now().stream().filter(family -> family.name.equals("mirror_bootstrap_database_" + name))
                .flatMap(family -> family.samples.stream())
                .collect(Collectors.toMap(sample -> String.join(" ", sample.labelValues), sample -> sample.value,
                        (one, other) -> {
                            throw new AssertionError("twice: " + name);
                        }, TreeMap::new));
    }

    private static SnapshotIdentity snapshot(String database, long bytes) {
        return new SnapshotIdentity("c", new DatabaseId(database), 1, bytes, new Crc32c(7));
    }
}
