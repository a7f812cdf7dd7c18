package io.mirrorbootstrap.snapshot;

import static io.mirrorbootstrap.RandomBytes.random;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.BeforeEach;

import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** One receiver on a disk that a test may slow down, let fail, or change. */
abstract class ReceiverOnSimulatedDisk {

    static final DatabaseId DB = new DatabaseId("db");
    static final JsonRecords RECORDS = new JsonRecords();
    static final int CHECKPOINT_BYTES = 100;

    final SimulatedDisk disk = new SimulatedDisk();
    final SnapshotDirectory directory = new SnapshotDirectory(disk, 0, RECORDS);
    final List<TransferEvent> events = new ArrayList<>();
    final byte[] whole = random(1000, 1);
    final SnapshotIdentity identity = identity(whole, 42);
    final TestSource one = new TestSource();
    final TestSource other = new TestSource();
    SnapshotReceiver receiver;

    @BeforeEach
    void prepare() throws IOException {
        directory.prepare();
        receiver = receiver(Optional.empty());
    }

    ChunkOutcome send(Source source, int from, int to) {
        IncomingChunk chunk = TestSource.chunk(receiver, source, identity, from);
        chunk.write(ByteBuffer.wrap(whole, from, to - from));
        return chunk.finish(to == whole.length, Optional.empty());
    }

    SnapshotReceiver receiver(Optional<Inventory.Resumable> left) {
        return new SnapshotReceiver(DB, directory, rules(), events::add, left);
    }

    static ReceiverRules rules() {
        return new ReceiverRules(List.of(), new BootstrapLimit(2), CHECKPOINT_BYTES, Runnable::run);
    }

    static SnapshotIdentity identity(byte[] bytes, long lsn) {
        return new SnapshotIdentity("cluster", DB, lsn, bytes.length, Crc32c.of(ByteBuffer.wrap(bytes)));
    }
}
