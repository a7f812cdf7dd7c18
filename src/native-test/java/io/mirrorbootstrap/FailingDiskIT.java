package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static io.mirrorbootstrap.TestSnapshot.answer;
import static io.mirrorbootstrap.TestSnapshot.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;

/** A disk that is full, refuses or fails: what a source is told, what is kept, and that nothing wrong is published. */
class FailingDiskIT extends WithSidecar {

    /** Of {@code slow_disk.c}: it lasts while its file is there, or happens once. */
    private enum Fault {
        FULL_DISK_WHILE, NO_INODE_WHILE, REFUSED_WHILE, FAIL_FORCE_ONCE, FAIL_COMMIT_WHILE;

        Path file() {
            return disk.resolve(name());
        }
    }

    @TempDir
    static Path disk;

    /** For all tests, each of which has a database of its own. */
    private static SidecarProcess shared;

    @BeforeAll
    static void startShared() throws IOException {
        Map<String, String> faults = Preloaded.disk();
        for (Fault each : Fault.values()) {
            faults.put(each.name(), each.file().toString());
        }
        shared = SidecarProcess.start(disk.resolve("data"), List.of("-Xmx64m"), faults);
    }

    @BeforeEach
    void useShared() {
        sidecar = shared;
    }

    @AfterEach
    void mend() throws IOException {
        for (Fault each : Fault.values()) {
            Files.deleteIfExists(each.file());
        }
    }

    @AfterAll
    static void stopShared() {
        shared.close();
    }

    @Override
    Path data() {
        return sidecar == shared ? disk.resolve("data") : super.data();
    }

    /** Another one than that for all, with this fault. */
    private void startAnother(Fault fault, String setting, String value) throws IOException {
        sidecar = null;
        start(Preloaded.disk(fault.name(), fault.file(), setting, value));
    }

    private RawClient link() throws Exception {
        return new RawClient(sidecar.uri());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true}) // the C library may speak any language
    void aDiskThatIsFullInTheMiddleKeepsTheTransferUntilThereIsSpace(boolean strangeWords) throws Exception {
        if (strangeWords) {
            startAnother(Fault.FULL_DISK_WHILE, "STRANGE_WORDS", "1");
        }
        TestSnapshot snapshot = TestSnapshot.random("full", 3 * MIB);
        RawClient client = link();
        snapshot.open(client);
        snapshot.send(client, 0, MIB);

        Files.createFile(Fault.FULL_DISK_WHILE.file());
        Answer.Failure refused = refused(ErrorCode.INSUFFICIENT_STORAGE, snapshot.send(client, MIB, 2 * MIB));
        assertEquals(String.valueOf(2 * MIB), refused.fields().get("needed"));
        assertEquals(1013, client.closeCode());
        patiently().until(() -> sidecar.word("full").equals("disconnected"));
        Files.delete(Fault.FULL_DISK_WHILE.file());

        client = link();
        assertEquals(MIB, snapshot.opened(client).offset());
        snapshot.committed(client, MIB);
        assertArrayEquals(snapshot.bytes(), Files.readAllBytes(file("full.snapshot")));
    }

    @Test
    void aDiskThatIsFullAtTheCommitKeepsTheTransferToo() throws Exception {
        TestSnapshot snapshot = TestSnapshot.random("full-at-commit", MIB);
        RawClient client = link();
        snapshot.open(client);
        byte[] message = snapshot.chunk(0, MIB, false);
        client.binary(message, message.length);
        assertEquals(MIB, ((Answer.Pending) answer(client)).bytesDone());
        Files.createFile(Fault.FULL_DISK_WHILE.file());
        // the manifest is written another way than the payload: whichever it is, nothing half-done may remain
        Answer answer = snapshot.send(client, MIB, MIB);
        Files.delete(Fault.FULL_DISK_WHILE.file());
        if (!(answer instanceof Answer.Committed)) {
            refused(ErrorCode.INSUFFICIENT_STORAGE, answer);
            client = link();
            assertEquals(MIB, snapshot.opened(client).offset());
            snapshot.committed(client, MIB);
        }
        assertArrayEquals(snapshot.bytes(), Files.readAllBytes(file("full-at-commit.snapshot")));
    }

    @Test
    void aDiskWithoutInodesIsNotSaidToLackBytes() throws Exception {
        Files.createFile(Fault.NO_INODE_WHILE.file());
        Answer.Failure refused = refused(ErrorCode.INSUFFICIENT_STORAGE,
                TestSnapshot.random("no-inode", 10).send(link()));
        assertTrue(refused.message().contains("no inode left") && !refused.message().contains("needs"),
                refused::message);
    }

    @ParameterizedTest
    @CsvSource({"27,TRANSPORT,allows no file so large", "30,TRANSPORT,can only be read", "13,TRANSPORT,may not write",
            "122,INSUFFICIENT_STORAGE,quota"})
    void whyADiskRefusesIsTold(int number, ErrorCode code, String words) throws Exception {
        Files.writeString(Fault.REFUSED_WHILE.file(), String.valueOf(number));
        Answer.Failure refused = refused(code, TestSnapshot.random("refused-" + number, 10).send(link()));
        assertTrue(refused.message().contains(words), refused::message);
    }

    @Test
    void aForceThatFailsBesideTheFlowIsNotForgotten() throws Exception {
        startAnother(Fault.FAIL_FORCE_ONCE, "MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "1M");
        TestSnapshot snapshot = TestSnapshot.random("force", 4 * MIB);
        RawClient client = link();
        snapshot.open(client);
        Files.createFile(Fault.FAIL_FORCE_ONCE.file());
        snapshot.send(client, 0, MIB / 2); // begins a checkpoint
        patiently().until(() -> !Files.exists(Fault.FAIL_FORCE_ONCE.file()));

        // the next force would succeed, but what the failed one was to save may be lost
        refused(ErrorCode.TRANSPORT, snapshot.send(client, MIB / 2, MIB));

        assertEquals(1011, client.closeCode());
        assertLogged("an earlier force failed");
        client = link();
        assertEquals(0, snapshot.opened(client).offset());
        snapshot.committed(client);
    }

    @Test
    void whatWasDurableBeforeAForceFailedIsGoneOnWith() throws Exception {
        startAnother(Fault.FAIL_FORCE_ONCE, "MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "1M");
        TestSnapshot snapshot = TestSnapshot.random("durable", 4 * MIB);
        RawClient client = link();
        snapshot.open(client);
        assertEquals(MIB, ((Answer.Pending) snapshot.send(client, 0, MIB)).durableBytes());
        Files.createFile(Fault.FAIL_FORCE_ONCE.file());

        refused(ErrorCode.TRANSPORT, snapshot.send(client, MIB, 2 * MIB));

        assertEquals(1011, client.closeCode());
        assertEquals("disconnected", sidecar.word("durable"));
        assertLogged("disk failed");
        client = link();
        assertEquals(MIB, snapshot.opened(client).offset());
        snapshot.committed(client, MIB);
        assertArrayEquals(snapshot.bytes(), Files.readAllBytes(file("durable.snapshot")));
    }

    @Test
    void aForceThatFailsAtTheCommitPublishesNothing() throws Exception {
        TestSnapshot snapshot = TestSnapshot.random("force-at-commit", MIB);
        Files.createFile(Fault.FAIL_FORCE_ONCE.file());
        refused(ErrorCode.TRANSPORT, snapshot.send(link()));
        assertEquals(List.of(), filesOf("force-at-commit"));
        snapshot.committed(link());
    }

    @Test
    void aCommitThatCanBeNeitherFinishedNorUndoneIsFinishedLater() throws Exception {
        TestSnapshot old = TestSnapshot.random("neither", MIB);
        byte[] changed = old.bytes().clone(); // as long as the old one: the size must not decide
        changed[500] ^= 1;
        TestSnapshot next = TestSnapshot.of("neither", 42, changed);
        old.committed(link());

        Files.createFile(Fault.FAIL_COMMIT_WHILE.file());
        refused(ErrorCode.TRANSPORT, next.send(link()));
        // the payload has its name, and the manifest speaks of the old one still: nothing else is done before that is mended
        assertArrayEquals(changed, Files.readAllBytes(file("neither.snapshot")));
        assertEquals(503, sidecar.delete("/v1/mirrors/neither").get().statusCode());
        assertEquals("failed", sidecar.word("neither"));
        assertTrue(sidecar.get("/v1/mirrors/neither").contains("\"snapshot_path\":null"));
        refused(ErrorCode.TRANSPORT, next.open(link()));
        refused(ErrorCode.TRANSPORT, old.send(link()));
        Files.delete(Fault.FAIL_COMMIT_WHILE.file());

        patiently().until(() -> sidecar.delete("/v1/mirrors/neither").get().statusCode() == 204);
        assertEquals("following", sidecar.word("neither"));
        TestSnapshot.committed(next.open(link()));
        assertArrayEquals(changed, Files.readAllBytes(file("neither.snapshot")));
        assertEquals(List.of("neither.manifest.json", "neither.snapshot"), filesOf("neither"));
        assertEquals("following", sidecar.word("neither"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFullDiskStopsNoStartWhetherOrNotItsLockFileNamesItself(boolean named) throws Exception {
        sidecar = null;
        TestSnapshot snapshot = TestSnapshot.random("there", MIB);
        start();
        snapshot.committed(link());
        sidecar.close();
        Path lock = data().resolve(".mirror-bootstrap.lock");
        if (!named) {
            Files.write(lock, new byte[0]);
        }
        Files.createFile(Fault.FULL_DISK_WHILE.file());

        start(Preloaded.disk(Fault.FULL_DISK_WHILE.name(), Fault.FULL_DISK_WHILE.file()));

        assertEquals("following", sidecar.word("there"));
        assertEquals(named, !sidecar.log().contains("will say so when its disk has room"), sidecar.log());
        assertEquals(named, Files.readString(lock).startsWith("held as inode "));
        Files.delete(Fault.FULL_DISK_WHILE.file());
        patiently().until(() -> Files.readString(lock).startsWith("held as inode "));
        TestSnapshot.random("next", MIB).committed(link());
    }

    private List<String> filesOf(String database) throws IOException {
        try (Stream<Path> files = Files.list(file("."))) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.contains(database)).sorted()
                    .toList();
        }
    }
}
