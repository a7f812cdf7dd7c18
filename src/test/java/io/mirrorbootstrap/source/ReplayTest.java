package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.source.Sending.stream;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Refusal;
import io.vertx.core.http.ServerWebSocket;

/** A stream whose link is lost, and which goes on from what was held. */
@Timeout(60)
class ReplayTest {

    private static final int CHUNK = 1000;
    private static final int MIB = 1024 * 1024;

    private final List<Outcome> retries = new CopyOnWriteArrayList<>();

    @ParameterizedTest
    @ValueSource(ints = {0, 1000, 2500, 5000}) // at the start, between two chunks, within one, at what was answered
    void aStreamGoesOnWhereTheSidecarStands(int offset) throws Exception {
        byte[] whole = random(9_500, 1);
        try (KeepingSidecar sidecar = new KeepingSidecar(CHUNK) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(number == 1 ? 0 : offset, bytes);
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                super.received(number, link, chunk);
                if (number == 1 && chunk.end() == 5000) {
                    cut(link);
                }
            }
        }) {
            Outcome.Committed committed = committed(Sending.patiently(sidecar.endpoint(), stream(whole), retries));
            assertArrayEquals(whole, sidecar.bytes());
            assertEquals(whole.length - offset, committed.bytesSent());
            assertEquals(2, sidecar.opens.size());
            assertEquals(sidecar.opens.get(0), sidecar.opens.get(1), "the same name");
            assertEquals(0, sidecar.opens.get(0).identity().totalBytes());
            ReceivedChunk last = sidecar.chunks.get(sidecar.chunks.size() - 1);
            assertEquals(Crc32c.of(ByteBuffer.wrap(whole)).unsigned(), last.number("total_crc32c"));
        }
        assertEquals(List.of(new Outcome.LinkLost(1012, "restarting", 5000)), retries);
    }

    @Test
    void twoStreamsHaveTwoNames() throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(CHUNK) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(0, bytes);
            }
        }) {
            committed(Sending.once(sidecar.endpoint(), stream(new byte[1])));
            committed(Sending.once(sidecar.endpoint(), stream(new byte[1])));
            assertEquals(2, sidecar.opens.stream().map(open -> open.identity().streamId().orElseThrow()).distinct()
                    .count());
        }
    }

    /** In the middle of a chunk, twice, further back the second time: what is before it is still there. */
    @Test
    void whatIsBeforeTheMiddleOfAChunkIsNotLost() throws Exception {
        byte[] whole = random(3 * MIB + 5, 2);
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(number == 1 ? 0 : MIB + (number == 2 ? 900 : 100), bytes);
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                super.received(number, link, chunk);
                if (number < 3 && chunk.end() == 2 * MIB) {
                    cut(link);
                }
            }
        }) {
            committed(Sending.patiently(sidecar.endpoint(), stream(whole), retries));
            assertArrayEquals(whole, sidecar.bytes());
        }
        assertEquals(2, retries.size());
    }

    @Test
    void whatIsHeldIsCutForASidecarThatTakesLessInOne() throws Exception {
        byte[] whole = random(3 * MIB, 3);
        AtomicInteger number = new AtomicInteger();
        List<ReceivedChunk> chunks = new CopyOnWriteArrayList<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            boolean isFirst = number.incrementAndGet() == 1;
            link.textMessageHandler(open -> link
                    .writeTextMessage(ScriptedSidecar.opened(0, isFirst ? MIB : 300_000, Optional.empty())));
            link.binaryMessageHandler(message -> {
                ReceivedChunk chunk = ReceivedChunk.of(message);
                if (isFirst) {
                    link.close((short) 1012, "restarting");
                    return;
                }
                chunks.add(chunk);
                link.writeTextMessage(chunk.isDone()
                        ? ScriptedSidecar.committed(1, whole.length, Crc32c.of(ByteBuffer.wrap(whole)))
                        : ScriptedSidecar.pending(chunk.end()));
            });
        })) {
            committed(Sending.patiently(sidecar.endpoint(), stream(whole), retries));
        }
        ByteBuffer all = ByteBuffer.allocate(whole.length);
        for (ReceivedChunk chunk : chunks) {
            assertEquals(all.position(), chunk.offset());
            assertTrue(chunk.data().length <= 300_000, () -> chunk.data().length + " bytes");
            all.put(chunk.data());
        }
        assertArrayEquals(whole, all.array());
    }

    @Test
    void aCommitThatTheLinkDidNotSeeIsToldWhenItIsBack() throws Exception {
        byte[] whole = random(2_500, 4);
        try (KeepingSidecar sidecar = new KeepingSidecar(CHUNK) {
            @Override
            String answer(int number, byte[] bytes) {
                return number == 1 ? opened(0, bytes) : committed();
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                if (chunk.isDone()) {
                    cut(link);
                } else {
                    super.received(number, link, chunk);
                }
            }
        }) {
            Outcome.Committed committed = committed(Sending.patiently(sidecar.endpoint(), stream(whole), retries));
            assertEquals(whole.length, committed.bytesSent(), "it was not there already");
        }
        assertEquals(List.of(new Outcome.LinkLost(1012, "restarting", 2000)), retries);
    }

    /** Not all of it has been sent, or other bytes. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCommitOfSomethingElseIsNotBelieved(boolean isAllSent) throws Exception {
        byte[] whole = random(2_500, 5);
        try (KeepingSidecar sidecar = new KeepingSidecar(CHUNK) {
            @Override
            String answer(int number, byte[] bytes) {
                return number == 1
                        ? opened(0, bytes)
                        : ScriptedSidecar.committed(1, isAllSent ? whole.length : 1000, new Crc32c(7));
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                super.received(number, link, chunk);
                if (!isAllSent || chunk.isDone()) {
                    cut(link);
                }
            }

            @Override
            String committed() {
                return ScriptedSidecar.pending(whole.length);
            }
        }) {
            assertInstanceOf(Outcome.NotUnderstood.class,
                    Sending.patiently(sidecar.endpoint(), stream(whole), retries));
        }
        assertEquals(1, retries.size());
    }

    @Test
    void aSidecarThatHasOtherBytesIsTold() throws Exception {
        byte[] whole = random(9_500, 7);
        try (KeepingSidecar sidecar = new KeepingSidecar(CHUNK) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(number == 1 ? 0 : 1500, number == 1 ? bytes : new byte[1500]);
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                super.received(number, link, chunk);
                if (chunk.end() == 5000) {
                    cut(link);
                }
            }
        }) {
            assertEquals(
                    new Outcome.BytesDiffer("stream", 1500, Crc32c.of(ByteBuffer.wrap(whole, 0, 1500)),
                            Crc32c.of(ByteBuffer.allocate(1500))),
                    Sending.patiently(sidecar.endpoint(), stream(whole), retries));
        }
    }

    @Test
    void aSidecarThatHasMoreThanWasSentIsNotUnderstood() throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(CHUNK) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(number == 1 ? 0 : 6000, bytes);
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                cut(link);
            }
        }) {
            Outcome outcome = Sending.patiently(sidecar.endpoint(), stream(random(9_500, 8)), retries);
            assertTrue(assertInstanceOf(Outcome.NotUnderstood.class, outcome).reason().startsWith("impossible: "));
        }
    }

    /** Its bytes are another stream's for an older sidecar: it knows no names. */
    @Test
    void aStreamDoesNotGoOnAtAnOlderSidecar() throws Exception {
        AtomicInteger links = new AtomicInteger();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            links.incrementAndGet();
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, CHUNK, 2 * CHUNK)));
            link.binaryMessageHandler(chunk -> link.close((short) 1012, "restarting"));
        })) {
            assertEquals(new Outcome.LinkLost(1012, "restarting", 0),
                    Sending.patiently(sidecar.endpoint(), stream(random(9_500, 9)), retries));
        }
        assertEquals(1, links.get());
    }

    @Test
    void whatIsDoneWithAStreamThatTheSidecarGuardsAgainstIsLeftToThePerson() throws Exception {
        AtomicInteger links = new AtomicInteger();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            links.incrementAndGet();
            link.textMessageHandler(open -> link.writeTextMessage("{\"type\":\"error\",\"code\":\"stale_snapshot\","
                    + "\"message\":\"it is older\",\"source_database_id\":\"d\"}"));
        })) {
            assertEquals("the sidecar refused (stale_snapshot): it is older",
                    Sending.patiently(sidecar.endpoint(), stream(new byte[5]), retries).message());
        }
        assertEquals(1, links.get());
    }

    @Test
    void whatAChunkSuffersOnItsWayIsSentAgain() throws Exception {
        byte[] whole = random(9_500, 12);
        try (KeepingSidecar sidecar = new KeepingSidecar(CHUNK) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(number == 1 ? 0 : 2000, bytes);
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                if (number == 1 && chunk.end() > 2000) {
                    link.writeTextMessage(ScriptedSidecar
                            .refused(new Refusal.ChunkCrcMismatch(2000, new Crc32c(1), new Crc32c(2))));
                } else {
                    super.received(number, link, chunk);
                }
            }
        }) {
            committed(Sending.patiently(sidecar.endpoint(), stream(whole), retries));
            assertArrayEquals(whole, sidecar.bytes());
        }
    }

    private static Outcome.Committed committed(Outcome outcome) {
        return assertInstanceOf(Outcome.Committed.class, outcome, outcome::message);
    }
}
