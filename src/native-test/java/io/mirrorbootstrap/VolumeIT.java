package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonRecords;

/** Whoever shares the volume removes, replaces and plants files beside the packaged service. */
class VolumeIT extends WithSidecar {

    private final TestSnapshot snapshot = TestSnapshot.random("db", 2 * MIB);
    private Path files;
    private Path lock;

    @BeforeEach
    void place() {
        files = data().resolve("recv_snapshots");
        lock = data().resolve(".mirror-bootstrap.lock");
    }

    @Test
    void theNamesOfDirectoriesThatItHasMadeAreDurableAndThatOfOneMadeAgainToo() throws Exception {
        Path forced = directory.resolve("forced");
        Path made = directory.resolve("made");
        Path again = made.resolve("data/recv_snapshots");
        start(Map.of("MIRROR_BOOTSTRAP_DATA_DIR", made.resolve("data").toString()),
                Preloaded.disk("FORCED_NAMES", forced));
        List<String> start = Files.readAllLines(forced);
        assertTrue(
                start.containsAll(Stream.of(directory, made, made.resolve("data"), again).map(Path::toString).toList()),
                start::toString);

        Files.write(forced, new byte[0]);
        Files.move(again, made.resolve("moved"));
        patiently().until(() -> Files.isDirectory(again));
        commit(sidecar, "db");

        List<String> behind = Files.readAllLines(forced);
        assertTrue(behind.contains(again.getParent().toString()), behind::toString);
    }

    @Test
    void aSecondProcessDoesNotStartThoughTheLockFileIsRemoved() throws Exception {
        SidecarProcess first = start();
        assertNoSecondStarts();
        for (int i = 0; i < 2; i++) {
            Files.delete(lock);
            assertNoSecondStarts();
        }
        assertNoSecondStarts();
        assertTrue(first.log().contains("the lock of this process: it is there again"), first.log());
        commit(first, "db");
    }

    @Test
    void aSecondProcessDoesNotStartThoughAnotherLockFileIsPlanted() throws Exception {
        SidecarProcess first = start();
        Files.delete(lock);
        Files.createFile(lock);
        assertNoSecondStarts();
        commit(first, "db");
    }

    @Test
    void aProcessThatHasSleptWhileAnotherTookItsDirectoryEnds() throws Exception {
        SidecarProcess first = start(Map.of("MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "1"));
        RawClient client = new RawClient(first.uri());
        snapshot.opened(client);
        snapshot.send(client, 0, MIB);
        signal(first, "STOP");
        SidecarProcess second;
        try {
            Files.delete(lock);
            second = start(); // nobody answers for the directory
        } finally {
            signal(first, "CONT");
        }
        patiently().until(() -> !first.isAlive());
        assertEquals(1, first.exitValue(), first.log());
        assertTrue(first.log().contains("is locked by another process, which has this directory now"), first.log());
        assertEquals(1012, client.closeCode());

        client = new RawClient(second.uri());
        assertEquals(MIB, resumed(client, snapshot).offset());
        snapshot.committed(client, MIB);
        assertArrayEquals(snapshot.bytes(), Files.readAllBytes(files.resolve("db.snapshot")));
    }

    @Test
    void aRestartWithTheLockFileOfBeforeIsNotTakenForASecondProcess() throws Exception {
        start().kill();
        commit(start(), "db");
    }

    @ParameterizedTest
    @ValueSource(strings = {"removed", "moved", "link"})
    void aDirectoryThatDisappearsIsSaidAndMadeAgain(String how) throws Exception {
        SidecarProcess sidecar = start(Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "there"));
        commit(sidecar, "there");
        RawClient client = new RawClient(sidecar.uri());
        snapshot.opened(client);
        snapshot.send(client, 0, MIB);
        awaitStatus(sidecar, "/q/health/group/mirror", 200);

        Path theirs = Files.createDirectory(directory.resolve("theirs"));
        if (how.equals("removed")) {
            remove(files);
        } else {
            Files.move(files, directory.resolve("moved"));
        }
        if (how.equals("link")) {
            Files.createSymbolicLink(files, theirs);
        }

        patiently().until(() -> {
            assertTrue(sidecar.isAlive(), sidecar.log());
            return sidecar.log().contains("is made again, without what was in it");
        });
        awaitStatus(sidecar, "/v1/mirrors/there", 404);
        awaitStatus(sidecar, "/q/health/group/mirror", 503);
        awaitStatus(sidecar, "/q/health/ready", 200);
        AtomicInteger sent = new AtomicInteger(MIB); // a byte at a time, until it is noticed that nobody would find them
        Answer refused = patiently().until(() -> snapshot.send(client, sent.getAndIncrement(), sent.get()),
                answer -> !(answer instanceof Answer.Pending));
        TestSnapshot.refused(ErrorCode.TRANSPORT, refused);
        assertEquals(1011, client.closeCode());
        commit(sidecar, "db");
        commit(sidecar, "there");
        awaitStatus(sidecar, "/q/health/group/mirror", 200);
        assertTrue(Files.isDirectory(files, LinkOption.NOFOLLOW_LINKS));
        assertEquals(0, Files.list(theirs).count());
        assertEquals(1, sidecar.logged("made again").size(), sidecar.log());
        assertEquals(1, sidecar.logged(" lost: ").size(), sidecar.log());
    }

    @Test
    void aSnapshotThatSomebodyRemovesOrCutsShortIsNotFollowingUntilItIsBack() throws Exception {
        SidecarProcess sidecar = start(Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "a"));
        commit(sidecar, "a");
        commit(sidecar, "b");
        awaitStatus(sidecar, "/q/health/group/mirror", 200);

        Files.move(files.resolve("a.snapshot"), directory.resolve("moved"));

        awaitStatus(sidecar, "/v1/mirrors/a", 404);
        awaitStatus(sidecar, "/q/health/group/mirror", 503);
        assertEquals(200, sidecar.status("/v1/mirrors/b"));
        assertLogged("lost: the snapshot of database=a cluster=cluster");
        Files.copy(directory.resolve("moved"), files.resolve("a.snapshot"));
        awaitStatus(sidecar, "/v1/mirrors/a", 200);
        awaitStatus(sidecar, "/q/health/group/mirror", 200);
        assertLogged("found again: the snapshot of database=a cluster=cluster");

        Files.delete(files.resolve("a.snapshot"));
        awaitStatus(sidecar, "/v1/mirrors/a", 404);
        commit(sidecar, "a");
        awaitStatus(sidecar, "/q/health/group/mirror", 200);

        try (RandomAccessFile file = new RandomAccessFile(files.resolve("b.snapshot").toFile(), "rw")) {
            file.setLength(snapshot.bytes().length - 1);
        }
        awaitStatus(sidecar, "/v1/mirrors/b", 404);
        assertEquals(200, sidecar.status("/v1/mirrors/a"));
        commit(sidecar, "b");
        awaitStatus(sidecar, "/v1/mirrors/b", 200);
    }

    /** Reading that hole takes a minute and more, all of which the rest of this test does not. */
    @Test
    void aHoleThatIsPlantedHoldsUpNeitherTheStartNorAnotherDatabase() throws Exception {
        long bytes = Math.min(200L << 30, Files.getFileStore(directory).getTotalSpace() / 2);
        Files.createDirectories(files);
        try (RandomAccessFile hole = new RandomAccessFile(files.resolve("a.partial").toFile(), "rw")) {
            hole.setLength(bytes);
        }
        record("a.successor.json", "a", bytes);
        Files.write(files.resolve("b.snapshot"), snapshot.bytes());
        record("b.manifest.json", "b", snapshot.bytes().length); // without a mark: a copy, which has to be read, too
        for (int i = 0; i < 2; i++) {
            SidecarProcess sidecar = start();
            assertEquals(200, sidecar.status("/q/health/ready"));
            awaitStatus(sidecar, "/v1/mirrors/b", 200);
            commit(sidecar, "c" + i);
            assertEquals(404, sidecar.status("/v1/mirrors/a")); // and is being read still
            sidecar.terminate();
            Files.setLastModifiedTime(files.resolve("b.snapshot"), FileTime.fromMillis(i));
        }
    }

    private void record(String name, String database, long bytes) throws IOException {
        Files.write(files.resolve(name), new JsonRecords().manifest(new Manifest(new CommittedSnapshot("cluster",
                new DatabaseId(database), 42, bytes, snapshot.identity().totalCrc32c(), Instant.EPOCH),
                Optional.empty())));
    }

    private static void signal(SidecarProcess sidecar, String signal) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + signal, String.valueOf(sidecar.pid())).start().waitFor());
    }

    private static void remove(Path directory) throws IOException {
        try (var all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private static void awaitStatus(SidecarProcess sidecar, String path, int status) {
        patiently().until(() -> sidecar.status(path) == status);
    }

    /** Opened, when what an earlier process received has been read back. */
    private static Answer.Opened resumed(RawClient client, TestSnapshot snapshot) throws Exception {
        Answer answer = snapshot.open(client);
        while (!(answer instanceof Answer.Opened)) {
            answer = TestSnapshot.answer(client);
        }
        return TestSnapshot.opened(answer);
    }

    private static void commit(SidecarProcess sidecar, String database) throws Exception {
        TestSnapshot.random(database, 2 * MIB).committed(new RawClient(sidecar.uri()));
    }

    private void assertNoSecondStarts() {
        IllegalStateException refused = assertThrows(IllegalStateException.class,
                () -> SidecarProcess.start(data(), vmOptions(), Map.of()));
        assertTrue(refused.getMessage().contains("another process is using it"), refused::getMessage);
    }
}
