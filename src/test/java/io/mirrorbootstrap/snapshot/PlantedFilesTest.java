package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.LocalDisk;
import io.mirrorbootstrap.store.TooManyFilesException;
import io.mirrorbootstrap.wire.JsonRecords;

/** Who can write to the volume plants links, pipes and directories: nothing outside is touched, and nothing hangs. */
class PlantedFilesTest {

    private static final DatabaseId DB = new DatabaseId("db");
    private static final byte[] WHOLE = "the snapshot".getBytes();
    private static final SnapshotIdentity IDENTITY = new SnapshotIdentity("cluster", DB, 1, WHOLE.length,
            Crc32c.of(ByteBuffer.wrap(WHOLE)));

    @TempDir
    Path data;
    @TempDir
    Path elsewhere;

    private final TestSource source = new TestSource();
    private Path outside;
    private SnapshotDirectory directory;

    @BeforeEach
    void prepare() throws IOException {
        outside = Files.writeString(elsewhere.resolve("outside"), "not ours");
        directory = new SnapshotDirectory(
                new LocalDisk(data.resolve(SnapshotDirectory.NAME), ".mirror-bootstrap.lock", Duration.ZERO), 0,
                new JsonRecords());
    }

    @ParameterizedTest
    @ValueSource(strings = {"db.partial", "db.snapshot", "db.manifest.json", "db.checkpoint.json", ".db.1.1"})
    void aLinkIsNotFollowedWhetherItIsThereAtTheStart(String name) throws Exception {
        Path link = Files.createDirectories(directory.path()).resolve(name);
        Files.createSymbolicLink(link, outside);
        directory.prepare();
        assertCommits();
        assertEquals("not ours", Files.readString(outside));
    }

    @ParameterizedTest
    @ValueSource(strings = {"db.partial", "db.snapshot", "db.manifest.json", "db.checkpoint.json"})
    void aLinkIsNotFollowedOrComesLater(String name) throws Exception {
        directory.prepare();
        Files.createSymbolicLink(directory.path().resolve(name), outside);
        assertCommits();
        assertEquals("not ours", Files.readString(outside));
    }

    /** Their names alone could fill the memory. */
    @Test
    void aStartOnMoreFilesThanItMayHoldSaysSo() throws Exception {
        Path path = Files.createDirectories(directory.path());
        for (int i = 0; i <= Disk.MAX_FILES; i++) {
            Files.createFile(path.resolve(String.valueOf(i)));
        }
        IOException refused = assertThrows(TooManyFilesException.class, directory::prepare);
        assertEquals("more than 20000 files are in it: move those away that are not of a snapshot of this sidecar",
                refused.getMessage());
        assertCommits(); // as where they come while it runs
        assertThrows(TooManyFilesException.class, directory::described);
        for (int i = 0; i < 3; i++) {
            Files.delete(path.resolve(String.valueOf(i)));
        }
        assertEquals(Set.of(DB), directory.described());
    }

    @Test
    void whatWasKeptIsNotReadBackThroughALink() throws Exception {
        directory.prepare();
        Path copy = Files.write(elsewhere.resolve("copy"), WHOLE);
        Files.createSymbolicLink(directory.partial(DB), copy);
        SnapshotReceiver receiver = receiver(
                Optional.of(Inventory.Resumable.of(new Checkpoint(IDENTITY, WHOLE.length, IDENTITY.totalCrc32c()))));
        receiver.open(source, IDENTITY);
        TestSource.assertOpened(0, receiver.open(source, IDENTITY));
        assertArrayEquals(WHOLE, Files.readAllBytes(copy));
    }

    @Test
    void aPipeInPlaceOfARecordHangsNothing() throws Exception {
        Files.createDirectories(directory.path());
        for (String name : List.of("db.manifest.json", "db.checkpoint.json", "db.partial")) {
            Process pipe = new ProcessBuilder("mkfifo", directory.path().resolve(name).toString()).start();
            assertEquals(0, pipe.waitFor());
        }
        directory.prepare();
        assertCommits();
    }

    @Test
    void aDirectoryInPlaceOfAFileIsNobodysOfOurs() throws Exception {
        Path planted = Files.createDirectories(directory.path().resolve("db.snapshot"));
        Files.writeString(planted.resolve("theirs"), "not ours");
        Files.createDirectories(directory.path().resolve(".hidden/below"));
        directory.prepare();
        ChunkOutcome.Refused refused = assertInstanceOf(ChunkOutcome.Refused.class, send());
        assertInstanceOf(Refusal.Transport.class, refused.refusal());
        assertEquals("not ours", Files.readString(planted.resolve("theirs")));
        assertTrue(Files.isDirectory(directory.path().resolve(".hidden/below")));
    }

    @Test
    void theDirectoryItselfIsNoLink() throws Exception {
        Files.createSymbolicLink(directory.path(), elsewhere);
        IOException refused = assertThrows(IOException.class, directory::prepare);
        assertTrue(refused.getMessage().contains("is a symbolic link, or no directory"), refused.getMessage());
        assertEquals(List.of(outside), Files.list(elsewhere).toList());
    }

    @Test
    void aDirectoryThatIsExchangedForALinkIsNotFollowed() throws Exception {
        directory.prepare();
        Files.writeString(elsewhere.resolve("db.snapshot"), "not ours");
        Files.writeString(elsewhere.resolve("db.partial"), "not ours");
        Files.move(directory.path(), data.resolve("moved"));
        Files.createSymbolicLink(directory.path(), elsewhere);
        assertInstanceOf(Refusal.Transport.class, assertInstanceOf(ChunkOutcome.Refused.class, send()).refusal());
        assertThrows(IOException.class, () -> receiver(Optional.empty()).removeSnapshot(Principal.ANYBODY));
        assertEquals("not ours", Files.readString(elsewhere.resolve("db.snapshot")));
        assertEquals("not ours", Files.readString(elsewhere.resolve("db.partial")));
        assertEquals(3, Files.list(elsewhere).count());
    }

    @Test
    void aPipeInPlaceOfTheLockStopsTheStart() throws Exception {
        Path lock = data.resolve(".mirror-bootstrap.lock");
        assertEquals(0, new ProcessBuilder("mkfifo", lock.toString()).start().waitFor());
        IOException refused = assertThrows(IOException.class, directory::prepare);
        assertTrue(refused.getMessage().contains("is no plain file"), refused.getMessage());
    }

    @Test
    void theGroupMayReadAndNobodyElse() throws Exception {
        directory.prepare();
        assertCommits();
        assertEquals("rwxr-x---", mode(directory.path()));
        assertEquals("rw-r-----", mode(directory.snapshot(DB)));
        assertEquals("rw-r-----", mode(directory.manifest(DB)));
    }

    private void assertCommits() throws Exception {
        assertInstanceOf(ChunkOutcome.Committed.class, send());
        assertTrue(Files.isRegularFile(directory.snapshot(DB), LinkOption.NOFOLLOW_LINKS));
        assertArrayEquals(WHOLE, Files.readAllBytes(directory.snapshot(DB)));
    }

    private ChunkOutcome send() {
        IncomingChunk chunk = TestSource.chunk(receiver(Optional.empty()), source, IDENTITY, 0);
        chunk.write(ByteBuffer.wrap(WHOLE));
        return chunk.finish(true, Optional.empty());
    }

    private SnapshotReceiver receiver(Optional<Inventory.Resumable> left) {
        return new SnapshotReceiver(DB, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(1), 1 << 20, Runnable::run), event -> {
                }, left);
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
    }
}
