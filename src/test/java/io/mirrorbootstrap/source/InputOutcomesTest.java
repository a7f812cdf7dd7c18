package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;

/** What a source makes of an input that changes, has nothing, comes late, or fails; and what its sidecar hears of that. */
@Timeout(60)
class InputOutcomesTest {

    private static final int BYTES = 3_000_000;
    private static final String BROKEN = "broken";

    @TempDir
    Path directory;

    private final List<String> told = new CopyOnWriteArrayList<>();
    private Path file;

    @BeforeEach
    void snapshot() throws IOException {
        file = Files.write(directory.resolve("snapshot"), new byte[BYTES]);
    }

    @Test
    void aFileThatChangesWhileItIsSentIsNotCommitted() throws Exception {
        Outcome.InputChanged changed = assertInstanceOf(Outcome.InputChanged.class,
                sendTo(opensOn(() -> Files.write(file, new byte[1], StandardOpenOption.APPEND)), new FileInput(file)));
        assertTrue(changed.change().contains("it had 3000000 bytes, now it has 3000001"), changed.change());
        assertAborted(); // what the sidecar had is of no use
    }

    @Test
    void aFileThatIsReadAsAStreamMustKeepItsSize() throws Exception {
        Outcome.InputChanged changed = assertInstanceOf(Outcome.InputChanged.class, sendTo(opensOn(() -> {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(1000);
            }
        }), FileStream.of(file).input()));
        assertTrue(changed.change().contains("3000000"), changed.change());
        assertAborted();
    }

    @Test
    void aFileThatIsReadAsAStreamMustNotBeWrittenTo() throws Exception {
        Outcome.InputChanged changed = assertInstanceOf(Outcome.InputChanged.class,
                sendTo(opensOn(() -> Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH))),
                        FileStream.of(file).input()));
        assertTrue(changed.change().contains("it was modified at 1970"), changed.change());
        assertAborted();
    }

    @Test
    void aStreamThatCannotBeReadFurtherIsAborted() throws Exception {
        Outcome.InputFailed failed = assertInstanceOf(Outcome.InputFailed.class,
                sendTo(opensOn(() -> {
                }), Sending.zeros(250_000, broken())));
        assertTrue(failed.reason().contains(BROKEN), failed.reason());
        assertAborted();
    }

    @Test
    void aStreamWithoutAByteOpensNothing() throws Exception {
        ScriptedSidecar.Script hears = (vertx, link) -> link.textMessageHandler(told::add);
        assertInstanceOf(Outcome.InputEmpty.class, sendTo(hears, Sending.zeros(0)));
        assertInstanceOf(Outcome.InputUnusable.class, sendTo(hears, Sending.zeros(0, broken())));
        assertEquals(List.of(), told);
    }

    @Test
    void nothingIsOpenedBeforeAStreamHasItsFirstByte() throws Exception {
        Pipe pipe = Pipe.open();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(message -> {
                told.add(message);
                link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000));
            });
            link.binaryMessageHandler(message -> link.writeTextMessage(ScriptedSidecar.committed(1)));
        })) {
            CompletableFuture<Outcome> sending = CompletableFuture
                    .supplyAsync(() -> Sending.once(sidecar.endpoint(), new StreamInput(pipe.source(), "stream")));
            ServerWebSocket link = sidecar.link(); // connected, though there is nothing to send yet
            CompletableFuture<Void> pong = new CompletableFuture<>();
            link.pongHandler(data -> pong.complete(null));
            link.writePing(Buffer.buffer("alive"));
            pong.get(30, TimeUnit.SECONDS);
            assertEquals(List.of(), told);
            pipe.sink().write(ByteBuffer.allocate(1));
            pipe.sink().close();
            assertInstanceOf(Outcome.Committed.class, sending.get(30, TimeUnit.SECONDS));
            assertEquals(1, told.size());
        }
    }

    @Test
    void aStreamOfWhichNothingWasSentComesBack() throws Exception {
        AtomicInteger links = new AtomicInteger();
        List<Outcome> retries = new CopyOnWriteArrayList<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            boolean isFirst = links.incrementAndGet() == 1;
            link.textMessageHandler(open -> {
                if (isFirst) {
                    link.close((short) 1012, "restarting");
                } else {
                    link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000));
                }
            });
            link.binaryMessageHandler(message -> link.writeTextMessage(ScriptedSidecar.committed(5)));
        })) {
            assertInstanceOf(Outcome.Committed.class,
                    Sending.patiently(sidecar.endpoint(), Sending.zeros(5), retries));
        }
        assertEquals(List.of(new Outcome.LinkLost(1012, "restarting", 0)), retries);
        assertEquals(2, links.get());
    }

    private interface Change {
        void happen() throws IOException;
    }

    /** Opens, when something has changed, takes all without an answer, and hears who aborts. */
    private ScriptedSidecar.Script opensOn(Change change) {
        return (vertx, link) -> link.textMessageHandler(message -> {
            if (ScriptedSidecar.isAbort(message)) {
                told.add(message);
                link.writeTextMessage(ScriptedSidecar.aborted());
                return;
            }
            try {
                change.happen();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            link.writeTextMessage(ScriptedSidecar.opened(0, 1_000_000, Optional.empty()));
        });
    }

    private void assertAborted() {
        assertEquals(1, told.size(), told::toString);
    }

    /** Fails with the first byte. */
    private static InputStream broken() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException(BROKEN);
            }
        };
    }

    private static Outcome sendTo(ScriptedSidecar.Script script, SnapshotInput input) throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar(script)) {
            return Sending.once(sidecar.endpoint(), input);
        }
    }
}
