package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import com.code_intelligence.jazzer.junit.FuzzTest;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.SimulatedDisk;
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
    private static final List<Optional<String>> STREAM_IDS = List.of(Optional.empty(), Optional.of("s"),
            Optional.of("t"), Optional.of("u"));
    private static final List<Optional<String>> POSITIONS = List.of(Optional.empty(), Optional.of("a"),
            Optional.of("b"), Optional.of("c"));
    private static final List<Map<String, String>> LABELS = List.of(Map.of(), Map.of("app", "x"), Map.of("app", "y"),
            Map.of("of", "x"));

    /**
     * @param operations four bytes each: what, by which source, how a chunk arrives, and whether links that have ended stay
     *            as they are; the identity; offset and length of the payload, or what else is in an {@code open}; what else is
     *            in a chunk
     */
    @FuzzTest
    void answersLikeTheModel(byte[] operations) throws Exception {
        new Play(ByteBuffer.wrap(operations)).run();
    }

    private static final class Play {

        private final ByteBuffer operations;
        private final TransferModel model = new TransferModel();
        private final TestSource[] sources = {new TestSource(), new TestSource(), new TestSource()};
        private final boolean[] sending = new boolean[sources.length];
        private SimulatedDisk disk = new SimulatedDisk();
        private BootstrapLimit limit;
        private SnapshotReceiver receiver;

        Play(ByteBuffer operations) {
            this.operations = operations;
        }

        void run() throws Exception {
            start();
            while (operations.remaining() >= 4) {
                step();
            }
            remove(false);
            boolean committed = model.snapshot != null;
            assertEquals(committed ? Set.of("db.snapshot", "db.manifest.json") : Set.of(), Set.copyOf(disk.names()));
            if (committed) {
                assertArrayEquals(model.snapshot, disk.bytes("db.snapshot").orElseThrow());
                assertEquals(model.committed(), committed(directory().committed(DB).orElseThrow()));
            }
        }

        private void step() throws Exception {
            int what = operations.get();
            int source = (what >> 3 & 7) % sources.length;
            SnapshotIdentity identity = identity(operations.get());
            int place = operations.get();
            int rest = operations.get();
            boolean isNoticed = (what & 64) == 0;
            if ((what & 7) == 7) {
                kill();
            } else if ((what & 7) == 6) {
                remove((place & 1) != 0);
            } else if ((what & 7) == 5 && (!isNoticed || !sending[source])) {
                sources[source].leave();
                model.leave(sources[source]);
            } else if (sending[source]) {
                return; // a link's messages come one after the other
            } else if ((what & 7) == 4) {
                Announcement said = announcement(identity, place);
                assertEquals(model.open(sources[source], said), open(sources[source], said));
            } else {
                sending[source] = true;
                chunk(source, identity, place & 15, place >> 4 & 15, rest, what < 0);
                sending[source] = false;
            }
            assertEquals(model.isIdle(), receiver.isIdle());
            assertEquals(model.isUnderWay(), limit.refuse(ANOTHER, Principal.ANYBODY, false).isPresent());
            boolean arriving = sending[0] || sending[1] || sending[2];
            if (!arriving && (model.isIdle() || model.isUnderWay())) {
                assertEquals(model.partialBytes(),
                        disk.bytes("db.partial").map(bytes -> (long) bytes.length).orElse(-1L));
            }
            for (int i = 0; i < sources.length; i++) {
                assertEquals(model.isSuperseded(sources[i]), sources[i].isSuperseded());
                if (isNoticed && sources[i].isGone() && !sending[i]) {
                    disconnect(i);
                }
            }
        }

        private void remove(boolean snapshot) throws IOException {
            if (snapshot) {
                receiver.removeSnapshot(Principal.ANYBODY);
                model.removeSnapshot();
            } else {
                receiver.abort(Principal.ANYBODY);
                model.abort();
            }
        }

        private void disconnect(int source) {
            sources[source].leave();
            receiver.disconnected(sources[source], KeptReason.LINK_LOST);
            model.disconnect(sources[source]);
            sources[source] = new TestSource();
        }

        private String open(Source source, Announcement said) {
            OpenOutcome outcome = TestSource.open(receiver, source, said);
            if (outcome instanceof OpenOutcome.Opened opened) {
                return TransferModel.opened(opened.offset(), opened.crc32c());
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
            TransferModel.Rest more = new TransferModel.Rest((rest & 1) != 0, crc, POSITIONS.get(rest >> 4 & 3));

            IncomingChunk chunk = TestSource.chunk(receiver, source, identity, offset);
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
                        .orElseGet(() -> model.chunk(source, identity, offset, payload, more));
                assertEquals(expected, answer(chunk.finish(more.done(), crc, more.position()), length));
            }
        }

        private String answer(ChunkOutcome outcome, int length) {
            if (outcome instanceof ChunkOutcome.Pending pending) {
                assertTrue(model.isDurable(pending.durableBytes(), length, CHECKPOINT_BYTES), pending::toString);
                return "pending " + pending.bytesDone();
            }
            return outcome instanceof ChunkOutcome.Committed now
                    ? committed(now.snapshot())
                    : ((ChunkOutcome.Refused) outcome).refusal().toString();
        }

        private static String committed(CommittedSnapshot snapshot) {
            return TransferModel.committed(snapshot.lsn(), snapshot.bytes(), snapshot.crc32c(),
                    snapshot.notes());
        }

        private void kill() throws Exception {
            disk = disk.afterKill();
            start();
            model.restart();
            for (int i = 0; i < sources.length; i++) {
                sources[i] = new TestSource();
            }
        }

        private void start() throws IOException {
            Inventory inventory = directory().prepare();
            assertEquals(List.of(), inventory.toBeRead(), "no crash but that of the machine takes a file its mark");
            limit = new BootstrapLimit(1);
            receiver = new SnapshotReceiver(DB, directory(),
                    new ReceiverRules(List.of(), limit, CHECKPOINT_BYTES, Runnable::run), event -> {
                    }, inventory.resumable().stream().findFirst());
        }

        private SnapshotDirectory directory() {
            return new SnapshotDirectory(disk, 0, new JsonRecords());
        }

        private static Announcement announcement(SnapshotIdentity identity, int bits) {
            Notes said = new Notes(POSITIONS.get(bits >> 4 & 3), LABELS.get(bits >> 6 & 3));
            return new Announcement(STREAM_IDS.get(bits & 3).map(identity::named).orElse(identity), (bits & 4) != 0,
                    said);
        }

        /** One of few, so that sources meet: clusters, LSNs, sizes and CRCs, of which some are right. */
        private static SnapshotIdentity identity(int bits) {
            int total = List.of(0, 3, WHOLE.length, WHOLE.length).get(bits >> 2 & 3);
            int crcBytes = List.of(0, total == 0 ? WHOLE.length : total, 3, 5).get(bits >> 4 & 3);
            return new SnapshotIdentity((bits & 1) == 0 ? "a" : "b", DB,
                    bits >> 1 & 1 | bits >> 5 & 2, total,
                    Crc32c.of(ByteBuffer.wrap(WHOLE, 0, crcBytes)));
        }
    }
}
