package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

import org.awaitility.Awaitility;
import org.eclipse.microprofile.config.spi.Converter;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.mirror.MirrorState.Following;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;
import io.quarkus.runtime.configuration.MemorySizeConverter;
import io.smallrye.config.SmallRyeConfigBuilder;

/** What is done for all databases, on a simulated disk: one of them that fails stops no other. */
class MirrorsTest {

    private static final JsonRecords RECORDS = new JsonRecords();
    private static final byte[] WHOLE = {1, 2, 3, 4};

    private final SimulatedDisk disk = new SimulatedDisk();
    private final StatusBoard board = new StatusBoard();
    private final Mirrors mirrors = new Mirrors(
            new SmallRyeConfigBuilder().withMapping(MirrorSettings.class)
                    .withConverters(new Converter<?>[]{new MemorySizeConverter()})
                    .build().getConfigMapping(MirrorSettings.class),
            new SnapshotDirectory(disk, 0, RECORDS), board, List.of(board));

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

        assertEquals(2, mirrors.keepHouse(Duration.ZERO));

        assertTrue(disk.bytes("a.partial").isEmpty());
        assertTrue(disk.bytes("b.partial").isPresent());
        assertTrue(disk.bytes("c.partial").isEmpty());
    }

    @Test
    void whatHasToBeReadIsReadWhenTheStartIsOver() {
        for (String database : List.of("a", "b")) { // as an older version left them, without marks
            disk.put(database + ".snapshot", WHOLE);
            disk.put(database + ".manifest.json", RECORDS.manifest(new Manifest(new CommittedSnapshot("c",
                    new DatabaseId(database), 7, WHOLE.length, crc(), Instant.EPOCH), Optional.empty())));
        }
        disk.observe((what, name) -> {
            if (what.equals("readFile") && name.startsWith("a.")) {
                throw new java.io.IOException("Input/output error");
            }
        });

        mirrors.start(null);

        Awaitility.await().until(() -> board.mirror(new DatabaseId("b")).isPresent());
        assertInstanceOf(Following.class, board.mirror(new DatabaseId("b")).orElseThrow().state());
        assertTrue(board.mirror(new DatabaseId("a")).isEmpty(), "nobody knows yet");
        disk.observe((what, name) -> {
        });
        mirrors.keepHouse(Duration.ofDays(7));
        assertInstanceOf(Following.class, board.mirror(new DatabaseId("a")).orElseThrow().state());
    }

    private void leave(String database) {
        SnapshotIdentity identity = new SnapshotIdentity("c", new DatabaseId(database), 7, WHOLE.length, crc());
        disk.put(database + ".partial", WHOLE);
        disk.put(database + ".checkpoint.json", RECORDS.checkpoint(new Checkpoint(identity, WHOLE.length, crc())));
    }

    private static Crc32c crc() {
        return Crc32c.of(ByteBuffer.wrap(WHOLE));
    }
}
