package io.mirrorbootstrap.protocol;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.BootstrapLimit;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.JsonRecords;

/** The domain alone, on a temporary directory; payloads come in odd slices, heap and direct. */
class DomainChunkTest extends ChunkScenarios {

    @TempDir
    Path data;

    private InDomain sidecar;

    @BeforeEach
    void prepare() throws Exception {
        sidecar.directory.prepare();
    }

    @Override
    Sidecar sidecar() {
        sidecar = new InDomain(new SnapshotDirectory(data, 0, new JsonRecords()));
        return sidecar;
    }

    private static final class InDomain implements Sidecar {

        private final SnapshotDirectory directory;
        private final Map<String, SnapshotReceiver> receivers = new ConcurrentHashMap<>();
        private final Recorder recorder = new Recorder();
        private final StatusBoard statusBoard = new StatusBoard();
        private final ReceiverRules rules = new ReceiverRules(List.of(), new BootstrapLimit(16), 1 << 20,
                Runnable::run);

        InDomain(SnapshotDirectory directory) {
            this.directory = directory;
        }

        private SnapshotReceiver receiver(String database) {
            return receivers.computeIfAbsent(database,
                    name -> new SnapshotReceiver(new DatabaseId(name), directory, rules, event -> {
                        recorder.on(event);
                        statusBoard.on(event);
                    }, Optional.empty()));
        }

        @Override
        public Link link() {
            return new DirectLink();
        }

        @Override
        public Path directory() {
            return directory.path();
        }

        @Override
        public List<TransferEvent> events(String database) {
            return recorder.events(database);
        }

        @Override
        public String status(String database) {
            return StatusWord.of(statusBoard.mirror(new DatabaseId(database)));
        }

        private final class DirectLink implements Link, Source {

            @Override
            public void superseded(DatabaseId database, Source successor) {
                throw new AssertionError("nobody else is here");
            }

            @Override
            public Principal principal() {
                return Principal.ANYBODY;
            }

            @Override
            public String address() {
                return "nowhere";
            }

            @Override
            public boolean isGone() {
                return false;
            }

            @Override
            public JsonNode send(TestChunk chunk, TestChunk.Form form) throws Exception {
                DatabaseId database = chunk.identity().database();
                IncomingChunk incoming = ((ChunkStart.Arriving) receiver(chunk.database()).chunk(this,
                        chunk.identity(), chunk.offset())).chunk();
                boolean direct = true;
                for (int at = 0; at < chunk.data().length; at += 70_001) {
                    int length = Math.min(70_001, chunk.data().length - at);
                    ByteBuffer slice = direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
                    incoming.write(slice.put(chunk.data(), at, length).flip());
                    direct = !direct;
                }
                ChunkOutcome outcome = incoming.finish(chunk.done(), chunk.chunkCrc().map(Crc32c::new));
                if (outcome instanceof ChunkOutcome.Pending pending) {
                    return json(new Answer.Pending(database, pending.bytesDone(), pending.durableBytes()));
                } else if (outcome instanceof ChunkOutcome.Committed done) {
                    return json(new Answer.Committed(database, done.snapshot().lsn(), done.snapshot().bytes(),
                            done.snapshot().crc32c(), done.path().toString()));
                }
                return refused(((ChunkOutcome.Refused) outcome).refusal(), database);
            }

            @Override
            public JsonNode open(TestChunk anyOfIt) throws Exception {
                DatabaseId database = anyOfIt.identity().database();
                OpenOutcome outcome = receiver(anyOfIt.database()).open(this, anyOfIt.identity());
                if (outcome instanceof OpenOutcome.Opened opened) {
                    return json(new Answer.Opened(database, opened.offset(), 1, 1, OptionalLong.empty()));
                } else if (outcome instanceof OpenOutcome.AlreadyCommitted done) {
                    return json(new Answer.Committed(database, done.snapshot().lsn(), done.snapshot().bytes(),
                            done.snapshot().crc32c(), done.path().toString()));
                }
                return refused(((OpenOutcome.Refused) outcome).refusal(), database);
            }

            @Override
            public JsonNode abort(String database) throws Exception {
                receiver(database).abort(Principal.ANYBODY);
                return json(new Answer.Aborted(new DatabaseId(database)));
            }

            @Override
            public void drop() {
                receivers.values().forEach(receiver -> receiver.disconnected(this, TransferEvent.KeptReason.LINK_LOST));
            }

            private JsonNode refused(Refusal refusal, DatabaseId database) throws Exception {
                return json(new Answer.Refused(refusal, Optional.of(database)));
            }

            private JsonNode json(Answer answer) throws Exception {
                return new ObjectMapper().readTree(JsonMessages.write(answer));
            }
        }
    }
}
