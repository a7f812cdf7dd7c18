package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.store.LocalDisk;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** What start-up makes of the files that a crash left: each row of the crash matrix, and damage that no crash makes. */
class RecoveryTest {

    private static final DatabaseId DB = new DatabaseId("db");
    private static final Source SOURCE = new TestSource();
    private static final JsonRecords RECORDS = new JsonRecords();
    private static final ReceiverRules RULES = new ReceiverRules(List.of(), new BootstrapLimit(1), 1 << 20,
            Runnable::run);

    @TempDir
    Path data;

    private Path files;
    private final byte[] old = random(3000, 1);
    private final byte[] whole = random(3000, 2); // as long as the old one: sizes must not decide
    private final List<TransferEvent> events = new ArrayList<>();
    private final List<String> repairs = new ArrayList<>();

    @BeforeEach
    void makeDirectory() throws IOException {
        files = Files.createDirectories(data.resolve(SnapshotDirectory.NAME));
    }

    @Test
    void diedBeforeThePayloadWasForcedItResumesFromTheCheckpoint() throws Exception {
        put(".snapshot", old);
        put(".manifest.json", RECORDS.manifest(committed(old, 41)));
        put(".partial", whole);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));

        SnapshotReceiver receiver = restart();

        assertEquals(new OpenOutcome.Opened(1000), TestSource.open(receiver, SOURCE, identity(whole)));
        assertEquals(1000, Files.size(file(".partial")), "cut to what was durable");
        assertArrayEquals(old, Files.readAllBytes(file(".snapshot")));
        finish(receiver, 1000);
    }

    @Test
    void diedBeforeTheFirstCheckpointItStartsFromZero() throws Exception {
        put(".partial", Arrays.copyOf(whole, 2000));

        SnapshotReceiver receiver = restart();

        assertFiles();
        assertEquals(new OpenOutcome.Opened(0), TestSource.open(receiver, SOURCE, identity(whole)));
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
        assertEquals(new OpenOutcome.Opened(3000), TestSource.open(receiver, SOURCE, identity(whole)));
        finish(receiver, 3000);
    }

    @Test
    void aFlippedBitInThePartialFileMakesItStartFromZero() throws Exception {
        byte[] damaged = whole.clone();
        damaged[500] ^= 1;
        put(".partial", damaged);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));

        SnapshotReceiver receiver = restart();

        assertEquals(new OpenOutcome.Opened(0), TestSource.open(receiver, SOURCE, identity(whole)));
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
        assertEquals(new OpenOutcome.Opened(1000), TestSource.open(receiver, SOURCE, identity(whole)));
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
    void aSnapshotThatIsNotAsLongAsItsManifestSaysIsNotPublished() throws Exception {
        put(".snapshot", Arrays.copyOf(whole, 2999));
        put(".manifest.json", RECORDS.manifest(committed(whole, 42)));
        restart();
        assertFiles(".aside-1", ".aside-2");
    }

    @Test
    void anotherSnapshotThanTheOneThatWasUnderWayStartsFromZero() throws Exception {
        put(".partial", whole);
        put(".checkpoint.json", RECORDS.checkpoint(checkpoint(1000)));
        SnapshotReceiver receiver = restart();
        SnapshotIdentity other = new SnapshotIdentity("cluster", DB, 43, whole.length, crc(whole, whole.length));
        assertEquals(new OpenOutcome.Opened(0), TestSource.open(receiver, SOURCE, other));
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
        assertEquals(new OpenOutcome.Opened(0), TestSource.open(receiver, SOURCE, identity(whole)));
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
    void whatCannotBeReadIsRefusedUntilItCan() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        disk.put("db.snapshot", old);
        disk.put("db.manifest.json", RECORDS.manifest(committed(old, 41)));
        SnapshotDirectory directory = new SnapshotDirectory(disk, 0, RECORDS);
        assertEquals(List.of(DB), directory.prepare().toBeRead());
        SnapshotReceiver receiver = SnapshotReceiver.recovering(DB, directory, RULES, events::add);
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
        disk.observe((what, name) -> {
        });
        receiver.recover();
        assertEquals(new OpenOutcome.Opened(0), receiver.open(SOURCE, identity(whole)));
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

    /** A file without a block. */
    private void plant(String suffix, long bytes) throws IOException {
        try (RandomAccessFile hole = new RandomAccessFile(file(suffix).toFile(), "rw")) {
            hole.setLength(bytes);
        }
    }

    private SnapshotReceiver restartAfterAnother() throws IOException {
        SnapshotDirectory directory = new SnapshotDirectory(new LocalDisk(files, ".another.lock", Duration.ZERO), 0,
                RECORDS);
        return restart(directory);
    }

    private Inventory prepareAfterAnother() throws IOException {
        return new SnapshotDirectory(new LocalDisk(files, ".another.lock", Duration.ZERO), 0, RECORDS).prepare();
    }

    private Manifest marked(String suffix, byte[] bytes, long lsn) throws IOException {
        return Manifest.of(committed(bytes, lsn).snapshot(),
                new LocalDisk(files, "").facts("db" + suffix).orElseThrow());
    }

    private SnapshotDirectory directory() {
        return new SnapshotDirectory(new LocalDisk(files, ".mirror-bootstrap.lock", Duration.ZERO), 0, RECORDS);
    }

    private SnapshotReceiver restart() throws IOException {
        return restart(directory());
    }

    private SnapshotReceiver restart(SnapshotDirectory directory) throws IOException {
        Inventory inventory = directory.prepare();
        repairs.addAll(inventory.repairs());
        if (inventory.toBeRead().contains(DB)) {
            SnapshotReceiver receiver = SnapshotReceiver.recovering(DB, directory, RULES, events::add);
            repairs.addAll(receiver.recover().repairs());
            return receiver;
        }
        return new SnapshotReceiver(DB, directory, RULES, events::add, inventory.resumable().stream().findFirst());
    }

    private void finish(SnapshotReceiver receiver, int from) throws IOException {
        IncomingChunk chunk = TestSource.chunk(receiver, SOURCE, identity(whole), from);
        chunk.write(ByteBuffer.wrap(whole, from, whole.length - from));
        ChunkOutcome outcome = chunk.finish(true, Optional.empty());
        assertTrue(outcome instanceof ChunkOutcome.Committed, outcome::toString);
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
        assertFiles(".snapshot", ".manifest.json");
    }

    private void assertFiles(String... suffixes) throws IOException {
        try (var there = Files.list(files)) {
            assertEquals(Arrays.stream(suffixes).map(suffix -> "db" + suffix).collect(Collectors.toSet()),
                    there.map(file -> file.getFileName().toString()).collect(Collectors.toSet()));
        }
    }

    private void put(String suffix, byte[] bytes) throws IOException {
        Files.write(file(suffix), bytes);
    }

    private Path file(String suffix) {
        return files.resolve("db" + suffix);
    }

    private Checkpoint checkpoint(int bytes) {
        return new Checkpoint(identity(whole), bytes, crc(whole, bytes));
    }

    private static SnapshotIdentity identity(byte[] bytes) {
        return new SnapshotIdentity("cluster", DB, 42, bytes.length, crc(bytes, bytes.length));
    }

    /** As an older version wrote it, without the mark of the file. */
    private static Manifest committed(byte[] bytes, long lsn) {
        return new Manifest(
                new CommittedSnapshot("cluster", DB, lsn, bytes.length, crc(bytes, bytes.length), Instant.EPOCH),
                Optional.empty());
    }

    private static Crc32c crc(byte[] bytes, int length) {
        return Crc32c.of(ByteBuffer.wrap(bytes, 0, length));
    }

    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
