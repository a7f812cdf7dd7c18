package io.mirrorbootstrap.protocol;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.BootstrapLimit;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.TestSource;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.JsonRecords;

/** The domain alone, on a directory; payloads come in odd slices, heap and direct. */
final class DomainSidecar implements Sidecar {

    private static final int SLICE_BYTES = 70_001;

    private final SnapshotDirectory directory;
    private final Map<String, SnapshotReceiver> receivers = new ConcurrentHashMap<>();
    private final Recorder recorder = new Recorder();
    private final StatusBoard board = new StatusBoard();
    private final ReceiverRules rules = new ReceiverRules(List.of(), new BootstrapLimit(16), 1 << 20, Runnable::run);

    DomainSidecar(Path data) {
        directory = new SnapshotDirectory(data, 0, new JsonRecords());
        try {
            directory.prepare();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private SnapshotReceiver receiver(String database) {
        return receivers.computeIfAbsent(database,
                name -> new SnapshotReceiver(new DatabaseId(name), directory, rules, event -> {
                    recorder.on(event);
                    board.on(event);
                }, Optional.empty()));
    }

    @Override
    public Link link() {
        return new DirectLink();
    }

    @Override
    public SnapshotDirectory snapshots() {
        return directory;
    }

    @Override
    public Recorder recorder() {
        return recorder;
    }

    @Override
    public StatusBoard board() {
        return board;
    }

    private final class DirectLink implements Link {

        private final TestSource source = new TestSource();

        @Override
        public Answer send(TestChunk chunk, TestChunk.Form form) {
            DatabaseId database = chunk.identity().database();
            IncomingChunk incoming = ((ChunkStart.Arriving) receiver(chunk.database()).chunk(source,
                    chunk.identity(), chunk.offset())).chunk();
            boolean direct = true;
            for (int at = 0; at < chunk.data().length; at += SLICE_BYTES) {
                int length = Math.min(SLICE_BYTES, chunk.data().length - at);
                ByteBuffer slice = direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
                incoming.write(slice.put(chunk.data(), at, length).flip());
                direct = !direct;
            }
            ChunkOutcome outcome = incoming.finish(chunk.done(), chunk.chunkCrc().map(Crc32c::new));
            if (outcome instanceof ChunkOutcome.Pending pending) {
                return new Answer.Pending(database, pending.bytesDone(), pending.durableBytes());
            } else if (outcome instanceof ChunkOutcome.Committed done) {
                return committed(done.snapshot(), done.path());
            }
            return refused(((ChunkOutcome.Refused) outcome).refusal(), database);
        }

        @Override
        public Answer open(TestChunk anyOfIt) {
            DatabaseId database = anyOfIt.identity().database();
            OpenOutcome outcome = receiver(anyOfIt.database()).open(source, anyOfIt.identity());
            if (outcome instanceof OpenOutcome.Opened opened) {
                return new Answer.Opened(database, opened.offset(), 1, 1, OptionalLong.empty(), OptionalLong.empty(),
                        Optional.empty(), false);
            } else if (outcome instanceof OpenOutcome.AlreadyCommitted done) {
                return committed(done.snapshot(), done.path());
            }
            return refused(((OpenOutcome.Refused) outcome).refusal(), database);
        }

        @Override
        public Answer abort(String database) {
            receiver(database).abort(source.principal(), Optional.of(source));
            return new Answer.Aborted(new DatabaseId(database));
        }

        @Override
        public void drop() {
            receivers.values().forEach(receiver -> receiver.disconnected(source, TransferEvent.KeptReason.LINK_LOST));
        }

        private static Answer committed(CommittedSnapshot snapshot, Path path) {
            return new Answer.Committed(snapshot.database(), snapshot.lsn(), snapshot.bytes(), snapshot.crc32c(),
                    path.toString(), snapshot.notes().position());
        }

        private static Answer refused(Refusal refusal, DatabaseId database) {
            return JsonMessages.answer(JsonMessages.write(new Answer.Refused(refusal, Optional.of(database))));
        }
    }
}
