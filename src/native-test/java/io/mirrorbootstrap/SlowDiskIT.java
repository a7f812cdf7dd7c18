package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static io.mirrorbootstrap.TestSnapshot.committed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonRecords;

/**
 * Sources faster than the disk: memory does not grow with what they send, the sidecar goes on answering them, and none
 * keeps another one waiting.
 */
class SlowDiskIT extends WithSidecar {

    /**
     * Sources that push 512 MiB at a disk that writes 1 MiB in 20 ms, and do not wait for answers: the heap of 64 MiB
     * suffices, because the sockets are not read faster than the disk writes.
     */
    @ParameterizedTest(name = "{0} sources, {1} MiB each, frames of {2} KiB")
    @CsvSource({"1,512,256", "8,64,1024"})
    void sourcesFasterThanTheDiskDoNotFillTheHeap(int sources, int mib, int frameKib) throws Exception {
        start(Preloaded.disk("SLOW_DISK_MS_PER_MIB", 20));
        ExecutorService senders = Executors.newFixedThreadPool(sources);
        try {
            List<Future<Answer>> ends = new ArrayList<>();
            for (int i = 0; i < sources; i++) {
                ends.add(senders.submit(sender("db" + i, mib, frameKib * 1024)));
            }
            double most = 0;
            while (!ends.stream().allMatch(Future::isDone)) {
                most = Math.max(most, sidecar.metric("mirror_bootstrap_buffered_bytes"));
            }
            for (Future<Answer> end : ends) {
                committed(end.get());
            }
            assertTrue(most >= MIB, "the disk was not slow enough to prove anything: " + most);
            // what the worker reads at once, and what the event loop does, however fast the source and long the frame
            assertTrue(most <= sources * (MIB + 128.0 * 1024), "buffered: " + most);
        } finally {
            senders.shutdownNow();
        }
        assertTrue(sidecar.isAlive());
        assertFalse(sidecar.log().contains("OutOfMemory"), sidecar.log());
    }

    /** Sends the same random bytes again and again as fast as the socket takes them; the last answer. */
    private Callable<Answer> sender(String database, int mib, int frameBytes) {
        return () -> {
            TestSnapshot part = TestSnapshot.random(database, MIB);
            Crc32c whole = Crc32c.EMPTY;
            for (int i = 0; i < mib; i++) {
                whole = whole.followedBy(part.identity().totalCrc32c(), MIB);
            }
            SnapshotIdentity identity = new SnapshotIdentity("cluster", part.identity().database(), 1,
                    (long) mib * MIB, whole);
            RawClient client = new RawClient(sidecar.uri());
            for (int i = 0; i < mib; i++) {
                byte[] head = ChunkEncoder.head(identity, (long) i * MIB, MIB, part.identity().totalCrc32c(),
                        i == mib - 1);
                client.binary(ByteBuffer.allocate(head.length + MIB).put(head).put(part.bytes()).array(), frameBytes);
            }
            for (int i = 0; i < mib - 1; i++) {
                client.answer();
            }
            Answer last = TestSnapshot.answer(client);
            client.cut();
            return last;
        };
    }

    @Test
    void aLongFrameNeedsNoMemoryOfItsLength() throws Exception {
        Files.createDirectories(data());
        try (SidecarProcess narrow = SidecarProcess.start(data(), List.of("-Xmx64m", "-XX:MaxDirectMemorySize=6m"),
                Map.of())) {
            byte[] message = TestSnapshot.random("db", 8 * MIB).chunk();
            RawClient client = new RawClient(narrow.uri());
            client.binary(message, message.length);
            committed(TestSnapshot.answer(client));
        }
    }

    @Test
    void whileADiskTakesItsTimeTheSourceHearsThatTheSidecarIsThere() throws Exception {
        Path hangs = directory.resolve("hangs");
        start(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "1S"), Preloaded.disk("HANGING_DISK_WHILE", hangs));
        TestSnapshot snapshot = TestSnapshot.random("db", MIB);
        RawClient client = new RawClient(sidecar.uri());
        snapshot.open(client);
        Files.createFile(hangs);
        int before = client.pings();
        client.binary(snapshot.chunk(), MIB); // its force takes longer than idle-timeout
        patiently().until(() -> client.pings() >= before + 4);
        assertFalse(client.hasUnreadAnswers(), "the disk was not slow enough to prove anything");
        assertFalse(client.isClosed());
        Files.delete(hangs);
        committed(TestSnapshot.answer(client));
    }

    @Test
    void aSourceThatPushesWithoutEndDoesNotKeepTheOnlyWorker() throws Exception {
        start(Map.of("QUARKUS_THREAD_POOL_MAX_THREADS", "1"), Preloaded.disk("SLOW_DISK_MS_PER_MIB", 40));
        TestSnapshot endless = TestSnapshot.random("greedy", 64 * MIB);
        RawClient greedy = new RawClient(sidecar.uri());
        CompletableFuture<Void> pushed = CompletableFuture.runAsync(() -> {
            for (int at = 0; at < endless.bytes().length; at += MIB) {
                try {
                    greedy.binary(endless.chunk(at, at + MIB, false), 64 * 1024);
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        greedy.answer(); // it is at work
        TestSnapshot.random("modest", 1000).committed(new RawClient(sidecar.uri()));
        assertFalse(pushed.isDone(), "it did not push long enough to prove anything");
        pushed.get();
    }

    @Test
    void aLinkThatIsTakenOverWhileItsTransferIsReadBackLeavesNothingRunningAndPingsAreAnsweredMeanwhile()
            throws Exception {
        long there = 16L << 30; // with holes: reading it takes long, and writing it nothing
        SnapshotIdentity identity = new SnapshotIdentity("cluster", new DatabaseId("db"), 42, there + 1, Crc32c.EMPTY);
        TestSnapshot snapshot = new TestSnapshot(identity, new byte[0]);
        Files.createDirectories(file("."));
        try (RandomAccessFile partial = new RandomAccessFile(file("db.partial").toFile(), "rw")) {
            partial.setLength(there);
        }
        Files.write(file("db.checkpoint.json"),
                new JsonRecords().checkpoint(new Checkpoint(identity, there, Crc32c.EMPTY)));
        start();
        RawClient first = new RawClient(sidecar.uri());
        first.text(snapshot.open());
        first.ping();
        patiently().until(first::hasPong);
        assertFalse(first.hasUnreadAnswers(), "the file was too short to prove anything");

        RawClient second = new RawClient(sidecar.uri());
        second.text(snapshot.open());
        TestSnapshot.refused(ErrorCode.SUPERSEDED, TestSnapshot.answer(first));
        assertEquals(4409, first.closeCode());
        second.cut();
        patiently().until(() -> {
            long before = sidecar.cpuTicks();
            TimeUnit.MILLISECONDS.sleep(500); // a job that runs without end uses all of it, 50 ticks
            return sidecar.cpuTicks() - before < 10;
        });
    }
}
