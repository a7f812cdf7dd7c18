package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.wire.ErrorCode;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.impl.WebSocketInternal;

/** What a source makes of a sidecar that is slow, gone or strange. */
@Timeout(60)
class LinkOutcomesTest {

    private static final int BYTES = 3_000_000;
    private static final int MIB = 1024 * 1024;

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void snapshot() throws IOException {
        file = Files.write(directory.resolve("snapshot"), new byte[BYTES]);
    }

    @Test
    void moreAnswersThanQuestionsAreNoSidecars() throws Exception {
        Outcome.NotUnderstood outcome = assertInstanceOf(Outcome.NotUnderstood.class,
                sendTo((vertx, link) -> link.textMessageHandler(open -> {
                    link.writeTextMessage(ScriptedSidecar.opened(0, MIB, 4 * MIB));
                    vertx.setPeriodic(1, id -> link.writeTextMessage(ScriptedSidecar.pending(0)));
                })));
        assertTrue(outcome.reason().contains(": Pending"), outcome.reason()); // while the file is read for this sidecar, or behind that
    }

    @Test
    void onlyAnEmptyLastChunkIsSentWhenAllBytesAreThere() throws Exception {
        List<Integer> messages = new CopyOnWriteArrayList<>();
        Outcome.Committed committed = assertInstanceOf(Outcome.Committed.class, sendTo((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(BYTES, MIB, 4 * MIB)));
            link.binaryMessageHandler(message -> {
                messages.add(message.length());
                link.writeTextMessage(ScriptedSidecar.committed(BYTES));
            });
        }));
        assertEquals(0, committed.bytesSent());
        assertEquals(1, messages.size());
        assertTrue(messages.get(0) < 500, messages::toString);
    }

    @Test
    void aSidecarThatShutsDownIsALostLink() throws Exception {
        assertEquals(new Outcome.LinkLost(1012, "restarting", 1000), sendTo((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000)));
            link.binaryMessageHandler(message -> {
                link.writeTextMessage(ScriptedSidecar.pending(1000));
                link.binaryMessageHandler(null);
                link.close((short) 1012, "restarting");
            });
        }));
    }

    @Test
    void aSidecarThatIsKilledIsALostLinkToo() throws Exception {
        Outcome.LinkLost lost = assertInstanceOf(Outcome.LinkLost.class, sendTo((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000)));
            link.binaryMessageHandler(message -> ((WebSocketInternal) link).channelHandlerContext().close());
        }));
        assertEquals(Outcome.LinkLost.CUT, lost.closeCode());
    }

    /** What the sidecar has said meanwhile has not been read yet when the source is there again. */
    @Test
    void aSourceThatWasStoppedDoesNotTakeThatForSilence() throws Exception {
        AtomicLong nanos = new AtomicLong();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> nanos.addAndGet(TimeUnit.HOURS.toNanos(1)));
            link.frameHandler(frame -> {
                if (frame.isPing()) {
                    link.writeTextMessage(ScriptedSidecar.opened(BYTES, MIB, 4 * MIB));
                }
            });
            link.binaryMessageHandler(message -> link.writeTextMessage(ScriptedSidecar.committed(BYTES)));
        });
                SnapshotInput input = new FileInput(file);
                SnapshotSender sender = new SnapshotSender(sidecar.endpoint(), Credentials.NONE, Optional.empty(),
                        false, SnapshotSender.DEFAULT_REPLAY_BYTES, nanos::get)) {
            assertInstanceOf(Outcome.Committed.class, sender.send(input, Sending.ORIGIN, (phase, done, total) -> {
            }));
        }
    }

    @Test
    void aNormalCloseBeforeTheCommitIsNoSuccess() throws Exception {
        Outcome.LinkLost lost = assertInstanceOf(Outcome.LinkLost.class,
                sendTo((vertx, link) -> link.textMessageHandler(open -> link.close())));
        assertEquals(1000, lost.closeCode());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSidecarThatLeavesTheConnectionToTheSourceIsNotWaitedFor(boolean saysGoodbye) throws Exception {
        CompletableFuture<Channel> connection = new CompletableFuture<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            Channel channel = ((WebSocketInternal) link).channelHandlerContext().channel();
            channel.pipeline().addBefore("handler", null, new NeverClosing(saysGoodbye));
            connection.complete(channel);
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.committed(BYTES)));
        })) {
            assertInstanceOf(Outcome.Committed.class, Sending.once(sidecar.endpoint(), new FileInput(file)));
            Channel channel = connection.get();
            assertFalse(channel.eventLoop().submit(channel::isOpen).get(), "the source had not closed it");
        }
    }

    @Test
    void whatCanHealIsTriedAgainFromWhereTheSidecarStands() throws Exception {
        AtomicInteger links = new AtomicInteger();
        List<Outcome> retries = new CopyOnWriteArrayList<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            boolean isFirst = links.incrementAndGet() == 1;
            link.textMessageHandler(open -> link.writeTextMessage(
                    ScriptedSidecar.opened(isFirst ? 0 : BYTES, MIB, 4 * MIB)));
            link.binaryMessageHandler(message -> {
                link.binaryMessageHandler(null);
                link.writeTextMessage(isFirst
                        ? ScriptedSidecar.refused(new Refusal.ChunkCrcMismatch(0, new Crc32c(1), new Crc32c(2)))
                        : ScriptedSidecar.committed(BYTES));
            });
        })) {
            Outcome.Committed committed = assertInstanceOf(Outcome.Committed.class,
                    Sending.patiently(sidecar.endpoint(), new FileInput(file), retries));
            assertEquals(0, committed.bytesSent(), "the sidecar had it all when the source came back");
        }
        assertEquals(2, links.get());
        assertEquals(1, retries.size());
        assertRefused(ErrorCode.CHUNK_CRC_MISMATCH, retries.get(0));
    }

    @Test
    void afterATakeoverItIsNotTriedAgain() throws Exception {
        AtomicInteger links = new AtomicInteger();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            links.incrementAndGet();
            link.textMessageHandler(open -> {
                link.writeTextMessage(ScriptedSidecar.refused(new Refusal.Superseded(Sending.ORIGIN.database())));
                link.close((short) ErrorCode.SUPERSEDED.closes().orElseThrow(), "superseded");
            });
        })) {
            assertRefused(ErrorCode.SUPERSEDED,
                    Sending.patiently(sidecar.endpoint(), new FileInput(file), new CopyOnWriteArrayList<>()));
        }
        assertEquals(1, links.get());
    }

    @Test
    void whatIsNoAnswerIsNotUnderstood() throws Exception {
        for (String answer : List.of("hello", ScriptedSidecar.opened(BYTES + 1, 1000, 1000),
                ScriptedSidecar.opened(0, 0, 1000))) {
            assertNotUnderstood(answer);
        }
    }

    @Test
    void anAnswerThatIsNoUtf8IsNotUnderstood() throws Exception {
        byte[] answer = ScriptedSidecar.committed(BYTES).replace("/nowhere", "/größe")
                .getBytes(StandardCharsets.ISO_8859_1);
        Outcome.NotUnderstood outcome = assertInstanceOf(Outcome.NotUnderstood.class,
                sendTo((vertx, link) -> link.textMessageHandler(open -> ((WebSocketInternal) link)
                        .channelHandlerContext()
                        .writeAndFlush(new TextWebSocketFrame(Unpooled.wrappedBuffer(answer))))));
        assertTrue(outcome.reason().contains("UTF-8"), outcome.reason());
    }

    @Test
    void aCommitOfSomethingElseIsNoSuccess() throws Exception {
        Crc32c crc = Crc32c.of(ByteBuffer.allocate(BYTES));
        for (String answer : List.of(ScriptedSidecar.committed(BYTES - 1), ScriptedSidecar.committed(2, BYTES, crc))) {
            assertNotUnderstood(answer);
            assertEndIsNotUnderstood(answer);
        }
        assertEndIsNotUnderstood(ScriptedSidecar.committed(1, BYTES, Crc32c.EMPTY));
    }

    /** In answer to the last chunk. */
    private void assertEndIsNotUnderstood(String answer) throws Exception {
        assertInstanceOf(Outcome.NotUnderstood.class, sendTo((vertx, link) -> {
            link.textMessageHandler(
                    open -> link.writeTextMessage(ScriptedSidecar.opened(BYTES - 1, MIB, Optional.empty())));
            link.binaryMessageHandler(last -> link.writeTextMessage(answer));
        }), answer);
    }

    @Test
    void anHttpAnswerInsteadOfAnUpgradeIsToldWithItsStatus() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.close())) {
            Outcome.NoLink none = assertInstanceOf(Outcome.NoLink.class,
                    Sending.once(sidecar.endpoint(ScriptedSidecar.FORBIDDEN), new FileInput(file)));
            assertEquals(401, assertInstanceOf(Obstacle.Answered.class, none.obstacle()).status());
        }
    }

    /** Leaves its connection open, whoever has said goodbye. */
    private static final class NeverClosing extends ChannelDuplexHandler {

        private final boolean saysGoodbye;

        NeverClosing(boolean saysGoodbye) {
            this.saysGoodbye = saysGoodbye;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (saysGoodbye || !(message instanceof CloseWebSocketFrame)) {
                context.fireChannelRead(message);
            } else {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void close(ChannelHandlerContext context, ChannelPromise promise) {
            // not for the sidecar to do
        }
    }

    private static void assertRefused(ErrorCode code, Outcome outcome) {
        assertEquals(code.spelling(), assertInstanceOf(Outcome.Refused.class, outcome).failure().code());
    }

    /** Instead of an answer to {@code open}. */
    private void assertNotUnderstood(String answer) throws Exception {
        assertInstanceOf(Outcome.NotUnderstood.class,
                sendTo((vertx, link) -> link.textMessageHandler(open -> link.writeTextMessage(answer))), answer);
    }

    private Outcome sendTo(ScriptedSidecar.Script script) throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar(script)) {
            return Sending.once(sidecar.endpoint(), new FileInput(file));
        }
    }
}
