package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.FoldingDisk;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** A disk that does not tell upper from lower case: no two databases share files, and what is there stays. */
class LetterCaseTest {

    private static final byte[] THEIRS = {1, 2, 3, 4};
    private static final byte[] OURS = {5, 6, 7, 8};

    private final SimulatedDisk files = new SimulatedDisk();
    private final TestSource a = new TestSource(TestSource.token("a"));
    private final TestSource b = new TestSource(TestSource.token("b"));
    private SnapshotDirectory directory;

    @Test
    void aNameWithAnUpperCaseLetterIsRefusedThere() throws Exception {
        assertEquals(1, start(FoldingDisk.of(files)).repairs().size(), "it is said once");

        assertEquals(indistinct("Orders", null), open(a, "Orders"));
        assertEquals(indistinct("Orders", null), refused(send(a, "Orders", OURS)));
        assertEquals(new Removal.Done(), receiver("Orders").abort(a.principal()));
        assertInstanceOf(ChunkOutcome.Committed.class, send(b, "orders", OURS));
        assertEquals(indistinct("ORDERS", null), refused(send(a, "ORDERS", THEIRS)));
        assertEquals(new Removal.Refused(indistinct("ORDERS", null)), receiver("ORDERS").removeSnapshot(a.principal()));
        assertArrayEquals(OURS, files.bytes("orders.snapshot").orElseThrow());
    }

    @Test
    void whatIsThereUnderSuchANameStaysWhateverIsSentOrRemovedUnderAnother() throws Exception {
        start(files); // which tells case, as before it was copied
        assertInstanceOf(ChunkOutcome.Committed.class, send(a, "Orders", THEIRS));

        Inventory found = start(FoldingDisk.of(files));

        assertEquals(List.of("Orders"), found.committed().stream().map(each -> each.database().value()).toList());
        assertEquals(indistinct("Orders", null), open(a, "Orders"));
        for (String name : List.of("orders", "ORDERS")) {
            assertEquals(indistinct(name, "Orders"), open(b, name));
            assertEquals(indistinct(name, "Orders"), refused(send(b, name, OURS)));
            assertEquals(new Removal.Refused(indistinct(name, "Orders")), receiver(name).removeSnapshot(b.principal()));
        }
        assertArrayEquals(THEIRS, files.bytes("Orders.snapshot").orElseThrow());
        assertEquals("Orders", directory.committed(new DatabaseId("Orders")).orElseThrow().database().value());

        assertEquals(new Removal.Done(), receiver("Orders").removeSnapshot(a.principal()));
        start(FoldingDisk.of(files));
        assertInstanceOf(ChunkOutcome.Committed.class, send(b, "orders", OURS));
    }

    @Test
    void filesOfTwoSpellingsAreThoseOfTheOneThatTheManifestNames() throws Exception {
        for (String planted : List.of("orders.partial", "ORDERS.checkpoint.json")) {
            start(files);
            assertInstanceOf(ChunkOutcome.Committed.class, send(a, "Orders", THEIRS));
            files.put(planted, OURS);

            Inventory found = start(FoldingDisk.of(files));

            assertEquals(List.of("Orders"), found.committed().stream().map(each -> each.database().value()).toList());
            assertArrayEquals(THEIRS, files.bytes("Orders.snapshot").orElseThrow());
        }
    }

    @Test
    void whereCaseIsToldTheyAreTwo() throws Exception {
        assertEquals(List.of(), start(files).repairs());
        assertInstanceOf(ChunkOutcome.Committed.class, send(a, "Orders", THEIRS));
        assertInstanceOf(ChunkOutcome.Committed.class, send(b, "orders", OURS));
        assertArrayEquals(THEIRS, files.bytes("Orders.snapshot").orElseThrow());
        assertTrue(files.bytes("orders.snapshot").isPresent());
    }

    /** As where no inode is left: what is not known is not taken for told. */
    @Test
    void aStartThatCanMakeNoFileAsksTheFilesThatAreThere() throws Exception {
        start(files);
        assertInstanceOf(ChunkOutcome.Committed.class, send(b, "orders", OURS));
        files.observe(LetterCaseTest::makesNoFile);
        start(FoldingDisk.of(files));
        assertEquals(indistinct("Orders", "orders"), open(a, "Orders"));

        start(files); // which tells case
        files.stopObserving();
        TestSource.assertOpened(0, receiver("Orders").open(a, identity("Orders", THEIRS)));
    }

    @Test
    void whereThereIsNoneItAsksAsSoonAsOneCanBeMade() throws Exception {
        for (Disk disk : List.of(files, FoldingDisk.of(files))) {
            files.observe(LetterCaseTest::makesNoFile);
            start(disk);
            assertInstanceOf(Refusal.InsufficientStorage.class, open(a, "Orders"));
            TestSource.assertOpened(0, receiver("orders").open(b, identity("orders", OURS)));

            files.stopObserving();
            OpenOutcome now = receiver("Orders").open(a, identity("Orders", THEIRS));
            if (disk == files) {
                TestSource.assertOpened(0, now);
            } else {
                assertEquals(new OpenOutcome.Refused(indistinct("Orders", null)), now);
            }
            assertEquals(List.of(), files.names());
        }
    }

    /** It is a flag of each directory on some disks. */
    @Test
    void anotherDirectoryInItsPlaceIsAskedAnew() throws Exception {
        start(files);
        assertInstanceOf(ChunkOutcome.Committed.class, send(a, "Orders", THEIRS));
        Disk folding = FoldingDisk.of(files);
        boolean[] isReplaced = {false};
        start((Disk) Proxy.newProxyInstance(Disk.class.getClassLoader(), new Class<?>[]{Disk.class},
                (self, method, arguments) -> method.getName().equals("keepDirectory")
                        ? Optional.of("another")
                        : method.invoke(isReplaced[0] ? folding : files, arguments)));
        isReplaced[0] = true;
        directory.keepDirectory();
        assertEquals(indistinct("orders", "Orders"), open(b, "orders"));
        assertEquals(new Removal.Done(), receiver("Orders").removeSnapshot(a.principal()));
    }

    @Test
    void aManifestThatCannotBeReadHoldsUpTheTwoSpellingsThatItMayBeOf() throws Exception {
        start(files);
        assertInstanceOf(ChunkOutcome.Committed.class, send(a, "Orders", THEIRS));
        assertInstanceOf(ChunkOutcome.Committed.class, send(b, "other", OURS));
        files.put("orders.partial", OURS);
        files.observe((what, name) -> {
            if (what.equals("read") && name.equals("Orders.manifest.json")) {
                throw new IOException("Input/output error");
            }
        });
        Inventory found = start(FoldingDisk.of(files));
        assertEquals(List.of("other"), found.committed().stream().map(each -> each.database().value()).toList());
        assertTrue(found.repairs().get(0).contains("Orders and orders"), found.repairs()::toString);
        assertEquals(indistinct("Orders", null), open(a, "Orders"));
        assertEquals(indistinct("orders", "Orders"), open(b, "orders"));

        files.stopObserving();
        found = start(FoldingDisk.of(files));
        assertEquals(List.of("Orders", "other"),
                found.committed().stream().map(each -> each.database().value()).sorted().toList());
        assertArrayEquals(THEIRS, files.bytes("Orders.snapshot").orElseThrow());
    }

    private static void makesNoFile(String what, String name) throws IOException {
        if (what.equals("create")) {
            throw new FileSystemException(name, null, "No space left on device");
        }
    }

    private Inventory start(Disk disk) throws IOException {
        directory = new SnapshotDirectory(disk, 0, new JsonRecords());
        return directory.prepare();
    }

    private SnapshotReceiver receiver(String database) {
        return new SnapshotReceiver(new DatabaseId(database), directory,
                new ReceiverRules(List.of(), new BootstrapLimit(1), 1 << 20, Runnable::run), event -> {
                }, Optional.empty());
    }

    private Refusal open(TestSource source, String database) {
        return assertInstanceOf(OpenOutcome.Refused.class,
                receiver(database).open(source, identity(database, OURS))).refusal();
    }

    private ChunkOutcome send(TestSource source, String database, byte[] bytes) {
        IncomingChunk chunk = TestSource.chunk(receiver(database), source, identity(database, bytes), 0);
        chunk.write(ByteBuffer.wrap(bytes));
        return chunk.finish(true, Optional.empty());
    }

    private static Refusal refused(ChunkOutcome outcome) {
        return assertInstanceOf(ChunkOutcome.Refused.class, outcome).refusal();
    }

    private static SnapshotIdentity identity(String database, byte[] bytes) {
        return new SnapshotIdentity("c", new DatabaseId(database), 7, bytes.length, Crc32c.of(ByteBuffer.wrap(bytes)));
    }

    private static Refusal indistinct(String database, String taken) {
        return new Refusal.IndistinctName(new DatabaseId(database), Optional.ofNullable(taken).map(DatabaseId::new));
    }
}
