package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.mirror.MirrorState.Disconnected;
import io.mirrorbootstrap.mirror.MirrorState.Failed;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.Removal;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TestSource;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** What callers may do with their databases and those of others, and how many, on a simulated disk. */
class MirrorsTest {

    private static final JsonRecords RECORDS = new JsonRecords();
    private static final Refusal BUSY = new Refusal.ShareTaken(8, "transfers of this caller are under way",
            "max-bootstraps-per-caller");
    private static final Refusal TOO_MANY = new Refusal.ShareTaken(500,
            "databases of this caller have a snapshot or a transfer here", "max-databases-per-caller");
    private static final byte[] WHOLE = {1, 2, 3, 4};
    private static final byte[] OTHER = {4, 3, 2, 1};

    private final SimulatedDisk disk = new SimulatedDisk();
    private final StatusBoard board = new StatusBoard();
    private ToldApart apart = ToldApart.BY_TOKEN;
    private final Mirrors mirrors = new Mirrors(TestMirrors.settings(Map.of()),
            new SnapshotDirectory(disk, 0, RECORDS), board, List.of(board), () -> apart);

    @Test
    void oneCallerDoesNotTakeThePlacesOfAll() throws Exception {
        TestSource a = caller("a");
        TestSource b = caller("b");
        for (int i = 0; i < 8; i++) { // half of max-bootstraps
            assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(a, Announcement.of(identity("a" + i))));
        }
        assertEquals(new OpenOutcome.Refused(BUSY),
                mirrors.open(a, Announcement.of(identity("a8"))));
        assertEquals(new ChunkOutcome.Refused(BUSY), send(a, "a8"));
        assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(a, Announcement.of(identity("a0"))),
                "it has that place");
        for (int i = 0; i < 8; i++) {
            assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(b, Announcement.of(identity("b" + i))));
        }
        assertInstanceOf(ChunkOutcome.Committed.class, send(a, "a0"));
        assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(a, Announcement.of(identity("a8"))));
    }

    @Test
    void whatACallerTookWhileItWasAloneIsCounted() throws Exception {
        apart = ToldApart.NOT;
        TestSource a = caller("a");
        for (int i = 0; i < 501; i++) {
            assertInstanceOf(ChunkOutcome.Committed.class, send(a, "a" + i));
        }
        for (int i = 0; i < 16; i++) { // all of max-bootstraps
            assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(a, Announcement.of(later("a" + i))));
        }
        apart = ToldApart.BY_TOKEN;
        assertEquals(new ChunkOutcome.Refused(TOO_MANY), send(a, "one-more"));
        assertEquals(new OpenOutcome.Refused(BUSY), mirrors.open(a, Announcement.of(later("a16"))));
        for (int i = 0; i < 8; i++) {
            assertEquals(new Removal.Done(), mirrors.abort(a.principal(), new DatabaseId("a" + i)));
            assertEquals(new OpenOutcome.Refused(BUSY), mirrors.open(a, Announcement.of(later("a" + i))),
                    "eight are under way");
        }
        assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(caller("b"), Announcement.of(identity("b"))));
        assertEquals(new Removal.Done(), mirrors.abort(a.principal(), new DatabaseId("a8")));
        assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(a, Announcement.of(later("a8"))));
    }

    @Test
    void namesThatAreAboutToBeTakenCountToo() throws Exception {
        TestSource a = caller("a");
        for (int i = 0; i < 499; i++) {
            assertInstanceOf(ChunkOutcome.Committed.class, send(a, "a" + i));
        }
        IncomingChunk last = begin(a, "a499");
        assertEquals(new ChunkOutcome.Refused(TOO_MANY), send(a, "one-more"));
        assertEquals(new OpenOutcome.Refused(TOO_MANY), mirrors.open(a, Announcement.of(identity("one-more"))));
        last.cancel(); // it has come to nothing
        assertInstanceOf(ChunkOutcome.Committed.class, send(a, "one-more"));
        assertEquals(new ChunkOutcome.Refused(TOO_MANY), send(a, "a499"));
    }

    @Test
    void oneCallerDoesNotTakeTheNamesOfAll() throws Exception {
        TestSource a = caller("a");
        TestSource b = caller("b");
        for (int i = 0; i < 500; i++) { // half of all
            assertInstanceOf(ChunkOutcome.Committed.class, send(a, "a" + i));
        }
        assertEquals(new ChunkOutcome.Refused(TOO_MANY), send(a, "one-more"));
        assertEquals(new OpenOutcome.Refused(TOO_MANY), mirrors.open(a, Announcement.of(identity("one-more"))));
        assertInstanceOf(ChunkOutcome.Committed.class, send(a, "a7"), "the next snapshot of what it has");
        for (int i = 0; i < 10; i++) { // what it has had, and has no more, is a place like any other
            DatabaseId database = new DatabaseId("a" + i);
            assertEquals(new Removal.Done(), mirrors.removeAll(a.principal(), database));
            assertInstanceOf(ChunkOutcome.Committed.class, send(a, "in-place-of" + i));
            assertEquals(new ChunkOutcome.Refused(TOO_MANY), send(a, "a" + i));
            assertEquals(new Removal.Done(), mirrors.removeAll(a.principal(), new DatabaseId("in-place-of" + i)));
            assertInstanceOf(ChunkOutcome.Committed.class, send(a, "a" + i));
        }
        assertInstanceOf(ChunkOutcome.Committed.class, send(b, "one-more"));
        assertEquals(new Removal.Done(), mirrors.removeAll(a.principal(), new DatabaseId("a7")));
        assertInstanceOf(ChunkOutcome.Committed.class, send(a, "a500"));

        // and so after a start, as far as the records name whose they are
        Mirrors restarted = TestMirrors.on(disk, TestMirrors.settings(Map.of()), () -> apart);
        assertEquals(new OpenOutcome.Refused(TOO_MANY),
                restarted.open(caller("a"), Announcement.of(identity("another"))));
        assertInstanceOf(OpenOutcome.Opened.class, restarted.open(caller("b"), Announcement.of(identity("another"))));
    }

    @Test
    void aTransferThatWasNobodysIsItsOwnersAfterAKill() throws Exception {
        leave("a");
        mirrors.start(null);
        TestSource owner = caller("a");
        OpenOutcome outcome = mirrors.open(owner, Announcement.of(identity("a")));
        while (outcome instanceof OpenOutcome.Verifying) {
            outcome = mirrors.open(owner, Announcement.of(identity("a")));
        }
        assertInstanceOf(OpenOutcome.Opened.class, outcome);

        Mirrors restarted = TestMirrors.on(disk.afterKill());
        assertInstanceOf(Removal.Refused.class,
                restarted.abort(TestSource.token("b"), new DatabaseId("a")));
    }

    @Test
    void anAbortOfWhatHasEndedTakesItsRowAwayForWhoMightHaveEndedIt() {
        DatabaseId database = new DatabaseId("a");
        TestSource owner = caller("a");
        assertInstanceOf(ChunkOutcome.Refused.class, send(owner, "a", OTHER));
        assertEquals(new Removal.Done(), mirrors.abort(TestSource.token("b"), database));
        assertInstanceOf(Failed.class, board.mirror(database).orElseThrow().state());
        assertEquals(new Removal.Done(), mirrors.abort(owner.principal(), database));
        assertTrue(board.mirror(database).isEmpty());

        assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(owner, Announcement.of(identity("a"))));
        mirrors.disconnected(owner, KeptReason.LINK_LOST);
        assertInstanceOf(Disconnected.class, board.mirror(database).orElseThrow().state());
        assertEquals(new Removal.Done(), mirrors.abort(owner.principal(), database));
        assertTrue(board.mirror(database).isEmpty());
    }

    @Test
    void anAbortBehindAFailureLeavesTheSnapshotListed() {
        DatabaseId database = new DatabaseId("a");
        TestSource owner = caller("a");
        assertInstanceOf(ChunkOutcome.Committed.class, send(owner, "a"));
        assertInstanceOf(ChunkOutcome.Refused.class, send(owner, "a", OTHER));
        assertInstanceOf(Failed.class, board.mirror(database).orElseThrow().state());
        assertEquals(new Removal.Done(), mirrors.abort(owner.principal(), database));
        Mirror row = board.mirror(database).orElseThrow();
        assertEquals(row.committed(), Optional.of(row.state()));

        assertEquals(new Removal.Done(), mirrors.abort(owner.principal(), database));
        assertEquals(Optional.of(row), board.mirror(database), "nothing has changed");
    }

    @Test
    void aSnapshotThatTheDiskDoesNotLetGoStaysAndTheReasonIsTold() {
        TestSource a = caller("a");
        send(a, "a");
        disk.observe((step, name) -> {
            if (step.equals("remove") && name.equals("a.snapshot")) {
                throw new FileSystemException("/x/a.snapshot", null, "Read-only file system");
            }
        });
        assertEquals(
                new Removal.Refused(new Refusal.Transport(
                        "the sidecar could not remove the snapshot: its file system can only be read")),
                mirrors.removeAll(a.principal(), new DatabaseId("a")));
        assertInstanceOf(MirrorState.Following.class, board.mirror(new DatabaseId("a")).orElseThrow().state());
    }

    private static SnapshotIdentity later(String database) {
        return new SnapshotIdentity("c", new DatabaseId(database), 8, WHOLE.length, crc());
    }

    @Test
    void noCallerWritesIntoTheRowOfAnother() {
        TestSource b = caller("b");
        DatabaseId database = new DatabaseId("x");
        disk.usableBytes(WHOLE.length);
        IncomingChunk wrong = begin(b, "x"); // when x is nobody's
        IncomingChunk tooLarge = begin(b, new SnapshotIdentity("c", database, 7, 1000, crc()));
        IncomingChunk nowhere = ((ChunkStart.Arriving) mirrors.chunk(b, identity("x"), 3)).chunk();
        mirrors.open(caller("a"), Announcement.of(identity("x")));
        wrong.write(ByteBuffer.wrap(WHOLE));

        Optional<Crc32c> another = Optional.of(new Crc32c(1));
        assertInstanceOf(Refusal.TransferInProgress.class, refusal(wrong.finish(true, another)));
        assertInstanceOf(Refusal.InsufficientStorage.class, refusal(tooLarge.finish(true, another)));
        assertInstanceOf(Refusal.OffsetRegression.class, refusal(nowhere.finish(true, another)));

        assertEquals(Optional.empty(), board.mirror(database).orElseThrow().lastError());
        IncomingChunk own = begin(caller("a"), "x");
        assertInstanceOf(Refusal.ChunkCrcMismatch.class, refusal(own.finish(true, another)));
        assertInstanceOf(Refusal.ChunkCrcMismatch.class,
                board.mirror(database).orElseThrow().lastError().orElseThrow().refusal());
    }

    /** As the events told when it began. */
    @Test
    void whileTheSnapshotIsCommittedTheBytesOfTheLastChunkAreTold() throws Exception {
        byte[] whole = new byte[2 << 20];
        SnapshotIdentity identity = new SnapshotIdentity("c", new DatabaseId("db"), 7, whole.length,
                Crc32c.of(ByteBuffer.wrap(whole)));
        IncomingChunk chunk = begin(caller("a"), identity);
        chunk.write(ByteBuffer.wrap(whole));
        List<MirrorState> told = new ArrayList<>();
        disk.observe((what, name) -> {
            if (what.equals("forceFile")) {
                told.add(mirrors.now(board.mirror(identity.database()).orElseThrow()).state());
            }
        });
        assertInstanceOf(ChunkOutcome.Committed.class, chunk.finish(true, Optional.empty()));
        assertEquals(whole.length, assertInstanceOf(MirrorState.Bootstrapping.class, told.get(0)).bytesDone());
    }

    private static Refusal refusal(ChunkOutcome outcome) {
        return assertInstanceOf(ChunkOutcome.Refused.class, outcome).refusal();
    }

    private ChunkOutcome send(Source source, String database) {
        return send(source, database, WHOLE);
    }

    private ChunkOutcome send(Source source, String database, byte[] payload) {
        IncomingChunk chunk = begin(source, database);
        chunk.write(ByteBuffer.wrap(payload));
        return chunk.finish(true, Optional.empty());
    }

    private IncomingChunk begin(Source source, String database) {
        return begin(source, identity(database));
    }

    private IncomingChunk begin(Source source, SnapshotIdentity identity) {
        return ((ChunkStart.Arriving) mirrors.chunk(source, identity, 0)).chunk();
    }

    private static TestSource caller(String token) {
        return new TestSource(TestSource.token(token));
    }

    private static SnapshotIdentity identity(String database) {
        return new SnapshotIdentity("c", new DatabaseId(database), 7, WHOLE.length, crc());
    }

    private void leave(String database) {
        disk.put(database + ".partial", WHOLE);
        disk.put(database + ".checkpoint.json",
                RECORDS.checkpoint(new Checkpoint(identity(database), WHOLE.length, crc())));
    }

    private static Crc32c crc() {
        return Crc32c.of(ByteBuffer.wrap(WHOLE));
    }
}
