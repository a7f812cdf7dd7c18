package io.mirrorbootstrap.protocol;

import java.net.URI;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;

import javax.net.ssl.SSLContext;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;

import org.awaitility.Awaitility;
import org.eclipse.microprofile.config.ConfigProvider;

import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
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

    private Callable<RawClient> connecting = () -> new RawClient(
            ConfigProvider.getConfig().getValue("test.url", URI.class));

    /** The same, met over TLS at {@code address}. */
    RealSidecar over(URI address, SSLContext tls) {
        connecting = () -> new RawClient(address, tls);
        return this;
    }

    @Override
    public Link link() throws Exception {
        return new RealLink(connecting.call());
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
            client.text(JsonMessages.write(new Control.Open(Announcement.of(anyOfIt.identity()))));
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
