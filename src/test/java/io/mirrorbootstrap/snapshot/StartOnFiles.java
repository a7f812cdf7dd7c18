package io.mirrorbootstrap.snapshot;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.store.LocalDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** The files of one database as an earlier process may have left them, and a start on them. */
abstract class StartOnFiles {

    static final DatabaseId DB = new DatabaseId("db");
    static final Source SOURCE = new TestSource();
    static final JsonRecords RECORDS = new JsonRecords();
    static final ReceiverRules RULES = new ReceiverRules(List.of(), new BootstrapLimit(1), 1 << 20,
            Runnable::run);

    @TempDir
    Path data;

    Path files;
    final byte[] old = random(3000, 1);
    final byte[] whole = random(3000, 2); // as long as the old one: sizes must not decide
    final List<TransferEvent> events = new ArrayList<>();
    final List<String> repairs = new ArrayList<>();

    @BeforeEach
    void makeDirectory() throws IOException {
        files = Files.createDirectories(data.resolve(SnapshotDirectory.NAME));
    }

    SnapshotReceiver restartAfterAnother() throws IOException {
        SnapshotDirectory directory = new SnapshotDirectory(new LocalDisk(files, ".another.lock", Duration.ZERO), 0,
                RECORDS);
        return restart(directory);
    }

    Inventory prepareAfterAnother() throws IOException {
        return new SnapshotDirectory(new LocalDisk(files, ".another.lock", Duration.ZERO), 0, RECORDS).prepare();
    }

    Manifest marked(String suffix, byte[] bytes, long lsn) throws IOException {
        return Manifest.of(committed(bytes, lsn).snapshot(),
                new LocalDisk(files, "").facts("db" + suffix).orElseThrow());
    }

    SnapshotDirectory directory() {
        return new SnapshotDirectory(new LocalDisk(files, ".mirror-bootstrap.lock", Duration.ZERO), 0, RECORDS);
    }

    SnapshotReceiver restart() throws IOException {
        return restart(directory());
    }

    SnapshotReceiver restart(SnapshotDirectory directory) throws IOException {
        Inventory inventory = directory.prepare();
        repairs.addAll(inventory.repairs());
        if (inventory.toBeRead().contains(DB)) {
            SnapshotReceiver receiver = SnapshotReceiver.recovering(DB, directory, RULES, events::add, false);
            repairs.addAll(receiver.recover().repairs());
            return receiver;
        }
        return new SnapshotReceiver(DB, directory, RULES, events::add, inventory.resumable().stream().findFirst());
    }

    void finish(SnapshotReceiver receiver, int from) throws IOException {
        IncomingChunk chunk = TestSource.chunk(receiver, SOURCE, identity(whole), from);
        chunk.write(ByteBuffer.wrap(whole, from, whole.length - from));
        ChunkOutcome outcome = chunk.finish(true, Optional.empty());
        assertTrue(outcome instanceof ChunkOutcome.Committed, outcome::toString);
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
        assertFiles(".snapshot", ".manifest.json");
    }

    void assertFiles(String... suffixes) throws IOException {
        try (var there = Files.list(files)) {
            assertEquals(Arrays.stream(suffixes).map(suffix -> "db" + suffix).collect(Collectors.toSet()),
                    there.map(file -> file.getFileName().toString()).collect(Collectors.toSet()));
        }
    }

    void put(String suffix, byte[] bytes) throws IOException {
        Files.write(file(suffix), bytes);
    }

    Path file(String suffix) {
        return files.resolve("db" + suffix);
    }

    Checkpoint checkpoint(int bytes) {
        return new Checkpoint(identity(whole), bytes, crc(whole, bytes));
    }

    static SnapshotIdentity identity(byte[] bytes) {
        return new SnapshotIdentity("cluster", DB, 42, bytes.length, crc(bytes, bytes.length));
    }

    /** As an older version wrote it, without the mark of the file. */
    static Manifest committed(byte[] bytes, long lsn) {
        return new Manifest(
                new CommittedSnapshot("cluster", DB, lsn, bytes.length, crc(bytes, bytes.length), Instant.EPOCH),
                Optional.empty());
    }

    static Crc32c crc(byte[] bytes, int length) {
        return Crc32c.of(ByteBuffer.wrap(bytes, 0, length));
    }
}
