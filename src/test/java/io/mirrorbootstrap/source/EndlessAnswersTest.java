package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.StatusClient.Reply;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.http.impl.WebSocketInternal;

/** No answer takes more memory than an answer may, however long it is. */
@Timeout(60)
class EndlessAnswersTest {

    private static final DatabaseId DATABASE = Sending.ORIGIN.database();
    /** More than sockets take. */
    private static final int MIB = 64;
    private static final int TOO_LONG = 70_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Obstacle TOO_MUCH = new Obstacle.Unfit("it answered with more than 262144 bytes");

    private final AtomicInteger mibSent = new AtomicInteger();

    @Test
    void aStatusWithoutEndIsNotRead() throws Exception {
        for (String status : new String[]{"200 OK", "403 No", "404 Not Found"}) {
            try (RawServer server = endless(status); StatusClient client = client(server)) {
                assertEquals(new Reply.Blocked(TOO_MUCH), client.ask(DATABASE, PATIENCE));
            }
            assertTrue(mibSent.get() < MIB, "all of it was read");
        }
    }

    @Test
    void aStatusThatComesDropByDropIsWaitedForNoLonger() throws Exception {
        try (RawServer server = new RawServer(out -> {
            out.write(RawServer.head("200 OK", 1000));
            for (int i = 0; i < 1000; i++) {
                out.write(' ');
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }); StatusClient client = client(server)) {
            assertEquals(new Reply.Blocked(new Obstacle.Unreachable("no answer in time")),
                    client.ask(DATABASE, Duration.ofSeconds(2)));
        }
    }

    @Test
    void aRefusalOfALinkWithoutEndIsNotRead() throws Exception {
        try (RawServer server = endless("403 No")) {
            Outcome outcome = send(Endpoint.parse(server.url()));
            assertEquals(TOO_MUCH, assertInstanceOf(Outcome.NoLink.class, outcome).obstacle());
        }
        assertTrue(mibSent.get() < MIB, "all of it was read");
    }

    @Test
    void aLongMessageIsNoAnswer() throws Exception {
        assertNotUnderstood(link -> link.writeFrame(WebSocketFrame.textFrame("x".repeat(TOO_LONG), true)),
                "65536");
        assertNotUnderstood(link -> {
            link.writeFrame(WebSocketFrame.textFrame("x".repeat(60_000), false));
            link.writeFrame(WebSocketFrame.continuationFrame(Buffer.buffer("x".repeat(60_000)), false));
        }, "max message size of 65536");
    }

    @Test
    void aSidecarThatSaysMoreThanIsHeardWaits() throws Exception {
        String pending = ScriptedSidecar.pending(0).replace("}", ",\"more\":\"" + "x".repeat(60_000) + "\"}");
        int messages = MIB * 1024 * 1024 / pending.length();
        AtomicInteger written = new AtomicInteger();
        CountDownLatch inputMayGoOn = new CountDownLatch(1);
        InputStream input = new InputStream() {
            @Override
            public int read() {
                try {
                    inputMayGoOn.await();
                    return -1;
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        };
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> {
                link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000));
                flood(link, pending, messages, written);
            });
        })) {
            CompletableFuture<Outcome> outcome = CompletableFuture
                    .supplyAsync(() -> Sending.once(sidecar.endpoint(), Sending.zeros(1, input)));
            AtomicLong last = new AtomicLong();
            Awaitility.await().pollInterval(1, TimeUnit.SECONDS)
                    .until(() -> written.get() > 0 && last.getAndSet(written.get()) == written.get());
            assertTrue(written.get() < messages, "all of it was read");
            inputMayGoOn.countDown();
            // one answers the chunk, the next answers nothing
            assertInstanceOf(Outcome.NotUnderstood.class, outcome.get(50, TimeUnit.SECONDS));
        }
    }

    @Test
    void aSidecarThatPingsWithoutReadingIsLeft() throws Exception {
        int ping = 2 + 125; // the longest, so that sockets are soon full of pongs
        byte[] pings = new byte[8000 * ping];
        for (int i = 0; i < pings.length; i += ping) {
            pings[i] = (byte) 0x89;
            pings[i + 1] = 125;
        }
        CompletableFuture<Void> left = new CompletableFuture<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            ChannelHandlerContext context = ((WebSocketInternal) link).channelHandlerContext();
            context.channel().closeFuture().addListener(closed -> left.complete(null));
            link.textMessageHandler(open -> {
                context.channel().config().setAutoRead(false);
                link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000));
                flood(context, pings);
            });
        })) {
            Outcome outcome = send(sidecar.endpoint());
            assertTrue(outcome.message().endsWith(
                    "the link was lost after 0 bytes: the sidecar sends pings and reads no pongs"), outcome::message);
            assertTrue(outcome.canHeal());
            left.get(50, TimeUnit.SECONDS);
        }
    }

    @Test
    void aSidecarThatPingsAndReadsIsAnsweredAndNotLeft() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.pongHandler(pong -> {
                if (pong.toString().equals("999")) { // which stands for those before it
                    link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000));
                }
            });
            link.textMessageHandler(open -> {
                for (int i = 0; i < 1000; i++) {
                    link.writePing(Buffer.buffer(String.valueOf(i)));
                }
            });
            link.binaryMessageHandler(chunk -> link.writeTextMessage(ScriptedSidecar.committed(1)));
        })) {
            assertInstanceOf(Outcome.Committed.class,
                    send(sidecar.endpoint()));
        }
    }

    /** Past what makes frames of messages: all at once, as often as the socket takes it. */
    private static void flood(ChannelHandlerContext context, byte[] frames) {
        context.pipeline().firstContext().writeAndFlush(Unpooled.wrappedBuffer(frames)).addListener(written -> {
            if (written.isSuccess()) {
                flood(context, frames);
            }
        });
    }

    private static void flood(ServerWebSocket link, String text, int messages, AtomicInteger written) {
        link.writeTextMessage(text).onSuccess(nothing -> {
            if (written.incrementAndGet() < messages) {
                flood(link, text, messages, written);
            }
        });
    }

    private interface Say {
        void on(ServerWebSocket link);
    }

    private static void assertNotUnderstood(Say say, String reason) throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar(
                (vertx, link) -> link.textMessageHandler(open -> say.on(link)))) {
            Outcome outcome = send(sidecar.endpoint());
            String said = assertInstanceOf(Outcome.NotUnderstood.class, outcome).reason();
            assertTrue(said.contains(reason), said);
        }
    }

    private RawServer endless(String status) throws Exception {
        mibSent.set(0);
        byte[] mib = new byte[1024 * 1024];
        return new RawServer(out -> {
            out.write(RawServer.head(status, (long) MIB * mib.length));
            while (mibSent.get() < MIB) {
                out.write(mib);
                mibSent.incrementAndGet();
            }
        });
    }

    private static StatusClient client(RawServer server) {
        return new StatusClient(Endpoint.parse(server.url()), Credentials.NONE);
    }

    private static Outcome send(Endpoint to) {
        return Sending.once(to, Sending.zeros(1));
    }
}
