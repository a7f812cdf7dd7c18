package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.mirror.MirrorState.Following;
import io.mirrorbootstrap.snapshot.BootstrapLimit;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.Retention;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** What is done for all databases, on a simulated disk: one of them that fails, or hangs, stops no other. */
class UpkeepTest {

    private static final JsonRecords RECORDS = new JsonRecords();
    private static final byte[] WHOLE = {1, 2, 3, 4};

    private final SimulatedDisk disk = new SimulatedDisk();
    private final StatusBoard board = new StatusBoard();
    private final Mirrors mirrors = new Mirrors(TestMirrors.settings(Map.of()),
            new SnapshotDirectory(disk, 0, RECORDS), board, List.of(board), () -> ToldApart.NOT);

    @Test
    void aTransferThatCannotBeRemovedStopsTheRemovalOfNoOther() {
        leave("a");
        leave("b");
        leave("c");
        mirrors.start(null);
        assertEquals(3, board.mirrors().size());
        disk.observe((what, name) -> {
            if (name.startsWith("b.")) {
                throw new IllegalStateException("as if the file system had gone mad");
            }
        });

        assertEquals(2, mirrors.keepHouse(new Retention(Duration.ZERO, Duration.ZERO)));

        assertTrue(disk.bytes("a.partial").isEmpty());
        assertTrue(disk.bytes("b.partial").isPresent());
        assertTrue(disk.bytes("c.partial").isEmpty());
    }

    @Test
    void whatHasToBeReadIsReadWhenTheStartIsOver() {
        for (String database : List.of("a", "b")) {
            leaveUnmarked(database);
        }
        disk.observe((what, name) -> {
            if (what.equals("readFile") && name.startsWith("a.")) {
                throw new IOException("Input/output error");
            }
        });

        mirrors.start(null);

        Awaitility.await().until(() -> board.mirror(new DatabaseId("b")).isPresent());
        assertInstanceOf(Following.class, board.mirror(new DatabaseId("b")).orElseThrow().state());
        assertTrue(board.mirror(new DatabaseId("a")).isEmpty(), "nobody knows yet");
        disk.stopObserving();
        Awaitility.await().until(() -> {
            mirrors.keepHouse(new Retention(Duration.ofDays(7), Duration.ofDays(7))); // the attempt that failed may not be over yet
            return board.mirror(new DatabaseId("a")).isPresent();
        });
        assertInstanceOf(Following.class, board.mirror(new DatabaseId("a")).orElseThrow().state());
    }

    @Test
    void whatHangsWhenItIsReadAgainHoldsUpNoHousekeeping() throws Exception {
        leaveUnmarked("a");
        leave("b");
        CountDownLatch failed = new CountDownLatch(1);
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch hangs = new CountDownLatch(1);
        disk.observe((what, name) -> {
            if (what.equals("readFile") && name.startsWith("a.")) {
                failed.countDown();
                throw new IOException("Input/output error");
            }
        });
        mirrors.start(null);
        assertTrue(failed.await(20, TimeUnit.SECONDS));
        disk.observe((what, name) -> {
            if (what.equals("readFile") && name.startsWith("a.")) {
                reading.countDown();
                assertDoesNotThrow(() -> hangs.await());
            }
        });

        int dropped = 0;
        while (reading.getCount() > 0) { // the attempt that failed may not be over yet
            dropped += CompletableFuture
                    .supplyAsync(() -> mirrors.keepHouse(new Retention(Duration.ZERO, Duration.ZERO)))
                    .get(20, TimeUnit.SECONDS);
        }

        assertEquals(1, dropped);
        assertEquals(0, mirrors.keepHouse(new Retention(Duration.ZERO, Duration.ZERO)));
        hangs.countDown();
        Awaitility.await().until(() -> board.mirror(new DatabaseId("a")).isPresent());
    }

    /** Of two rounds of housekeeping the first finds no thread either. */
    @Test
    void aStartWithoutAThreadForThatReadsAsSoonAsThereIsOne() throws Exception {
        leaveUnmarked("a");
        boolean[] hasThread = {false};
        Executor helpers = work -> {
            if (!hasThread[0]) {
                throw new RejectedExecutionException("no thread");
            }
            work.run();
        };
        SnapshotDirectory directory = new SnapshotDirectory(disk, 0, RECORDS);
        ReceiverRules rules = new ReceiverRules(List.of(), new BootstrapLimit(1), 1 << 20, helpers);
        Receivers receivers = new Receivers(
                database -> new SnapshotReceiver(database, directory, rules, board, Optional.empty()));
        Beside beside = new Beside(helpers);
        Upkeep upkeep = new Upkeep(directory, rules, board, receivers, beside,
                new FileComparison(directory, board, receivers, beside));
        Retention retention = new Retention(Duration.ofDays(7), Duration.ofDays(7));

        upkeep.start();
        upkeep.keepHouse(retention);
        assertTrue(board.mirror(new DatabaseId("a")).isEmpty());
        hasThread[0] = true;
        upkeep.keepHouse(retention);
        assertInstanceOf(Following.class, board.mirror(new DatabaseId("a")).orElseThrow().state());
    }

    private void leave(String database) {
        disk.put(database + ".partial", WHOLE);
        disk.put(database + ".checkpoint.json",
                RECORDS.checkpoint(new Checkpoint(identity(database), WHOLE.length, crc())));
    }

    /** A snapshot as an older version left it: its manifest has no mark. */
    private void leaveUnmarked(String database) {
        disk.put(database + ".snapshot", WHOLE);
        disk.put(database + ".manifest.json", RECORDS.manifest(new Manifest(new CommittedSnapshot("c",
                new DatabaseId(database), 7, WHOLE.length, crc(), Instant.EPOCH), Optional.empty())));
    }

    private static SnapshotIdentity identity(String database) {
        return new SnapshotIdentity("c", new DatabaseId(database), 7, WHOLE.length, crc());
    }

    private static Crc32c crc() {
        return Crc32c.of(ByteBuffer.wrap(WHOLE));
    }
}
