package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.wire.Protocol;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.impl.WebSocketInternal;

/** What a source makes of a sidecar that is slow, gone or strange. */
@Timeout(60)
class LinkOutcomesTest {

    private static final Origin ORIGIN = new Origin("c", new DatabaseId("d"), 1);
    private static final int BYTES = 3_000_000;

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void snapshot() throws IOException {
        file = Files.write(directory.resolve("snapshot"), new byte[BYTES]);
    }

    @Test
    void noMoreThanTheWindowIsEverUnanswered() throws Exception {
        int window = 700_000;
        int chunk = 300_000;
        AtomicLong received = new AtomicLong();
        AtomicLong answered = new AtomicLong();
        AtomicLong mostUnanswered = new AtomicLong();
        AtomicInteger largest = new AtomicInteger();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, chunk, window)));
            link.binaryMessageHandler(message -> {
                int payload = Math.min(chunk, BYTES - (int) received.get());
                largest.accumulateAndGet(message.length(), Math::max);
                received.addAndGet(payload);
                mostUnanswered.accumulateAndGet(received.get() - answered.get(), Math::max);
                // late, so that a source that does not wait has time to show it
                vertx.setTimer(30, id -> link.writeTextMessage(answered.addAndGet(payload) == BYTES
                        ? ScriptedSidecar.committed(BYTES)
                        : ScriptedSidecar.pending(answered.get())));
            });
        })) {
            Outcome.Committed committed = assertInstanceOf(Outcome.Committed.class, send(sidecar));
            assertEquals(BYTES, committed.bytesSent());
        }
        assertEquals(2 * chunk, mostUnanswered.get());
        assertTrue(largest.get() < chunk + 500, () -> "a message of " + largest + " bytes");
    }

    @Test
    void noMoreMessagesThanMayBeAreEverUnanswered() throws Exception {
        int chunk = 100_000;
        int window = 2;
        AtomicLong answered = new AtomicLong();
        AtomicInteger unanswered = new AtomicInteger();
        AtomicInteger mostUnanswered = new AtomicInteger();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(
                    open -> link.writeTextMessage(ScriptedSidecar.opened(0, chunk, 1 << 30, window)));
            link.binaryMessageHandler(message -> {
                mostUnanswered.accumulateAndGet(unanswered.incrementAndGet(), Math::max);
                vertx.setTimer(30, id -> { // late, so that a source that does not wait has time to show it
                    unanswered.decrementAndGet();
                    link.writeTextMessage(answered.addAndGet(chunk) == BYTES
                            ? ScriptedSidecar.committed(BYTES)
                            : ScriptedSidecar.pending(answered.get()));
                });
            });
        })) {
            assertInstanceOf(Outcome.Committed.class, send(sidecar));
        }
        assertEquals(window, mostUnanswered.get());
    }

    @Test
    void moreAnswersThanQuestionsAreNoSidecars() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> {
                link.writeTextMessage(ScriptedSidecar.opened(0, 1 << 20, 1 << 22));
                vertx.setPeriodic(1, id -> link.writeTextMessage(ScriptedSidecar.pending(0)));
            });
        })) {
            Outcome.NotUnderstood outcome = assertInstanceOf(Outcome.NotUnderstood.class, send(sidecar));
            assertTrue(outcome.message().contains("unexpected here: Pending"), outcome.message());
        }
    }

    @Test
    void onlyAnEmptyLastChunkIsSentWhenAllBytesAreThere() throws Exception {
        AtomicInteger messages = new AtomicInteger();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(BYTES, 1 << 20, 1 << 22)));
            link.binaryMessageHandler(message -> {
                messages.incrementAndGet();
                assertTrue(message.length() < 500);
                link.writeTextMessage(ScriptedSidecar.committed(BYTES));
            });
        })) {
            Outcome.Committed committed = assertInstanceOf(Outcome.Committed.class, send(sidecar));
            assertEquals(0, committed.bytesSent());
        }
        assertEquals(1, messages.get());
    }

    @Test
    void aSidecarThatShutsDownIsALostLink() throws Exception {
        Outcome.LinkLost lost = assertInstanceOf(Outcome.LinkLost.class, sendTo((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000)));
            link.binaryMessageHandler(message -> {
                link.writeTextMessage(ScriptedSidecar.pending(1000));
                link.binaryMessageHandler(null);
                link.close((short) 1012, "restarting");
            });
        }));
        assertEquals(1012, lost.closeCode());
        assertEquals(1000, lost.bytesDone());
    }

    @Test
    void aSidecarThatIsKilledIsALostLinkToo() throws Exception {
        Outcome.LinkLost lost = assertInstanceOf(Outcome.LinkLost.class, sendTo((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000)));
            link.binaryMessageHandler(message -> ((WebSocketInternal) link).channelHandlerContext().close());
        }));
        assertEquals(Outcome.LinkLost.CUT, lost.closeCode());
    }

    @Test
    void whatCanHealIsTriedAgainFromWhereTheSidecarStands() throws Exception {
        AtomicInteger links = new AtomicInteger();
        List<String> told = new CopyOnWriteArrayList<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            int number = links.incrementAndGet();
            link.textMessageHandler(open -> link.writeTextMessage(
                    ScriptedSidecar.opened(number == 1 ? 0 : BYTES, 1 << 20, 1 << 22)));
            link.binaryMessageHandler(message -> {
                link.binaryMessageHandler(null);
                link.writeTextMessage(number == 1
                        ? "{\"type\":\"error\",\"code\":\"chunk_crc_mismatch\",\"message\":\"m\","
                                + "\"source_database_id\":\"d\",\"offset\":0,\"stored\":\"0x00000001\","
                                + "\"computed\":\"0x00000002\"}"
                        : ScriptedSidecar.committed(BYTES));
            });
        })) {
            Outcome.Committed committed = assertInstanceOf(Outcome.Committed.class, send(sidecar, told));
            assertEquals(0, committed.bytesSent(), "the sidecar had it all when the source came back");
        }
        assertEquals(2, links.get());
        assertEquals(1, told.size());
        assertTrue(told.get(0).contains("chunk_crc_mismatch"), told::toString);
    }

    @Test
    void afterATakeoverItIsNotTriedAgain() throws Exception {
        AtomicInteger links = new AtomicInteger();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            links.incrementAndGet();
            link.textMessageHandler(open -> {
                link.writeTextMessage("{\"type\":\"error\",\"code\":\"superseded\",\"message\":\"m\","
                        + "\"source_database_id\":\"d\"}");
                link.close((short) 4409, "superseded");
            });
        })) {
            Outcome.Refused refused = assertInstanceOf(Outcome.Refused.class,
                    send(sidecar, new CopyOnWriteArrayList<>()));
            assertEquals("superseded", refused.failure().code());
        }
        assertEquals(1, links.get());
    }

    private Outcome send(ScriptedSidecar sidecar, List<String> retries) throws Exception {
        try (SnapshotSender sender = new SnapshotSender(sidecar.endpoint(Protocol.PATH), Credentials.NONE);
                FileInput input = new FileInput(file)) {
            return sender.send(input, ORIGIN, new Progress() {
                @Override
                public void update(Phase phase, long done, OptionalLong total) {
                    // not looked at here
                }

                @Override
                public void retrying(Outcome outcome, Duration pause) {
                    retries.add(outcome.message());
                }
            }, Duration.ofSeconds(60));
        }
    }

    @Test
    void aNormalCloseBeforeTheCommitIsNoSuccess() throws Exception {
        Outcome.LinkLost lost = assertInstanceOf(Outcome.LinkLost.class,
                sendTo((vertx, link) -> link.textMessageHandler(open -> link.close())));
        assertEquals(1000, lost.closeCode());
    }

    @Test
    void whatIsNoAnswerIsNotUnderstood() throws Exception {
        assertInstanceOf(Outcome.NotUnderstood.class,
                sendTo((vertx, link) -> link.textMessageHandler(open -> link.writeTextMessage("hello"))));
        assertInstanceOf(Outcome.NotUnderstood.class, sendTo((vertx, link) -> link
                .textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(BYTES + 1, 1000, 1000)))));
        assertInstanceOf(Outcome.NotUnderstood.class, sendTo((vertx, link) -> link
                .textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, 0, 1000)))));
    }

    @Test
    void anHttpAnswerInsteadOfAnUpgradeIsToldWithItsStatus() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.close())) {
            Outcome.NoLink none = assertInstanceOf(Outcome.NoLink.class,
                    send(sidecar.endpoint(ScriptedSidecar.FORBIDDEN)));
            assertEquals(401, assertInstanceOf(Obstacle.Answered.class, none.obstacle()).status());
        }
    }

    @Test
    void aFileThatChangesWhileItIsSentIsNotCommitted() throws Exception {
        AtomicInteger aborts = new AtomicInteger();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> grown(link, aborts))) {
            Outcome.InputChanged changed = assertInstanceOf(Outcome.InputChanged.class, send(sidecar));
            assertTrue(changed.message().contains("it had 3000000 bytes, now it has 3000001"), changed::message);
        }
        assertEquals(1, aborts.get(), "what the sidecar had is of no use");
    }

    private void grown(ServerWebSocket link, AtomicInteger aborts) {
        link.textMessageHandler(message -> {
            if (message.contains("abort")) {
                aborts.incrementAndGet();
                return;
            }
            try {
                Files.write(file, new byte[1], StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            link.writeTextMessage(ScriptedSidecar.opened(0, 1 << 20, 1 << 22));
        });
    }

    @Test
    void nothingIsOpenedBeforeAStreamHasItsFirstByte() throws Exception {
        Pipe pipe = Pipe.open();
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(message -> {
                told.add(message);
                link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000));
            });
            link.binaryMessageHandler(message -> link.writeTextMessage(ScriptedSidecar.committed(1)));
        })) {
            CompletableFuture<Outcome> sending = CompletableFuture
                    .supplyAsync(() -> send(sidecar, new StreamInput(pipe.source(), "stream")));
            ServerWebSocket link = sidecar.link(); // connected, though there is nothing to send yet
            CompletableFuture<Void> pong = new CompletableFuture<>();
            link.pongHandler(data -> pong.complete(null));
            link.writePing(Buffer.buffer("alive"));
            pong.get(30, TimeUnit.SECONDS);
            assertTrue(told.isEmpty(), told::toString);
            pipe.sink().write(ByteBuffer.allocate(1));
            pipe.sink().close();
            assertInstanceOf(Outcome.Committed.class, sending.get(30, TimeUnit.SECONDS));
            assertEquals(1, told.size());
        }
    }

    @Test
    void aStreamWithoutAByteOpensNothing() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.textMessageHandler(told::add))) {
            assertInstanceOf(Outcome.InputEmpty.class, send(sidecar, new StreamInput(failing(0, null), "stream")));
            assertInstanceOf(Outcome.InputUnusable.class,
                    send(sidecar, new StreamInput(failing(0, new IOException("broken")), "stream")));
        }
        assertEquals(List.of(), told);
    }

    @Test
    void aStreamOfWhichNothingWasSentComesBack() throws Exception {
        AtomicInteger links = new AtomicInteger();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            int number = links.incrementAndGet();
            link.textMessageHandler(open -> {
                if (number == 1) {
                    link.close((short) 1012, "restarting");
                } else {
                    link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000));
                }
            });
            link.binaryMessageHandler(message -> link.writeTextMessage(ScriptedSidecar.committed(5)));
        })) {
            assertInstanceOf(Outcome.Committed.class, send(sidecar, new StreamInput(failing(5, null), "stream")));
        }
        assertEquals(2, links.get());
    }

    @Test
    void aStreamThatCannotBeReadFurtherIsAborted() throws Exception {
        AtomicInteger aborts = new AtomicInteger();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.textMessageHandler(message -> {
            if (message.contains("abort")) {
                aborts.incrementAndGet();
                link.writeTextMessage("{\"type\":\"aborted\",\"source_database_id\":\"d\"}");
            } else {
                link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000));
            }
        }))) {
            Outcome.InputFailed failed = assertInstanceOf(Outcome.InputFailed.class,
                    send(sidecar, new StreamInput(failing(2500, new IOException("broken")), "stream")));
            assertTrue(failed.message().contains("broken"), failed::message);
        }
        assertEquals(1, aborts.get());
    }

    @Test
    void aFileThatIsReadAsAStreamMustKeepItsSize() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.textMessageHandler(message -> {
            if (message.contains("abort")) {
                link.close();
                return;
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(1000);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            link.writeTextMessage(ScriptedSidecar.opened(0, 1 << 20, 1 << 22));
        }))) {
            Outcome.InputChanged changed = assertInstanceOf(Outcome.InputChanged.class,
                    send(sidecar, FileStream.of(file)));
            assertTrue(changed.message().contains("3000000"), changed::message);
        }
    }

    @Test
    void aCommitOfSomethingElseIsNoSuccess() throws Exception {
        for (String answer : List.of(ScriptedSidecar.committed(BYTES - 1),
                ScriptedSidecar.committed(BYTES).replace("\"snapshot_lsn\":1", "\"snapshot_lsn\":2"),
                ScriptedSidecar.committed(BYTES).replaceAll("0x[0-9a-f]{8}", "0x00000000"))) {
            assertInstanceOf(Outcome.NotUnderstood.class,
                    sendTo((vertx, link) -> link.textMessageHandler(open -> link.writeTextMessage(answer))), answer);
        }
    }

    private static Outcome send(ScriptedSidecar sidecar, SnapshotInput stream) {
        try (stream; SnapshotSender sender = new SnapshotSender(sidecar.endpoint(Protocol.PATH), Credentials.NONE)) {
            return sender.send(stream, ORIGIN, (phase, done, total) -> {
            }, Duration.ofSeconds(60));
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Bytes that are 0, and then an end, or a failure. */
    private static ReadableByteChannel failing(int bytes, IOException failure) {
        InputStream input = new InputStream() {
            private int left = bytes;

            @Override
            public int read() throws IOException {
                if (left == 0 && failure != null) {
                    throw failure;
                }
                return left-- == 0 ? -1 : 0;
            }

            @Override
            public int read(byte[] into, int at, int length) throws IOException {
                int next = read();
                if (next >= 0) {
                    into[at] = 0;
                }
                return next < 0 ? -1 : 1;
            }
        };
        return Channels.newChannel(input);
    }

    private Outcome sendTo(ScriptedSidecar.Script script) throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar(script)) {
            return send(sidecar);
        }
    }

    private Outcome send(ScriptedSidecar sidecar) throws Exception {
        return send(sidecar.endpoint(Protocol.PATH));
    }

    private Outcome send(Endpoint endpoint) throws Exception {
        try (SnapshotSender sender = new SnapshotSender(endpoint, Credentials.NONE);
                FileInput input = new FileInput(file)) {
            return sender.send(input, ORIGIN, (phase, done, total) -> {
            });
        }
    }
}
