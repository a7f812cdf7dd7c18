package io.mirrorbootstrap.snapshot;

import static io.mirrorbootstrap.RandomBytes.random;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.wire.JsonRecords;

/** One receiver on a real directory, and two sources. */
abstract class ReceiverOnFiles {

    static final DatabaseId DB = new DatabaseId("db");
    static final JsonRecords RECORDS = new JsonRecords();
    private static final byte[] LARGE = random(40 * 1024 * 1024, 1); // read back in more than two parts

    @TempDir
    Path data;

    final byte[] whole = LARGE;
    final SnapshotIdentity identity = identity(DB);
    final List<TransferEvent> events = new ArrayList<>();
    final BootstrapLimit limit = new BootstrapLimit(1);
    final TestSource one = new TestSource();
    final TestSource other = new TestSource();
    SnapshotDirectory directory;
    SnapshotReceiver receiver;

    @BeforeEach
    void prepare() throws IOException {
        directory = new SnapshotDirectory(data, 0, RECORDS);
        directory.prepare();
        receiver = receiver(DB, Optional.empty());
    }

    ChunkOutcome send(Source source, int from, int to) {
        IncomingChunk chunk = TestSource.chunk(receiver, source, identity, from);
        chunk.write(ByteBuffer.wrap(whole, from, to - from));
        return chunk.finish(to == whole.length, Optional.empty());
    }

    /** An earlier process has received so many bytes. */
    void leave(int bytes) throws IOException {
        Files.write(directory.partial(DB), whole);
        directory.records().write(checkpoint(bytes));
        receiver = receiver(DB, Optional.of(Inventory.Resumable.of(checkpoint(bytes))));
    }

    Checkpoint checkpoint(int bytes) {
        return new Checkpoint(identity, bytes, Crc32c.of(ByteBuffer.wrap(whole, 0, bytes)));
    }

    SnapshotReceiver receiver(DatabaseId database, Optional<Inventory.Resumable> left) {
        return new SnapshotReceiver(database, directory,
                new ReceiverRules(List.of(), limit, 1 << 20, Runnable::run), events::add, left);
    }

    SnapshotIdentity identity(DatabaseId database) {
        return new SnapshotIdentity("cluster", database, 42, whole.length, Crc32c.of(ByteBuffer.wrap(whole)));
    }
}
