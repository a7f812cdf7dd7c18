package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.source.Sending.stream;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.vertx.core.http.ServerWebSocket;

/** How much of a stream a source holds, and what it does where that is less than its sidecar makes durable by itself. */
@Timeout(60)
class HeldBytesTest {

    private static final int MIB = 1024 * 1024;

    private final List<Outcome> retries = new CopyOnWriteArrayList<>();

    @Test
    void aSidecarThatDoesNotHearItIsAskedAgain() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        byte[] whole = random(9 * MIB, 10);
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB) {
            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                if (chunk.data().length == 0 && !chunk.isDone() && asked.incrementAndGet() == 1) {
                    link.writeTextMessage(ScriptedSidecar.pending(chunk.end(), 0));
                } else {
                    super.received(number, link, chunk);
                }
            }
        }) {
            committed(sendHolding(4 * MIB, sidecar.endpoint(), whole));
            assertArrayEquals(whole, sidecar.bytes());
        }
        assertTrue(asked.get() >= 2, asked::toString);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 8})
    void aSidecarIsAskedToMakeDurableWhatCannotBeHeld(int mib) throws Exception {
        byte[] whole = random(40 * MIB + 5, 11);
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB)) {
            committed(sendHolding(mib * MIB, sidecar.endpoint(), whole));
            assertArrayEquals(whole, sidecar.bytes());
            List<ReceivedChunk> empty = sidecar.chunks.stream().filter(chunk -> chunk.data().length == 0).toList();
            assertTrue(empty.size() >= 40 / Math.max(4, mib) - 1, () -> empty.size() + " were asked");
            assertTrue(empty.stream().noneMatch(chunk -> chunk.isDone() || chunk.offset() == 0));
        }
    }

    @Test
    void whoeverCanHoldAllThatIsNotDurableDoesNotAsk() throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB)) {
            committed(sendHolding(SnapshotSender.DEFAULT_REPLAY_BYTES, sidecar.endpoint(), new byte[40 * MIB + 5]));
            assertTrue(sidecar.chunks.stream().noneMatch(chunk -> chunk.data().length == 0));
        }
    }

    /** What is given to the link is copied for it: a window may be larger than the memory for that. */
    @Test
    void aSidecarThatDoesNotReadIsGivenFewChunks() throws Exception {
        AtomicInteger read = new AtomicInteger();
        byte[] whole = new byte[64 * MIB];
        InputStream bytes = new ByteArrayInputStream(whole) {
            @Override
            public synchronized int read(byte[] to, int from, int length) {
                int now = super.read(to, from, length);
                read.addAndGet(now);
                return now;
            }
        };
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.textMessageHandler(open -> {
            link.pause();
            link.writeTextMessage(ScriptedSidecar.opened(0, 16 * MIB, Optional.empty()));
        })); StreamInput input = new StreamInput(Channels.newChannel(bytes), "stream")) {
            CompletableFuture<Outcome> sending = CompletableFuture
                    .supplyAsync(() -> Sending.once(sidecar.endpoint(), input));
            AtomicInteger last = new AtomicInteger();
            Awaitility.await().pollInterval(Duration.ofSeconds(1))
                    .until(() -> read.get() > 0 && last.getAndSet(read.get()) == read.get());
            assertTrue(read.get() < whole.length / 2, () -> read + " bytes were read");
            sidecar.link().close();
            sending.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void aSidecarThatHasLostWhatWasDurableIsTold() throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(number == 1 ? 0 : MIB, bytes);
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                if (chunk.end() < 4 * MIB) {
                    super.received(number, link, chunk);
                } else if (chunk.end() == 4 * MIB) {
                    link.writeTextMessage(ScriptedSidecar.pending(4 * MIB, 2 * MIB + 5));
                    cut(link);
                }
            }
        }) {
            Outcome.BytesLost lost = assertInstanceOf(Outcome.BytesLost.class,
                    Sending.patiently(sidecar.endpoint(), stream(random(9 * MIB, 6)), retries));
            assertEquals(new Outcome.BytesLost("stream", MIB, 2 * MIB), lost);
            assertTrue(lost.message().contains("lost bytes that it had called durable"), lost::message);
            assertEquals(1, retries.size());
        }
    }

    private static Outcome sendHolding(long bytes, Endpoint to, byte[] whole) throws Exception {
        try (StreamInput input = stream(whole);
                SnapshotSender sender = new SnapshotSender(to, Credentials.NONE, Optional.empty(), false, bytes)) {
            return sender.send(input, Sending.ORIGIN, (phase, done, total) -> {
            }, Duration.ZERO);
        }
    }

    private static Outcome.Committed committed(Outcome outcome) {
        return assertInstanceOf(Outcome.Committed.class, outcome, outcome::message);
    }
}
