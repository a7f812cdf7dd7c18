package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.LoggedLines;
import io.mirrorbootstrap.mirror.MirrorState.Following;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.Removal;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TestSource;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** Files of more databases than may be known, as somebody has planted them: no more are known, and the rest stays as it is. */
class CrowdedDirectoryTest {

    private static final JsonRecords RECORDS = new JsonRecords();
    private static final byte[] WHOLE = {1, 2, 3, 4};
    private static final int MANY = StatusBoard.MAX_ROWS + 3;

    private final SimulatedDisk disk = new SimulatedDisk();
    private final StatusBoard board = new StatusBoard();
    private final Mirrors mirrors = new Mirrors(TestMirrors.settings(Map.of()),
            new SnapshotDirectory(disk, 0, RECORDS), board, List.of(board), () -> ToldApart.NOT);
    private final LoggedLines lines = new LoggedLines(FileComparison.class.getName());

    @AfterEach
    void stop() {
        lines.close();
    }

    @Test
    void ofSnapshotsThatAreThereAtTheStartTheFirstAreKnown() throws Exception {
        for (int i = 0; i < MANY; i++) {
            putSnapshot(name(i), true);
        }
        mirrors.start(null);
        mirrors.compareFiles();

        assertKnown(0, StatusBoard.MAX_ROWS);
        assertSaid(3, StatusBoard.MAX_ROWS);
        for (int i = StatusBoard.MAX_ROWS; i < MANY; i++) {
            assertArrayEquals(WHOLE, disk.bytes(name(i) + ".snapshot").orElseThrow());
            assertTrue(disk.bytes(name(i) + ".manifest.json").isPresent());
        }
        OpenOutcome.Refused refused = assertInstanceOf(OpenOutcome.Refused.class,
                mirrors.open(new TestSource(), Announcement.of(identity(name(MANY - 1)))));
        assertInstanceOf(Refusal.TooManyMirrors.class, refused.refusal());

        assertEquals(new Removal.Done(), mirrors.removeAll(Principal.ANYBODY, new DatabaseId(name(7))));
        mirrors.compareFiles();
        assertInstanceOf(Following.class, row(StatusBoard.MAX_ROWS).orElseThrow().state());
        assertEquals(StatusBoard.MAX_ROWS, board.mirrors().size());
    }

    @Test
    void soItIsWithTransfersAndWithWhatHasToBeRead() throws Exception {
        for (int i = 0; i < MANY; i++) {
            if (i % 2 == 0) {
                putKept(name(i));
            } else {
                putSnapshot(name(i), false);
            }
        }
        mirrors.start(null);
        Awaitility.await().until(() -> board.mirrors().size() >= StatusBoard.MAX_ROWS);

        assertKnown(0, StatusBoard.MAX_ROWS);
        assertSaid(3, StatusBoard.MAX_ROWS);
        assertTrue(disk.bytes(name(StatusBoard.MAX_ROWS) + ".partial").isPresent());
        assertTrue(disk.bytes(name(StatusBoard.MAX_ROWS) + ".checkpoint.json").isPresent());
    }

    @Test
    void whatIsKnownStaysKnownWhateverComesWhileItRuns() throws Exception {
        putSnapshot("z", true);
        mirrors.start(null);
        for (int i = 0; i < MANY; i++) {
            putSnapshot(name(i), true);
        }
        mirrors.compareFiles();
        mirrors.compareFiles();

        assertInstanceOf(Following.class, board.mirror(new DatabaseId("z")).orElseThrow().state());
        assertKnown(0, StatusBoard.MAX_ROWS - 1);
        assertSaid(4, StatusBoard.MAX_ROWS - 1);
    }

    @Test
    void copiesAreReadAsLongAsThereIsAPlace() throws Exception {
        mirrors.start(null);
        for (int i = 0; i < MANY; i++) {
            putSnapshot(name(i), false);
        }
        Awaitility.await().until(() -> {
            mirrors.compareFiles();
            return lines.with("are left as they are") > 0;
        });
        assertKnown(0, StatusBoard.MAX_ROWS);
        assertSaid(3, StatusBoard.MAX_ROWS);
    }

    private void assertKnown(int from, int to) {
        for (int i = from; i < to; i++) {
            assertTrue(row(i).isPresent(), name(i));
        }
        assertEquals(StatusBoard.MAX_ROWS, board.mirrors().size());
    }

    /** Once. */
    private void assertSaid(int leftOut, int first) {
        assertEquals(List.of("1000 databases are known here, and no more may be: the files of " + leftOut
                + " others in /simulated are left as they are, the first is " + name(first)
                + ": move away those that are not of this sidecar, or remove databases"
                + " (DELETE /v1/mirrors/{database}?snapshot=true)"), lines.all());
    }

    private Optional<Mirror> row(int i) {
        return board.mirror(new DatabaseId(name(i)));
    }

    private static String name(int i) {
        return String.format(Locale.ROOT, "p%05d", i);
    }

    private static SnapshotIdentity identity(String database) {
        return new SnapshotIdentity("c", new DatabaseId(database), 7, WHOLE.length,
                Crc32c.of(ByteBuffer.wrap(WHOLE)));
    }

    /** @param marked whether it is known by its mark; else it has to be read */
    private void putSnapshot(String database, boolean marked) throws IOException {
        disk.put(database + ".snapshot", WHOLE);
        SnapshotIdentity of = identity(database);
        CommittedSnapshot snapshot = new CommittedSnapshot(of.sourceClusterId(), of.database(), of.lsn(),
                WHOLE.length, of.totalCrc32c(), Instant.EPOCH);
        String mark = disk.facts(database + ".snapshot").orElseThrow().mark();
        disk.put(database + ".manifest.json",
                RECORDS.manifest(new Manifest(snapshot, marked ? Optional.of(mark) : Optional.empty())));
    }

    private void putKept(String database) {
        disk.put(database + ".partial", WHOLE);
        disk.put(database + ".checkpoint.json", RECORDS.checkpoint(
                new Checkpoint(identity(database), 2, Crc32c.of(ByteBuffer.wrap(WHOLE, 0, 2)))));
    }
}
