package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.LostAndFound.Look;
import io.mirrorbootstrap.snapshot.TransferEvent.Committed;
import io.mirrorbootstrap.snapshot.TransferEvent.FoundAgain;
import io.mirrorbootstrap.snapshot.TransferEvent.Lost;

/** What somebody takes away and brings back, on a simulated disk. */
class LostAndFoundTest extends ReceiverOnSimulatedDisk {

    private static final String SNAPSHOT = "db.snapshot";

    /** As a board would have it. */
    private Optional<CommittedSnapshot> told = Optional.empty();
    private CommittedSnapshot committed;

    @BeforeEach
    void commit() {
        receiver.open(one, identity);
        committed = assertInstanceOf(ChunkOutcome.Committed.class, send(one, 0, whole.length)).snapshot();
        told = Optional.of(committed);
        events.clear();
    }

    @Test
    void aFileThatIsBackIsToldOnceWithoutBeingRead() throws Exception {
        disk.rename(SNAPSHOT, "elsewhere");
        look(Look.COMPARED, new Lost(committed));
        look(Look.COMPARED);
        disk.rename("elsewhere", SNAPSHOT);
        disk.observe((what, name) -> {
            if (what.equals("readFile")) {
                throw new IOException("it is known by its mark");
            }
        });
        look(Look.COMPARED, found(committed));
        look(Look.COMPARED);
    }

    /** Which says nothing of the file. */
    @ParameterizedTest
    @ValueSource(strings = {"Too many open files", "Cannot allocate memory"})
    void whatCannotBeReadForWantOfSomethingIsReadAgain(String failure) throws Exception {
        copyBack();
        assertThrows(IOException.class, () -> readFailingAt("open", new IOException(failure)));
        look(Look.TO_BE_READ);
        read(found(committed));
        look(Look.COMPARED);
    }

    @Test
    void whatCannotBeReadForWantOfMemoryIsReadAgain() throws Exception {
        copyBack();
        assertThrows(OutOfMemoryError.class, () -> readFailingAt("readFile",
                new OutOfMemoryError("Cannot reserve 266240 bytes of direct buffer memory")));
        look(Look.TO_BE_READ);
    }

    /** The next force would succeed, whatever was lost. */
    @ParameterizedTest
    @ValueSource(strings = {"Input/output error", "No space left on device"})
    void whatCouldNotBeForcedIsNotBelievedAtTheNextTry(String failure) throws Exception {
        copyBack();
        assertThrows(NotForcedException.class, () -> readFailingAt("forceFile", new IOException(failure)));
        look(Look.COMPARED);
    }

    @Test
    void whatIsRightIsNotReadAgainWhereTheDiskHasNoRoomForItsManifest() throws Exception {
        copyBack();
        disk.whileFull("create",
                () -> assertThrows(IOException.class, () -> receiver.lostAndFound().read(() -> told)));
        look(Look.TO_BE_READ);
        disk.observe((what, name) -> assertNotEquals("readFile", what));
        read(found(committed));
        look(Look.COMPARED);
    }

    /** @param failure an {@link IOException}, or an {@link Error} */
    private void readFailingAt(String step, Throwable failure) throws IOException {
        disk.observe((what, name) -> {
            if (what.equals(step) && name.equals(SNAPSHOT)) {
                if (failure instanceof Error error) {
                    throw error;
                }
                throw (IOException) failure;
            }
        });
        try {
            receiver.lostAndFound().read(() -> told);
        } finally {
            disk.stopObserving();
        }
    }

    private void copyBack() throws IOException {
        disk.remove(SNAPSHOT);
        look(Look.COMPARED, new Lost(committed));
        disk.put(SNAPSHOT, whole);
        look(Look.TO_BE_READ);
    }

    @Test
    void aCopyIsReadAndKnownByItsMarkFromThenOn() throws Exception {
        lose();
        disk.put(SNAPSHOT, whole);
        look(Look.TO_BE_READ);
        read(found(committed));
        look(Look.COMPARED);
        assertEquals(List.of(committed), new SnapshotDirectory(disk.afterKill(), 0, RECORDS).prepare().committed());
    }

    /** After a power cut it could have its mark, and not its bytes. */
    @Test
    void aCopyIsDurableBeforeARecordHasItsMark() throws Exception {
        lose();
        disk.put(SNAPSHOT, whole);
        assertForcedBeforeItsRecord(() -> read(found(committed)));
    }

    @Test
    void soIsOneThatIsFoundByAStart() throws Exception {
        disk.remove(SNAPSHOT);
        disk.put(SNAPSHOT, whole);
        SnapshotDirectory next = new SnapshotDirectory(disk, 0, RECORDS);
        assertEquals(List.of(DB), next.prepare().toBeRead());
        assertForcedBeforeItsRecord(() -> SnapshotReceiver.recovering(DB, next,
                new ReceiverRules(List.of(), new BootstrapLimit(1), Long.MAX_VALUE, Runnable::run), events::add, false)
                .recover());
    }

    private void assertForcedBeforeItsRecord(Executable action) throws IOException {
        List<String> steps = new ArrayList<>();
        disk.observe((what, name) -> steps.add(what + " " + name));
        assertDoesNotThrow(action);
        int forced = steps.indexOf("forceFile " + SNAPSHOT);
        assertTrue(forced >= 0 && forced < steps.indexOf("rename db.manifest.json"), steps::toString);
    }

    @Test
    void aFileWithOtherBytesIsReadOnceAndLeftAsItIs() throws Exception {
        lose();
        disk.put(SNAPSHOT, new byte[whole.length]);
        look(Look.TO_BE_READ);
        read();
        look(Look.COMPARED);
        disk.put(SNAPSHOT, whole);
        look(Look.TO_BE_READ);
        read(found(committed));
    }

    /** Somebody who plants files under ever new names, and removes them, does not fill the memory. */
    @Test
    void nothingIsKeptOfAFileWithOtherBytesWhoseManifestIsGone() throws Exception {
        lose();
        byte[] manifest = disk.bytes("db.manifest.json").orElseThrow();
        disk.put(SNAPSHOT, new byte[whole.length]);
        look(Look.TO_BE_READ);
        read();
        disk.remove("db.manifest.json");
        assertEquals(Set.of(), directory.described());
        disk.put("db.manifest.json", manifest);
        look(Look.TO_BE_READ);
    }

    @Test
    void aFileThatIsExchangedWhileItIsReadIsReadAgain() throws Exception {
        lose();
        disk.put(SNAPSHOT, whole);
        disk.observe((what, name) -> {
            if (what.equals("readFile")) {
                disk.put(SNAPSHOT, new byte[whole.length]);
            }
        });
        read();
        disk.stopObserving();
        look(Look.TO_BE_READ);
        read();
    }

    @Test
    void aFileThatIsNotAsLongIsNotRead() throws Exception {
        lose();
        disk.put(SNAPSHOT, new byte[whole.length - 1]);
        look(Look.COMPARED);
        read();
    }

    @Test
    void aSnapshotThatIsRemovedOnRequestIsNotFoundAgain() throws Exception {
        disk.rename(SNAPSHOT, "elsewhere");
        look(Look.COMPARED, new Lost(committed));
        receiver.removeSnapshot(Principal.ANYBODY);
        events.clear();
        disk.rename("elsewhere", SNAPSHOT);
        look(Look.COMPARED);
    }

    @Test
    void aCommitThatIsHalfDoneIsToldWhenItIsFinished() throws Exception {
        lose();
        receiver.open(one, identity);
        events.clear();
        disk.observe((what, name) -> {
            if (what.equals("rename") && name.equals("db.manifest.json")) {
                throw new IOException("Input/output error");
            }
        });
        assertInstanceOf(ChunkOutcome.Refused.class, send(one, 0, whole.length));
        events.clear();
        assertThrows(IOException.class, () -> look(Look.COMPARED));
        assertTold();
        disk.stopObserving();
        receiver.heal();
        assertInstanceOf(Committed.class, events.get(0));
    }

    /** By the same look, whether the one that is told is known to be gone by its size or by the other's mark. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void anotherSnapshotThatHasTakenItsPlaceIsTold(int longer) throws Exception {
        disk.rename(SNAPSHOT, "its.snapshot");
        disk.rename("db.manifest.json", "its.manifest");
        byte[] next = new byte[whole.length + longer];
        SnapshotIdentity another = identity(next, 43);
        IncomingChunk chunk = TestSource.chunk(receiver, one, another, 0);
        chunk.write(ByteBuffer.wrap(next));
        told = Optional.of(assertInstanceOf(ChunkOutcome.Committed.class, chunk.finish(true, Optional.empty()))
                .snapshot());
        events.clear();
        disk.rename("its.snapshot", SNAPSHOT);
        disk.rename("its.manifest", "db.manifest.json");

        assertEquals(Look.COMPARED, receiver.lostAndFound().compare(() -> told));

        TransferEvent found = found(committed);
        assertEquals(longer == 0 ? List.of(found) : List.of(new Lost(told.orElseThrow()), found), events);
    }

    /** The disk may take minutes to force what has come. */
    @Test
    void anothersSnapshotThatIsBroughtBackWhileACommitWaitsForTheDiskIsNotReplaced() throws Exception {
        TestSource proven = new TestSource(TestSource.cluster("mine"));
        SnapshotIdentity mine = new SnapshotIdentity("mine", DB, 1, whole.length, identity.totalCrc32c());
        disk.rename(SNAPSHOT, "its.snapshot");
        disk.rename("db.manifest.json", "its.manifest");
        IncomingChunk chunk = TestSource.chunk(receiver, proven, mine, 0);
        chunk.write(ByteBuffer.wrap(whole));
        disk.observe((what, name) -> {
            if (what.equals("forceFile") && disk.facts(SNAPSHOT).isEmpty()) { // the payload, first of all
                disk.rename("its.snapshot", SNAPSHOT);
                disk.rename("its.manifest", "db.manifest.json");
            }
        });

        assertInstanceOf(Refusal.StaleSnapshot.class,
                ((ChunkOutcome.Refused) chunk.finish(true, Optional.empty())).refusal());
        assertEquals(Optional.of(committed), directory.verify(DB));
    }

    private void lose() throws IOException {
        disk.remove(SNAPSHOT);
        look(Look.COMPARED, new Lost(committed));
    }

    private TransferEvent found(CommittedSnapshot snapshot) {
        return new FoundAgain(snapshot, directory.snapshot(DB));
    }

    private void look(Look look, TransferEvent... expected) throws IOException {
        assertEquals(look, receiver.lostAndFound().look(() -> told));
        assertTold(expected);
    }

    private void read(TransferEvent... expected) throws IOException {
        receiver.lostAndFound().read(() -> told);
        assertTold(expected);
    }

    private void assertTold(TransferEvent... expected) {
        assertEquals(List.of(expected), events);
        for (TransferEvent event : expected) {
            told = event instanceof FoundAgain back ? Optional.of(back.snapshot()) : Optional.empty();
        }
        events.clear();
    }
}
