package io.mirrorbootstrap.protocol;

import java.net.URI;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import jakarta.inject.Inject;

import org.awaitility.Awaitility;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;

/** The same scenarios, by a real client through a real port. */
@QuarkusTest
class WebSocketChunkTest extends ChunkScenarios {

    @TestHTTPResource
    URI service;

    @Inject
    SnapshotDirectory directory;

    @Inject
    StatusBoard board;

    @Inject
    Recorder recorder;

    @Override
    Sidecar sidecar() {
        return new RealSidecar();
    }

    /** Another way to the same service may stand here. */
    RawClient client(URI address) throws Exception {
        return new RawClient(address);
    }

    private final class RealSidecar implements Sidecar {

        @Override
        public Link link() throws Exception {
            return new RealLink(client(service));
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
            return StatusWord.of(board.mirror(new DatabaseId(database)));
        }
    }

    private final class RealLink implements Sidecar.Link {

        private final RawClient client;
        private final Set<String> databases = new HashSet<>();

        RealLink(RawClient client) {
            this.client = client;
        }

        @Override
        public JsonNode send(TestChunk chunk, TestChunk.Form form) throws Exception {
            databases.add(chunk.database());
            client.binary(chunk.encode(form), 60_000);
            return client.answer();
        }

        @Override
        public JsonNode open(TestChunk anyOfIt) throws Exception {
            databases.add(anyOfIt.database());
            client.text(JsonMessages.write(new Control.Open(anyOfIt.identity())));
            return client.answer();
        }

        @Override
        public JsonNode abort(String database) throws Exception {
            client.text(JsonMessages.write(new Control.Abort(new DatabaseId(database))));
            return client.answer();
        }

        @Override
        public void drop() {
            client.cut();
            Awaitility.await().until(() -> databases.stream()
                    .noneMatch(database -> StatusWord.of(board.mirror(new DatabaseId(database)))
                            .equals("bootstrapping")));
        }
    }
}
