package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.mirror.MirrorState.Failed;
import io.mirrorbootstrap.mirror.MirrorState.Following;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Removal;
import io.mirrorbootstrap.snapshot.Retention;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TestSource;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** What the board says of a snapshot whose file has the place of an earlier one, and whose commit the disk does not let be finished. */
class HalfDoneCommitTest {

    private static final DatabaseId DATABASE = new DatabaseId("a");
    private static final byte[] WHOLE = {1, 2, 3, 4};

    private final SimulatedDisk disk = new SimulatedDisk();
    private final StatusBoard board = new StatusBoard();
    private final Mirrors mirrors = new Mirrors(TestMirrors.settings(Map.of()),
            new SnapshotDirectory(disk, 0, new JsonRecords()), board, List.of(board), () -> ToldApart.NOT);
    private final TestSource source = new TestSource();
    private final List<Mirror> heard = new ArrayList<>();

    @BeforeEach
    void replaceInVain() {
        assertInstanceOf(ChunkOutcome.Committed.class, send(7));
        board.watch(change -> {
            if (change instanceof Mirror row) {
                heard.add(row);
            }
        });
        fail();
        assertInstanceOf(ChunkOutcome.Refused.class, send(8));
    }

    @Test
    void theEarlierOneIsNotToldAnyMore() {
        assertFailed();
        Mirror last = heard.get(heard.size() - 1);
        assertTrue(last.committed().isEmpty() && last.state() instanceof Failed, last::toString);
    }

    @Test
    void nobodyMakesItFollowingBeforeTheDiskDoes() {
        assertInstanceOf(Removal.Refused.class, mirrors.abort(Principal.ANYBODY, DATABASE));
        assertFailed();
        assertInstanceOf(Removal.Refused.class, mirrors.removeAll(Principal.ANYBODY, DATABASE));
        assertFailed();
        mirrors.compareFiles();
        assertFailed();
        mirrors.keepHouse(new Retention(Duration.ofDays(7), Duration.ofDays(7)));
        assertFailed();
        assertInstanceOf(OpenOutcome.Refused.class, mirrors.open(source, Announcement.of(identity(7))));
        assertFailed();
        assertTrue(disk.bytes("a.snapshot").isPresent());
    }

    @Test
    void whoEndsTheFailedTransferHasItsSnapshotTold() {
        disk.stopObserving();
        assertEquals(new Removal.Done(), mirrors.abort(Principal.ANYBODY, DATABASE));
        assertFollowing();
        assertTrue(heard.stream().skip(1).noneMatch(row -> row.state() instanceof Following following
                && following.snapshot().lsn() == 7), heard::toString);
    }

    @Test
    void theNextLookHasItTold() {
        disk.stopObserving();
        mirrors.compareFiles();
        assertFollowing();
        mirrors.compareFiles();
        assertFollowing();
    }

    @Test
    void soItDoesOfAFirstSnapshot() {
        DatabaseId other = new DatabaseId("b");
        assertInstanceOf(ChunkOutcome.Refused.class, send(new SnapshotIdentity("c", other, 1, WHOLE.length, crc())));
        disk.stopObserving();
        mirrors.compareFiles();
        assertInstanceOf(Following.class, board.mirror(other).orElseThrow().state());
    }

    @Test
    void aRemovalRemovesTheOneThatIsThere() {
        disk.stopObserving();
        assertEquals(new Removal.Done(), mirrors.abort(Principal.ANYBODY, DATABASE));
        assertEquals(new Removal.Done(), mirrors.removeAll(Principal.ANYBODY, DATABASE));
        assertTrue(board.mirror(DATABASE).isEmpty());
        assertTrue(disk.bytes("a.snapshot").isEmpty());
    }

    private void assertFailed() {
        Mirror row = board.mirror(DATABASE).orElseThrow();
        assertInstanceOf(Failed.class, row.state());
        assertEquals(Optional.empty(), row.committed());
    }

    private void assertFollowing() {
        Mirror row = board.mirror(DATABASE).orElseThrow();
        assertEquals(8, assertInstanceOf(Following.class, row.state()).snapshot().lsn());
        assertEquals(8, row.committed().orElseThrow().snapshot().lsn());
    }

    /** No manifest can be written from here on. */
    private void fail() {
        disk.observe((what, name) -> {
            if (what.equals("rename") && name.endsWith(".manifest.json")) {
                throw new IOException("Input/output error");
            }
        });
    }

    private ChunkOutcome send(long lsn) {
        return send(identity(lsn));
    }

    private ChunkOutcome send(SnapshotIdentity identity) {
        IncomingChunk chunk = ((ChunkStart.Arriving) mirrors.chunk(source, identity, 0)).chunk();
        chunk.write(ByteBuffer.wrap(WHOLE));
        return chunk.finish(true, Optional.empty());
    }

    private static SnapshotIdentity identity(long lsn) {
        return new SnapshotIdentity("c", DATABASE, lsn, WHOLE.length, crc());
    }

    private static Crc32c crc() {
        return Crc32c.of(ByteBuffer.wrap(WHOLE));
    }
}
