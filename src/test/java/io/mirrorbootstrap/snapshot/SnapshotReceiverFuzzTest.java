package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

import com.code_intelligence.jazzer.junit.FuzzTest;

import io.mirrorbootstrap.wire.JsonRecords;

/**
 * Whatever three sources do to one database, in whatever order, links that end and processes that are killed included:
 * each is answered as {@link TransferModel} says, and what is on disk at the end is what was committed, nothing else.
 */
class SnapshotReceiverFuzzTest {

    private static final DatabaseId DB = new DatabaseId("db");
    private static final DatabaseId ANOTHER = new DatabaseId("another");
    private static final byte[] WHOLE = "snapshot".getBytes(StandardCharsets.US_ASCII);
    private static final long CHECKPOINT_BYTES = 4;

    /**
     * @param operations four bytes each: what, by which source, and how a chunk arrives; the identity; offset and length
     *            of the payload; what else is in the chunk
     */
    @FuzzTest
    void answersLikeTheModel(byte[] operations) throws Exception {
        Path memory = Path.of("/dev/shm");
        Path data = Files.createTempDirectory(Files.isWritable(memory) ? memory : Path.of("target"), "fuzz");
        try {
            new Play(data, ByteBuffer.wrap(operations)).run();
        } finally {
            try (var files = Files.walk(data)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static final class Play {

        private final Path data;
        private final ByteBuffer operations;
        private final TransferModel model = new TransferModel();
        private final TestSource[] sources = {new TestSource(), new TestSource(), new TestSource()};
        private final boolean[] sending = new boolean[sources.length];
        private SnapshotDirectory directory;
        private BootstrapLimit limit;
        private SnapshotReceiver receiver;
        private int processes;

        Play(Path data, ByteBuffer operations) {
            this.data = data;
            this.operations = operations;
        }

        void run() throws Exception {
            start();
            while (operations.remaining() >= 4) {
                step();
            }
            receiver.abort(Optional.empty());
            unlock();
            boolean committed = model.snapshot != null;
            assertEquals(committed ? Set.of("db.snapshot", "db.manifest.json") : Set.of(), files());
            if (committed) {
                assertArrayEquals(model.snapshot, Files.readAllBytes(directory.snapshot(DB)));
            }
        }

        private void step() throws Exception {
            int what = operations.get();
            int source = (what >> 3 & 7) % sources.length;
            SnapshotIdentity identity = identity(operations.get());
            int place = operations.get();
            int rest = operations.get();
            if ((what & 7) == 7) {
                kill();
            } else if ((what & 7) == 6) {
                receiver.abort(Optional.empty());
                model.drop();
            } else if (sending[source]) {
                return; // a link's messages come one after the other
            } else if ((what & 7) == 5) {
                disconnect(source);
            } else if ((what & 7) == 4) {
                assertEquals(model.open(sources[source], identity), open(sources[source], identity));
            } else {
                sending[source] = true;
                chunk(source, identity, place & 15, place >> 4 & 15, rest, what < 0);
                sending[source] = false;
            }
            assertEquals(model.isIdle(), receiver.isIdle());
            assertEquals(model.isUnderWay(), !limit.hasRoomFor(ANOTHER));
            boolean arriving = sending[0] || sending[1] || sending[2];
            if (!arriving && (model.isIdle() || model.isUnderWay())) {
                assertEquals(model.partialBytes(), OwnFiles.size(directory.partial(DB)));
            }
            for (int i = 0; i < sources.length; i++) {
                assertEquals(model.isSuperseded(sources[i]), sources[i].isGone());
                if (sources[i].isGone() && !sending[i]) {
                    disconnect(i);
                }
            }
        }

        private void disconnect(int source) {
            sources[source].leave();
            receiver.disconnected(sources[source]);
            model.disconnect(sources[source]);
            sources[source] = new TestSource();
        }

        private String open(Source source, SnapshotIdentity identity) {
            OpenOutcome outcome = TestSource.open(receiver, source, identity);
            if (outcome instanceof OpenOutcome.Opened opened) {
                return "opened " + opened.offset();
            }
            return outcome instanceof OpenOutcome.AlreadyCommitted already
                    ? committed(already.snapshot())
                    : ((OpenOutcome.Refused) outcome).refusal().toString();
        }

        /** @param between whether something else happens while its payload arrives */
        private void chunk(int index, SnapshotIdentity identity, int offset, int length, int rest, boolean between)
                throws Exception {
            Source source = sources[index];
            SnapshotReceiver process = receiver;
            byte[] payload = new byte[length];
            for (int i = 0; i < length; i++) {
                payload[i] = (byte) (WHOLE[(offset + i) % WHOLE.length] ^ rest >> 7 & 1);
            }
            Optional<Crc32c> crc = (rest & 6) == 0
                    ? Optional.empty()
                    : Optional.of(new Crc32c(Crc32c.of(ByteBuffer.wrap(payload)).bits() ^ rest >> 2 & 1));
            boolean done = (rest & 1) != 0;

            IncomingChunk chunk = receiver.chunk(source, identity, offset);
            Optional<String> refused = model.head(source, identity, offset);
            chunk.write(ByteBuffer.wrap(payload, 0, length / 2));
            if (between && operations.remaining() >= 4) {
                step();
            }
            chunk.write(ByteBuffer.wrap(payload, length / 2, length - length / 2));
            if (receiver != process) {
                chunk.cancel();
            } else if ((rest & 8) != 0) {
                chunk.cancel();
                disconnect(index);
            } else {
                String expected = refused
                        .orElseGet(() -> model.chunk(source, identity, offset, payload, done, crc));
                assertEquals(expected, answer(chunk.finish(done, crc)));
            }
        }

        private String answer(ChunkOutcome outcome) {
            if (outcome instanceof ChunkOutcome.Pending pending) {
                assertTrue(model.isDurable(pending.durableBytes(), CHECKPOINT_BYTES), pending::toString);
                return "pending " + pending.bytesDone();
            }
            return outcome instanceof ChunkOutcome.Committed now
                    ? committed(now.snapshot())
                    : ((ChunkOutcome.Refused) outcome).refusal().toString();
        }

        private static String committed(CommittedSnapshot snapshot) {
            return TransferModel.committed(snapshot.lsn(), snapshot.bytes(), snapshot.crc32c());
        }

        /** What a killed process leaves is what a copy of its files shows; then it closes what it has open. */
        private void kill() throws Exception {
            SnapshotDirectory before = directory;
            SnapshotReceiver killed = receiver;
            Path next = Files.createDirectories(data.resolve("process" + processes).resolve(SnapshotDirectory.NAME));
            try (var files = Files.list(before.path())) {
                for (Path file : files.toList()) {
                    Files.copy(file, next.resolve(file.getFileName()));
                }
            }
            killed.abort(Optional.empty());
            unlock();
            start();
            model.restart();
            for (int i = 0; i < sources.length; i++) {
                sources[i] = new TestSource();
            }
        }

        private void start() throws IOException {
            directory = new SnapshotDirectory(data.resolve("process" + processes++), 0, new JsonRecords());
            Inventory inventory = directory.prepare();
            limit = new BootstrapLimit(1);
            receiver = new SnapshotReceiver(DB, directory,
                    new ReceiverRules(List.of(), limit, CHECKPOINT_BYTES, Runnable::run), event -> {
                    }, inventory.resumable().stream().findFirst());
        }

        /** Only the end of a process does it. */
        private void unlock() throws Exception {
            Field inUse = SnapshotDirectory.class.getDeclaredField("inUse");
            inUse.setAccessible(true);
            ((FileChannel) inUse.get(directory)).close();
        }

        private Set<String> files() throws IOException {
            try (var files = Files.list(directory.path())) {
                return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
            }
        }

        /** One of few, so that sources meet: clusters, LSNs, sizes and CRCs, of which some are right. */
        private static SnapshotIdentity identity(int bits) {
            int total = List.of(0, 3, WHOLE.length, WHOLE.length).get(bits >> 2 & 3);
            int crcBytes = List.of(0, total == 0 ? WHOLE.length : total, 3, 5).get(bits >> 4 & 3);
            return new SnapshotIdentity((bits & 1) == 0 ? "a" : "b", DB, bits >> 1 & 1, total,
                    Crc32c.of(ByteBuffer.wrap(WHOLE, 0, crcBytes)));
        }
    }
}
