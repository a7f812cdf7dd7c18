package io.mirrorbootstrap.protocol;

import java.net.URI;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;

import javax.net.ssl.SSLContext;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;

import org.awaitility.Awaitility;
import org.eclipse.microprofile.config.ConfigProvider;

import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/** The service of this process, met by a real client through its real port. */
@Dependent
class RealSidecar implements Sidecar {

    @Inject
    SnapshotDirectory directory;

    @Inject
    StatusBoard board;

    @Inject
    Recorder recorder;

    private Optional<Callable<RawClient>> encrypted = Optional.empty();

    /** The same, met over TLS at {@code address}. */
    RealSidecar over(URI address, SSLContext tls) {
        encrypted = Optional.of(() -> new RawClient(address, tls));
        return this;
    }

    @Override
    public Link link() throws Exception {
        return new RealLink(encrypted.isPresent()
                ? encrypted.get().call()
                : new RawClient(ConfigProvider.getConfig().getValue("test.url", URI.class)));
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

    private final class RealLink implements Link {

        private final RawClient client;
        private final Set<String> databases = new HashSet<>();

        RealLink(RawClient client) {
            this.client = client;
        }

        @Override
        public Answer send(TestChunk chunk, TestChunk.Form form) throws Exception {
            databases.add(chunk.database());
            client.binary(chunk.encode(form), 60_000);
            return client.typedAnswer();
        }

        @Override
        public Answer open(TestChunk anyOfIt) throws Exception {
            databases.add(anyOfIt.database());
            client.text(JsonMessages.write(new Control.Open(anyOfIt.identity())));
            return client.typedAnswer();
        }

        @Override
        public Answer abort(String database) throws Exception {
            client.text(JsonMessages.write(new Control.Abort(new DatabaseId(database))));
            return client.typedAnswer();
        }

        @Override
        public void drop() {
            client.cut();
            Awaitility.await().until(() -> databases.stream().map(RealSidecar.this::status)
                    .noneMatch("bootstrapping"::equals));
        }
    }
}
