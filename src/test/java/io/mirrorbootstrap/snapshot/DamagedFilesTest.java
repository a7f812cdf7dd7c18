package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.store.SimulatedDisk;

/** The work of a start on damage that no crash makes: flipped bits, lost and planted files, disks that cannot be read. */
class DamagedFilesTest extends StartOnFiles {

    @Test
    void aFlippedBitInThePartialFileMakesItStartFromZero() throws Exception {
        byte[] damaged = whole.clone();
        damaged[500] ^= 1;
        put(".partial", damaged);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));

        SnapshotReceiver receiver = restart();

        TestSource.assertOpened(0, TestSource.open(receiver, SOURCE, identity(whole)));
        assertTrue(events.stream().anyMatch(event -> event instanceof TransferEvent.Dropped dropped
                && dropped.reason() == TransferEvent.DropReason.DAMAGED), events::toString);
        assertFiles();
        finish(receiver, 0);
    }

    @Test
    void aFlippedBitBehindTheCheckpointDoesNoHarm() throws Exception {
        byte[] damaged = whole.clone();
        damaged[1500] ^= 1;
        put(".partial", damaged);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));
        SnapshotReceiver receiver = restart();
        TestSource.assertOpened(1000, TestSource.open(receiver, SOURCE, identity(whole)));
        finish(receiver, 1000);
    }

    @Test
    void aPartialFileShorterThanItsCheckpointIsRemoved() throws Exception {
        put(".partial", Arrays.copyOf(whole, 999));
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));
        restart();
        assertFiles();
    }

    @Test
    void recordsThatCannotBeReadAreNoRecords() throws Exception {
        put(".partial", whole);
        put(".checkpoint.json", "{\"durable_bytes\":".getBytes());
        put(".snapshot", old);
        put(".manifest.json", new byte[100]);

        Inventory inventory = directory().prepare();

        assertTrue(inventory.committed().isEmpty());
        assertTrue(inventory.resumable().isEmpty());
        assertArrayEquals(old, Files.readAllBytes(file(".aside-1")), "it may be what somebody needs");
        assertArrayEquals(new byte[100], Files.readAllBytes(file(".aside-2")));
        assertFiles(".aside-1", ".aside-2");
    }

    @Test
    void aRecordThatIsNoUtf8IsNoRecord() throws Exception {
        byte[] manifest = latin1(RECORDS.manifest(committed(old, 41)));
        put(".partial", whole);
        put(".checkpoint.json", latin1(RECORDS.checkpoint(checkpoint(1000))));
        put(".snapshot", old);
        put(".manifest.json", manifest);

        SnapshotReceiver receiver = restart();

        assertArrayEquals(manifest, Files.readAllBytes(file(".aside-2")), "with the name as it was");
        assertFiles(".aside-1", ".aside-2");
        TestSource.assertOpened(0, TestSource.open(receiver, SOURCE, identity(whole)));
    }

    @Test
    void aSnapshotThatIsNotAsLongAsItsManifestSaysIsNotPublished() throws Exception {
        put(".snapshot", Arrays.copyOf(whole, 2999));
        put(".manifest.json", RECORDS.manifest(committed(whole, 42)));
        restart();
        assertFiles(".aside-1", ".aside-2");
    }

    @Test
    void filesOfOthersAreLeftAlone() throws Exception {
        Files.write(files.resolve("README"), new byte[1]);
        Files.createDirectory(files.resolve(".snapshot-of-the-filer"));
        restart();
        assertTrue(Files.exists(files.resolve("README")));
        assertTrue(Files.exists(files.resolve(".snapshot-of-the-filer")));
    }

    @Test
    void aDirectoryThatIsInUseIsNotTouched() throws Exception {
        restart();
        Files.write(files.resolve(".db.77.2"), new byte[10]);
        // within one JVM the JDK says it in its own words
        assertThrows(OverlappingFileLockException.class, () -> directory().prepare());
        assertTrue(Files.exists(files.resolve(".db.77.2")));
    }

    @Test
    void aPayloadThatIsNotWhatItsSuccessorRecordSaysIsNotPublished() throws Exception {
        put(".snapshot", old);
        put(".manifest.json", RECORDS.manifest(marked(".snapshot", old, 41)));
        byte[] damaged = whole.clone();
        damaged[0] ^= 1;
        put(".partial", damaged);
        put(".successor.json", RECORDS.manifest(marked(".partial", whole, 42)));

        SnapshotReceiver receiver = restart();

        assertArrayEquals(old, Files.readAllBytes(file(".snapshot")));
        assertFiles(".snapshot", ".manifest.json");
        TestSource.assertOpened(0, TestSource.open(receiver, SOURCE, identity(whole)));
    }

    @Test
    void aVerifiedSnapshotWithoutItsRecordIsPutAsideAndNotTakenForTheOld() throws Exception {
        put(".snapshot", old);
        put(".manifest.json", RECORDS.manifest(marked(".snapshot", old, 41)));
        Files.write(files.resolve("next"), whole);
        Files.move(files.resolve("next"), file(".snapshot"), StandardCopyOption.ATOMIC_MOVE);

        SnapshotReceiver receiver = restart();

        assertTrue(receiver.isIdle());
        assertFiles(".aside-1", ".aside-2");
        assertArrayEquals(whole, Files.readAllBytes(file(".aside-1")), "as long as the old one, and another");
        assertEquals(2, repairs.size(), repairs::toString);
    }

    @Test
    void whatCannotBeDoneForOneStopsNoOther() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        disk.put(".nfs0001", new byte[1]);
        disk.put("db.partial", whole); // no checkpoint: to be removed
        disk.put("other.partial", whole);
        disk.observe((what, name) -> {
            if (what.equals("remove") && (name.equals(".nfs0001") || name.equals("db.partial"))) {
                throw new IOException("Device or resource busy");
            }
        });

        Inventory inventory = new SnapshotDirectory(disk, 0, RECORDS).prepare();

        assertEquals(List.of(DB), inventory.toBeRead(), "to be tried again");
        assertTrue(disk.bytes("other.partial").isEmpty());
        assertTrue(inventory.repairs().stream().anyMatch(line -> line.contains(".nfs0001")),
                inventory.repairs()::toString);
    }

    @Test
    void aNameThatMakesNoPathHereStopsNoStart() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        disk.put(".\0\nforged", new byte[1]); // as one of other letters, where the locale has ASCII alone
        disk.observe((what, name) -> {
            if (what.equals("remove") && name.startsWith(".\0")) {
                throw new NoSuchFileException(name, null, "Malformed input");
            }
        });

        assertEquals(List.of("/simulated/.\\u0000\\nforged is of no worth and cannot be removed: Malformed input"),
                new SnapshotDirectory(disk, 0, RECORDS).prepare().repairs());
    }

    @Test
    void whatCannotBeReadIsRefusedUntilItCan() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        disk.put("db.snapshot", old);
        disk.put("db.manifest.json", RECORDS.manifest(committed(old, 41)));
        SnapshotDirectory directory = new SnapshotDirectory(disk, 0, RECORDS);
        assertEquals(List.of(DB), directory.prepare().toBeRead());
        SnapshotReceiver receiver = SnapshotReceiver.recovering(DB, directory, RULES, events::add, false);
        assertEquals(new OpenOutcome.Busy(), receiver.open(SOURCE, identity(whole)));
        assertEquals(new Removal.Busy(), receiver.abort(Principal.ANYBODY));
        disk.observe((what, name) -> {
            if (what.equals("readFile")) {
                throw new IOException("Input/output error");
            }
        });

        assertThrows(IOException.class, receiver::recover);

        assertTrue(receiver.isUnrecovered());
        assertTrue(receiver.open(SOURCE, identity(whole)) instanceof OpenOutcome.Refused);
        assertArrayEquals(old, disk.bytes("db.snapshot").orElseThrow());
        disk.stopObserving();
        receiver.recover();
        TestSource.assertOpened(0, receiver.open(SOURCE, identity(whole)));
    }

    @Test
    void whatHasMoreBytesThanItsFileSystemIsNotRead() throws Exception {
        long total = Files.getFileStore(files).getTotalSpace();
        CommittedSnapshot impossible = new CommittedSnapshot("cluster", DB, 42, total + 1,
                identity(whole).totalCrc32c(),
                Instant.EPOCH);
        plant(".partial", total + 1);
        plant(".snapshot", total + 1);
        put(".successor.json", RECORDS.manifest(new Manifest(impossible, Optional.empty())));
        put(".manifest.json", RECORDS.manifest(new Manifest(impossible, Optional.empty())));
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));

        Inventory inventory = directory().prepare();

        assertEquals(List.of(), inventory.toBeRead());
        assertEquals(1, inventory.resumable().size()); // nobody reads it but for its own source, whose bytes it may be
        assertFiles(".aside-1", ".aside-2", ".checkpoint.json", ".partial"); // not removed: it may be a snapshot, where a file system compresses
    }

    @Test
    void whatIsPlantedToBeReadForLongHoldsUpNobodyElse() throws Exception {
        plant(".snapshot", 1L << 30); // its name is before the other's
        put(".manifest.json", RECORDS.manifest(new Manifest(new CommittedSnapshot("cluster", DB, 42, 1L << 30,
                identity(whole).totalCrc32c(), Instant.EPOCH), Optional.empty())));
        DatabaseId other = new DatabaseId("other");
        Files.write(files.resolve("other.snapshot"), old);
        Files.write(files.resolve("other.manifest.json"), RECORDS.manifest(new Manifest(new CommittedSnapshot("cluster",
                other, 42, old.length, identity(old).totalCrc32c(), Instant.EPOCH), Optional.empty())));

        assertEquals(List.of(other, DB), directory().prepare().toBeRead());
    }

    /** With a letter in its cluster's name that only Latin-1 has as one byte. */
    private static byte[] latin1(byte[] record) {
        return new String(record, StandardCharsets.UTF_8).replace("cluster\"", "clüster\"")
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** A file without a block. */
    private void plant(String suffix, long bytes) throws IOException {
        try (RandomAccessFile hole = new RandomAccessFile(file(suffix).toFile(), "rw")) {
            hole.setLength(bytes);
        }
    }
}
