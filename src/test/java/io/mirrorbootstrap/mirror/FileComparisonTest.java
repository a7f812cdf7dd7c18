package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.BootstrapLimit;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** Copies that somebody brings while the process runs, and the one thread that reads them. */
class FileComparisonTest {

    private final SimulatedDisk disk = new SimulatedDisk();
    private final SnapshotDirectory directory = new SnapshotDirectory(disk, 0, new JsonRecords());
    private final StatusBoard board = new StatusBoard();
    private final Queue<Runnable> thread = new ArrayDeque<>();
    private final ReceiverRules rules = new ReceiverRules(List.of(), new BootstrapLimit(1), 1 << 20, thread::add);
    private final FileComparison comparison = new FileComparison(directory, board,
            new Receivers(database -> new SnapshotReceiver(database, directory, rules, board, Optional.empty())),
            new Beside(thread::add));
    private final List<String> read = new ArrayList<>();

    @Test
    void theSmallestIsReadFirstAlsoOfThoseThatComeMeanwhile() throws Exception {
        for (int bytes : List.of(500, 900, 100, 700, 300)) {
            bring(bytes);
        }
        disk.observe((what, name) -> {
            if (what.equals("open") && name.endsWith(".snapshot") && !read.contains(name)) {
                read.add(name);
                if (read.size() == 2) {
                    bring(400);
                    comparison.run();
                }
            }
        });
        comparison.run();
        thread.remove().run();

        assertEquals(List.of("d100.snapshot", "d300.snapshot", "d400.snapshot", "d500.snapshot", "d700.snapshot",
                "d900.snapshot"), read);
        assertEquals(6, board.mirrors().size());
        assertEquals(0, thread.size());
    }

    private void bring(int bytes) throws IOException {
        byte[] whole = new byte[bytes];
        disk.put("d" + bytes + ".snapshot", whole);
        disk.put("d" + bytes + ".manifest.json",
                new JsonRecords()
                        .manifest(new Manifest(new CommittedSnapshot("c", new DatabaseId("d" + bytes), 7, bytes,
                                Crc32c.of(ByteBuffer.wrap(whole)), Instant.EPOCH), Optional.empty())));
    }
}
