package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.LoggedLines;
import io.mirrorbootstrap.mirror.MirrorState.Bootstrapping;
import io.mirrorbootstrap.mirror.MirrorState.Following;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TestSource;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.store.TooManyFilesException;
import io.mirrorbootstrap.wire.JsonRecords;

/** What the board says of a snapshot that somebody has taken away, and brings back. */
class BroughtBackTest {

    private static final DatabaseId DATABASE = new DatabaseId("a");
    private static final byte[] WHOLE = {1, 2, 3, 4};
    private static final SnapshotIdentity IDENTITY = identity(7);

    private final SimulatedDisk disk = new SimulatedDisk();
    private final StatusBoard board = new StatusBoard();
    private final Mirrors mirrors = new Mirrors(TestMirrors.settings(Map.of()),
            new SnapshotDirectory(disk, 0, new JsonRecords()), board, List.of(board, new TransferLog()),
            () -> ToldApart.NOT);
    private final TestSource source = new TestSource();
    private final LoggedLines lines = new LoggedLines("io.mirrorbootstrap.transfer");

    @BeforeEach
    void lose() throws IOException {
        IncomingChunk chunk = ((ChunkStart.Arriving) mirrors.chunk(source, IDENTITY, 0)).chunk();
        chunk.write(ByteBuffer.wrap(WHOLE));
        assertInstanceOf(ChunkOutcome.Committed.class, chunk.finish(true, Optional.empty()));
        disk.rename("a.snapshot", "elsewhere");
        mirrors.compareFiles();
        assertTrue(board.mirror(DATABASE).isEmpty());
        lines.clear();
    }

    @AfterEach
    void stop() {
        lines.close();
    }

    @Test
    void theBoardHasItWhenItsFileIsBack() throws Exception {
        disk.rename("elsewhere", "a.snapshot");
        mirrors.compareFiles();
        mirrors.compareFiles();
        assertInstanceOf(Following.class, row().state());
        assertEquals(
                List.of("found again: the snapshot of database=a cluster=c lsn=7 bytes=4 is there, as its manifest "
                        + "says: path=/simulated/a.snapshot"),
                lines.all());
    }

    @Test
    void aSourceIsNotToldWhatTheBoardDenies() throws Exception {
        disk.rename("elsewhere", "a.snapshot");
        assertInstanceOf(OpenOutcome.AlreadyCommitted.class, mirrors.open(source, Announcement.of(IDENTITY)));
        assertInstanceOf(Following.class, row().state());
    }

    @Test
    void aCopyIsReadBeside() {
        disk.put("a.snapshot", WHOLE);
        mirrors.compareFiles();
        Awaitility.await().until(() -> board.mirror(DATABASE).isPresent());
        assertInstanceOf(Following.class, row().state());
        assertInstanceOf(OpenOutcome.AlreadyCommitted.class, mirrors.open(source, Announcement.of(IDENTITY)));
    }

    @Test
    void whatIsAmongTooManyFilesIsFoundWhenTheyAreGone() throws Exception {
        try (LoggedLines told = new LoggedLines(FileComparison.class.getName())) {
            disk.rename("elsewhere", "a.snapshot");
            disk.observe((what, name) -> {
                if (what.equals("names")) {
                    throw new TooManyFilesException(3);
                }
            });
            mirrors.compareFiles();
            mirrors.compareFiles();
            assertTrue(board.mirror(DATABASE).isEmpty());
            assertEquals(
                    List.of("snapshots that somebody brings back are not looked for in /simulated, and no start is "
                            + "possible: more than 3 files are in it: move those away that are not of a snapshot of this "
                            + "sidecar"),
                    told.all());
        }
        disk.stopObserving();
        mirrors.compareFiles();
        assertInstanceOf(Following.class, row().state());
    }

    @Test
    void aTransferThatIsUnderWayGoesOn() throws Exception {
        assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(source, Announcement.of(identity(8))));
        disk.rename("elsewhere", "a.snapshot");
        mirrors.compareFiles();
        assertInstanceOf(Bootstrapping.class, row().state());
        assertEquals(7, row().committed().orElseThrow().snapshot().lsn());
    }

    private Mirror row() {
        return board.mirror(DATABASE).orElseThrow();
    }

    private static SnapshotIdentity identity(long lsn) {
        return new SnapshotIdentity("c", DATABASE, lsn, WHOLE.length, Crc32c.of(ByteBuffer.wrap(WHOLE)));
    }
}
