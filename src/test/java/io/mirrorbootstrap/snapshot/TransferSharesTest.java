package io.mirrorbootstrap.snapshot;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** What a caller that has been alone may do with its transfers when another one is there. Four may be under way, two of each. */
class TransferSharesTest {

    private static final OpenOutcome SHARE_TAKEN = new OpenOutcome.Refused(shareTaken());
    private static final OpenOutcome ALL_TAKEN = new OpenOutcome.Refused(new Refusal.TooManyBootstraps(4));
    private static final ChunkOutcome CHUNK_REFUSED = new ChunkOutcome.Refused(shareTaken());
    private static final OpenOutcome OPENED = new OpenOutcome.Opened(0, Crc32c.EMPTY);
    private static final byte[] WHOLE = random(1000, 1);
    private static final int OLD = 1;
    private static final int NEW = 2;

    private final SnapshotDirectory directory = new SnapshotDirectory(new SimulatedDisk(), 0, new JsonRecords());
    private final Map<String, SnapshotReceiver> receivers = new HashMap<>();
    private ToldApart apart = ToldApart.NOT;
    private final ReceiverRules rules = new ReceiverRules(List.of(), new BootstrapLimit(4, 2, () -> apart), 100,
            Runnable::run);
    /** A link for each database. */
    private final List<TestSource> a = List.of(link("a"), link("a"), link("a"), link("a"));
    private final TestSource b = link("b");

    @BeforeEach
    void takeAllWhileAlone() throws IOException {
        directory.prepare();
        for (int i = 0; i < 4; i++) {
            assertEquals(OPENED, open(a.get(i), "a" + i, OLD));
        }
    }

    @Test
    void whoIsAloneReplacesWhatItHas() {
        for (int i = 0; i < 4; i++) {
            assertEquals(OPENED, open(a.get(i), "a" + i, NEW));
            assertInstanceOf(ChunkOutcome.Pending.class, send(a.get(i), "a" + i, OLD, 0, 100));
        }
    }

    @Test
    void whoHasMoreThanItsShareBeginsNothingElseInThosePlaces() {
        send(a.get(0), "a0", OLD, 0, 300);
        IncomingChunk begun = TestSource.chunk(receiver("a2"), a.get(2), identity("a2", NEW), 0);
        begun.write(ByteBuffer.wrap(WHOLE));
        apart = ToldApart.BY_TOKEN;

        for (int i = 0; i < 2; i++) { // of one that has bytes, and of one that has none
            assertEquals(SHARE_TAKEN, open(a.get(i), "a" + i, NEW));
            assertEquals(CHUNK_REFUSED, send(a.get(i), "a" + i, NEW, 0, 1000));
            assertEquals(SHARE_TAKEN, open(link("a"), "a" + i, NEW), "nor from another link");
        }
        assertEquals(CHUNK_REFUSED, begun.finish(true, Optional.empty()), "nor what began before");
    }

    @Test
    void whoHasMoreThanItsShareGoesOnWithIt() {
        send(a.get(0), "a0", OLD, 0, 300);
        apart = ToldApart.BY_TOKEN;
        assertEquals(SHARE_TAKEN, open(a.get(0), "a0", NEW));

        assertInstanceOf(ChunkOutcome.Pending.class, send(a.get(0), "a0", OLD, 300, 400), "as it was");
        TestSource second = link("a");
        TestSource.assertOpened(400, open(second, "a0", OLD));
        assertInstanceOf(ChunkOutcome.Committed.class, send(second, "a0", OLD, 400, 1000));
        assertEquals(OPENED, open(a.get(1), "a1", OLD));
        assertInstanceOf(ChunkOutcome.Pending.class, send(a.get(1), "a1", OLD, 0, 100));
        assertInstanceOf(ChunkOutcome.Committed.class, send(a.get(1), "a1", OLD, 0, 1000), "from its beginning, too");
        assertEquals(OPENED, open(a.get(2), "a2", NEW), "its share is two, and two are left");
    }

    @Test
    void aStreamThatWasOpenedBeginsWithItsOnlyChunk() {
        SnapshotIdentity opened = new SnapshotIdentity("c", new DatabaseId("a0"), NEW, 0, Crc32c.EMPTY);
        SnapshotIdentity whole = new SnapshotIdentity("c", new DatabaseId("a0"), NEW, 0,
                Crc32c.of(ByteBuffer.wrap(WHOLE)));
        assertEquals(OPENED, receiver("a0").open(a.get(0), opened));
        apart = ToldApart.BY_TOKEN;
        IncomingChunk only = TestSource.chunk(receiver("a0"), a.get(0), whole, 0);
        only.write(ByteBuffer.wrap(WHOLE));
        assertInstanceOf(ChunkOutcome.Committed.class, only.finish(true, Optional.empty()));
    }

    @Test
    void theSecondCallerGetsItsShareAsTheFirstsTransfersEnd() {
        send(a.get(0), "a0", OLD, 0, 300);
        apart = ToldApart.BY_TOKEN;
        assertEquals(ALL_TAKEN, open(b, "b0", OLD));

        assertEquals(SHARE_TAKEN, open(a.get(0), "a0", NEW));
        end(a.get(0)); // as whoever is refused for a place
        assertEquals(SHARE_TAKEN, open(link("a"), "a0", NEW), "there is a place, which is not for this caller");
        assertEquals(SHARE_TAKEN, open(link("a"), "a0", OLD), "nor for what it has kept");
        assertEquals(OPENED, open(b, "b0", OLD));
        assertEquals(ALL_TAKEN, open(b, "b1", OLD));

        assertInstanceOf(ChunkOutcome.Committed.class, send(a.get(1), "a1", OLD, 0, 1000));
        assertEquals(SHARE_TAKEN, open(a.get(1), "a1", NEW));
        assertEquals(OPENED, open(b, "b1", OLD));
        assertEquals(SHARE_TAKEN, open(b, "b2", OLD));

        for (int i = 2; i < 4; i++) { // each has its share, and replaces in it what it likes
            assertEquals(OPENED, open(a.get(i), "a" + i, NEW));
            assertEquals(OPENED, open(b, "b" + (i - 2), NEW));
        }
        assertInstanceOf(ChunkOutcome.Committed.class, send(a.get(2), "a2", NEW, 0, 1000));
        TestSource back = link("a");
        TestSource.assertOpened(300, open(back, "a0", OLD)); // nothing of it is lost
        assertInstanceOf(ChunkOutcome.Committed.class, send(back, "a0", OLD, 300, 1000));
    }

    @Test
    void clustersWithOneTokenAreNotOneCaller() {
        end(a.get(0), a.get(1), a.get(2), a.get(3));
        apart = ToldApart.BY_BOTH;
        for (String cluster : List.of("one", "two")) {
            for (int i = 0; i < 2; i++) {
                assertEquals(OPENED, open(link("shared", cluster), cluster + i, OLD));
            }
            assertEquals(SHARE_TAKEN, open(link("shared", cluster), cluster + 2, OLD));
        }
        assertEquals(ALL_TAKEN, open(link("other", "one"), "one2", OLD), "nor is a cluster with two tokens");
    }

    private void end(TestSource... links) {
        List.of(links).forEach(this::end);
    }

    private void end(TestSource link) {
        link.leave();
        receivers.values().forEach(each -> each.disconnected(link, KeptReason.LINK_LOST));
    }

    private OpenOutcome open(Source source, String database, long lsn) {
        return TestSource.open(receiver(database), source, TestSource.meant(identity(database, lsn)));
    }

    private ChunkOutcome send(Source source, String database, long lsn, int from, int to) {
        IncomingChunk chunk = TestSource.chunk(receiver(database), source, identity(database, lsn), from);
        chunk.write(ByteBuffer.wrap(WHOLE, from, to - from));
        return chunk.finish(to == WHOLE.length, Optional.empty());
    }

    private SnapshotReceiver receiver(String database) {
        return receivers.computeIfAbsent(database, name -> new SnapshotReceiver(new DatabaseId(name), directory, rules,
                event -> {
                }, Optional.empty()));
    }

    private static SnapshotIdentity identity(String database, long lsn) {
        return new SnapshotIdentity("c", new DatabaseId(database), lsn, WHOLE.length,
                Crc32c.of(ByteBuffer.wrap(WHOLE)));
    }

    private static TestSource link(String token) {
        return new TestSource(TestSource.token(token));
    }

    private static TestSource link(String token, String cluster) {
        return new TestSource(new Principal(CallerId.ofToken("token " + token).with("cluster " + cluster),
                Optional.empty(), Optional.empty(), false, Optional.empty()));
    }

    private static Refusal shareTaken() {
        return new Refusal.ShareTaken(2, "transfers of this caller are under way", "max-bootstraps-per-caller");
    }
}
