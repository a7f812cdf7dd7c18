package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.LoggedLines;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TestSource;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;
import io.quarkus.runtime.StartupEvent;

/** All lines about one transfer have one name, though its LSN and CRC-32C are told at its end, and though another process ends it. */
class TransferNameTest {

    private static final DatabaseId DATABASE = new DatabaseId("a");
    private static final byte[] WHOLE = {1, 2, 3, 4};
    private static final Crc32c CRC = Crc32c.of(ByteBuffer.wrap(WHOLE));

    private final SimulatedDisk disk = new SimulatedDisk();
    private final TestSource source = new TestSource();
    private final LoggedLines lines = new LoggedLines("io.mirrorbootstrap.transfer");

    @AfterEach
    void stop() {
        lines.close();
    }

    @ParameterizedTest
    @CsvSource({"s, 0, 0", "s, 0, 7", "s, 4, 0", "s, 4, 7", "'', 4, 7"})
    void theLifeOfATransferHasOneName(String name, long total, long lsn) throws Exception {
        Crc32c crcAtFirst = name.isEmpty() ? CRC : Crc32c.EMPTY;
        SnapshotIdentity stamp = new SnapshotIdentity("c", DATABASE, lsn, total, crcAtFirst);
        SnapshotIdentity begun = name.isEmpty() ? stamp : stamp.named(name);
        SnapshotIdentity last = new SnapshotIdentity("c", DATABASE, 7, total, CRC);

        Mirrors mirrors = started();
        assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(source, Announcement.of(begun)));
        assertInstanceOf(ChunkOutcome.Pending.class, send(mirrors, stamp, 0, 3));
        mirrors.disconnected(source, KeptReason.LINK_LOST);
        Mirrors next = started();
        while (next.open(source, Announcement.of(begun)) instanceof OpenOutcome.Verifying) {
            // it is read back
        }
        assertInstanceOf(ChunkOutcome.Committed.class, send(next, last, 3, 4));

        List<String> told = lines.all().stream().map(line -> line.replaceFirst("[:(].*", "")).toList();
        assertEquals(List.of("begun", "link lost", "found at start", "verifying", "begun", "committed"), told);
        assertEquals(told.size(), lines.with(" transfer=" + begun.transferId()), () -> lines.all().toString());
    }

    private Mirrors started() throws IOException {
        Mirrors mirrors = new Mirrors(TestMirrors.settings(Map.of()),
                new SnapshotDirectory(disk, 0, new JsonRecords()), new StatusBoard(), List.of(new TransferLog()),
                () -> ToldApart.NOT);
        mirrors.start(new StartupEvent());
        return mirrors;
    }

    private ChunkOutcome send(Mirrors mirrors, SnapshotIdentity stamp, int from, int to) {
        IncomingChunk chunk = ((ChunkStart.Arriving) mirrors.chunk(source, stamp, from)).chunk();
        chunk.write(ByteBuffer.wrap(WHOLE, from, to - from));
        return chunk.finish(to == WHOLE.length, Optional.empty());
    }
}
