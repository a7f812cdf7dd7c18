package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;

/** The work of a start on the files that a crash has left: each row of the crash matrix. */
class RecoveryTest extends StartOnFiles {

    @Test
    void diedBeforeThePayloadWasForcedItResumesFromTheCheckpoint() throws Exception {
        put(".snapshot", old);
        put(".manifest.json", RECORDS.manifest(committed(old, 41)));
        put(".partial", whole);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));

        SnapshotReceiver receiver = restart();

        TestSource.assertOpened(1000, TestSource.open(receiver, SOURCE, identity(whole)));
        assertEquals(1000, Files.size(file(".partial")), "cut to what was durable");
        assertArrayEquals(old, Files.readAllBytes(file(".snapshot")));
        finish(receiver, 1000);
    }

    @Test
    void diedBeforeTheFirstCheckpointItStartsFromZero() throws Exception {
        put(".partial", Arrays.copyOf(whole, 2000));

        SnapshotReceiver receiver = restart();

        assertFiles();
        TestSource.assertOpened(0, TestSource.open(receiver, SOURCE, identity(whole)));
        finish(receiver, 0);
    }

    @Test
    void diedBetweenTheTwoRenamesTheCommitIsFinished() throws Exception {
        put(".snapshot", old);
        put(".manifest.json", RECORDS.manifest(committed(whole, 42)));
        put(".partial", whole);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(2000)));

        SnapshotReceiver receiver = restart();

        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
        assertFiles(".snapshot", ".manifest.json");
        assertTrue(TestSource.open(receiver, SOURCE, identity(whole)) instanceof OpenOutcome.AlreadyCommitted);
    }

    @Test
    void diedBetweenTheTwoRenamesOfAFirstSnapshotTheCommitIsFinished() throws Exception {
        put(".manifest.json", RECORDS.manifest(committed(whole, 42)));
        put(".partial", whole);

        restart();

        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
        assertFiles(".snapshot", ".manifest.json");
    }

    @Test
    void diedBeforeTheCheckpointWasRemovedItIsRemoved() throws Exception {
        put(".snapshot", whole);
        put(".manifest.json", RECORDS.manifest(committed(whole, 42)));
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(2000)));

        SnapshotReceiver receiver = restart();

        assertFiles(".snapshot", ".manifest.json");
        assertTrue(receiver.isIdle());
    }

    @Test
    void diedWhileAFileWasBeingWrittenItIsRemoved() throws Exception {
        Files.write(files.resolve(".db.manifest.json.77.1"), new byte[10]);
        Files.write(files.resolve(".db.77.2"), new byte[10]);
        restart();
        assertFiles();
    }

    @Test
    void aSuccessorOfTheSameSizeIsNotTakenForTheCommittedOne() throws Exception {
        put(".snapshot", old);
        put(".manifest.json", RECORDS.manifest(committed(old, 41)));
        put(".partial", whole);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(3000)));

        SnapshotReceiver receiver = restart();

        assertArrayEquals(old, Files.readAllBytes(file(".snapshot")));
        TestSource.assertOpened(3000, TestSource.open(receiver, SOURCE, identity(whole)));
        finish(receiver, 3000);
    }

    @Test
    void anotherSnapshotThanTheOneThatWasUnderWayStartsFromZero() throws Exception {
        put(".partial", whole);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));
        SnapshotReceiver receiver = restart();
        SnapshotIdentity other = new SnapshotIdentity("cluster", DB, 43, whole.length, crc(whole, whole.length));
        TestSource.assertOpened(0, TestSource.open(receiver, SOURCE, other));
        assertFiles();
    }

    @Test
    void aChunkThatContinuesExactlyNeedsNoOpen() throws Exception {
        put(".partial", whole);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));
        SnapshotReceiver receiver = restart();
        finish(receiver, 1000);
    }

    @Test
    void abortRemovesWhatAnEarlierProcessLeft() throws Exception {
        put(".partial", whole);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));
        restart().abort(Principal.ANYBODY);
        assertFiles();
    }

    @Test
    void diedBeforeThePayloadWasRenamedTheCommitIsFinishedOnceItHasBeenRead() throws Exception {
        put(".snapshot", old);
        put(".manifest.json", RECORDS.manifest(marked(".snapshot", old, 41)));
        put(".partial", whole);
        put(".successor.json", RECORDS.manifest(marked(".partial", whole, 42)));

        assertEquals(List.of(DB), directory().prepare().toBeRead());
        assertEquals(old.length, Files.size(file(".snapshot")), "nothing is done before it has been read");
        SnapshotReceiver receiver = restartAfterAnother();

        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
        assertFiles(".snapshot", ".manifest.json");
        assertTrue(TestSource.open(receiver, SOURCE, identity(whole)) instanceof OpenOutcome.AlreadyCommitted);
    }

    @Test
    void diedBeforeTheManifestWasWrittenItIsWrittenAndNothingIsRead() throws Exception {
        put(".snapshot", old);
        put(".manifest.json", RECORDS.manifest(marked(".snapshot", old, 41)));
        put(".partial", whole);
        put(".successor.json", RECORDS.manifest(marked(".partial", whole, 42)));
        Files.move(file(".partial"), file(".snapshot"), StandardCopyOption.ATOMIC_MOVE);

        Inventory inventory = directory().prepare();

        assertEquals(List.of(), inventory.toBeRead());
        assertEquals(42, inventory.committed().get(0).lsn());
        assertEquals(42, RECORDS.manifest(Files.readAllBytes(file(".manifest.json"))).orElseThrow().snapshot().lsn());
        assertFiles(".snapshot", ".manifest.json");
    }

    @Test
    void aManifestWhosePayloadKeptItsOldNameGetsIt() throws Exception {
        put(".snapshot", old); // without an order among renames, the second may be durable and the first not
        put(".partial", whole);
        put(".manifest.json", RECORDS.manifest(marked(".partial", whole, 42)));
        restart();
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
        assertFiles(".snapshot", ".manifest.json");
    }

    @Test
    void aPayloadUnderBothNamesIsNotWrittenToAnyMore() throws Exception {
        put(".partial", whole);
        put(".manifest.json", RECORDS.manifest(marked(".partial", whole, 42)));
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));
        Files.createLink(file(".snapshot"), file(".partial"));

        SnapshotReceiver receiver = restart();

        assertFiles(".snapshot", ".manifest.json");
        assertTrue(receiver.isIdle());
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
    }

    @Test
    void aCopyOfAVolumeIsReadOnceAndKnownFromThenOn() throws Exception {
        put(".snapshot", old);
        put(".manifest.json", RECORDS.manifest(marked(".snapshot", old, 41)));
        put(".copy", old);
        Files.move(file(".copy"), file(".snapshot"), StandardCopyOption.ATOMIC_MOVE);

        restart();

        assertTrue(events.stream().anyMatch(event -> event instanceof TransferEvent.Found found
                && found.snapshot().lsn() == 41), events::toString);
        Inventory second = prepareAfterAnother();
        assertEquals(List.of(), second.toBeRead());
        assertEquals(1, second.committed().size());
        assertEquals(List.of(), second.repairs());
    }
}
