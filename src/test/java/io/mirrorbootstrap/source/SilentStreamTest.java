package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Refusal;

/** What a source hears and does while the program behind its stream is silent. */
@Timeout(60)
class SilentStreamTest {

    private static final int CHUNK = 1000;

    private Pipe pipe;

    @BeforeEach
    void open() throws IOException {
        pipe = Pipe.open();
    }

    private void write(int bytes) throws IOException {
        pipe.sink().write(ByteBuffer.allocate(bytes));
    }

    private StreamInput silent() {
        return new StreamInput(pipe.source(), "stream");
    }

    @Test
    void theEndOfTheLinkIsNoticed() throws Exception {
        write(CHUNK + 1);
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, CHUNK, 10 * CHUNK)));
            link.binaryMessageHandler(chunk -> link.writeTextMessage(ScriptedSidecar.pending(CHUNK))
                    .onComplete(written -> link.close((short) 1012, "restarting")));
        })) {
            List<Outcome> retries = new CopyOnWriteArrayList<>();
            assertEquals(new Outcome.LinkLost(1012, "restarting", CHUNK),
                    Sending.patiently(sidecar.endpoint(), silent(), retries));
            assertEquals(List.of(), retries, "what was given out cannot be read again");
        }
    }

    @Test
    void aRefusalIsHeard() throws Exception {
        write(CHUNK + 1);
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, CHUNK, 10 * CHUNK)));
            link.binaryMessageHandler(chunk -> link
                    .writeTextMessage(ScriptedSidecar.refused(new Refusal.Superseded(Sending.ORIGIN.database()))));
        })) {
            assertEquals("superseded", assertInstanceOf(Outcome.Refused.class,
                    Sending.once(sidecar.endpoint(), silent())).failure().code());
        }
    }

    /** It would be taken for the answer to what is asked when the program has ended, however it ends. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsAnsweredBeforeAnythingWasAskedIsNotBelieved(boolean committed) throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.writeTextMessage(committed
                ? ScriptedSidecar.committed(Sending.ORIGIN.lsn().orElseThrow(), 0, Crc32c.EMPTY)
                : ScriptedSidecar.opened(0, CHUNK, CHUNK)))) {
            Outcome.NotUnderstood outcome = assertInstanceOf(Outcome.NotUnderstood.class,
                    Sending.once(sidecar.endpoint(), silent()));
            assertTrue(outcome.reason().startsWith("nothing was asked: "), outcome.reason());
        }
    }

    /** It would run for longer than the test may take. */
    @Test
    void theEndOfTheLinkIsNoticedWhileAProgramThatHasClosedItsOutputGoesOn() throws Exception {
        StreamInput goesOn = new StreamInput(new Producer(
                List.of("sh", "-c", "head -c " + (CHUNK + 1) + " /dev/zero; exec >&-; exec sleep 1000"), false,
                line -> {
                }),
                "output");
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, CHUNK, 10 * CHUNK)));
            link.binaryMessageHandler(chunk -> link.writeTextMessage(ScriptedSidecar.pending(CHUNK))
                    .onComplete(written -> link.close((short) 1012, "restarting")));
        })) {
            assertEquals(new Outcome.LinkLost(1012, "restarting", CHUNK),
                    Sending.patiently(sidecar.endpoint(), goesOn, new CopyOnWriteArrayList<>()));
        }
    }

    @ParameterizedTest
    @ValueSource(shorts = {1012, 1014}) // of the sidecar, and of a gateway that has lost it
    void beforeItsFirstByteItComesBack(short code) throws Exception {
        AtomicBoolean isFirst = new AtomicBoolean(true);
        CompletableFuture<Void> isBack = new CompletableFuture<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            if (isFirst.getAndSet(false)) {
                link.close(code, "restarting");
                return;
            }
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, CHUNK, 10 * CHUNK)));
            link.binaryMessageHandler(chunk -> link.writeTextMessage(ScriptedSidecar.committed(1)));
            isBack.complete(null);
        })) {
            List<Outcome> retries = new CopyOnWriteArrayList<>();
            CompletableFuture<Outcome> sending = CompletableFuture
                    .supplyAsync(() -> Sending.patiently(sidecar.endpoint(), silent(), retries));
            isBack.join();
            write(1);
            pipe.sink().close();
            assertInstanceOf(Outcome.Committed.class, sending.join());
            assertEquals(List.of(new Outcome.LinkLost(code, "restarting", 0)), retries);
        }
    }

    @Test
    void whatDoesNotWaitByItselfIsLookedAtNowAndThen() throws Exception {
        AtomicReference<Thread> reader = new AtomicReference<>();
        CompletableFuture<Void> comes = new CompletableFuture<>();
        ReadableByteChannel bytes = Channels.newChannel(new ByteArrayInputStream(new byte[5]));
        StreamInput input = new StreamInput(new ReadableByteChannel() {
            @Override
            public int read(ByteBuffer to) throws IOException {
                reader.set(Thread.currentThread());
                return comes.isDone() ? bytes.read(to) : 0;
            }

            @Override
            public boolean isOpen() {
                return bytes.isOpen();
            }

            @Override
            public void close() throws IOException {
                bytes.close();
            }
        }, "stream");
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, CHUNK, 10 * CHUNK)));
            link.binaryMessageHandler(chunk -> link.writeTextMessage(ScriptedSidecar.committed(5)));
        })) {
            CompletableFuture<Outcome> sending = CompletableFuture
                    .supplyAsync(() -> Sending.once(sidecar.endpoint(), input));
            Awaitility.await()
                    .until(() -> reader.get() != null && reader.get().getState() == Thread.State.TIMED_WAITING);
            comes.complete(null);
            assertInstanceOf(Outcome.Committed.class, sending.join());
        }
    }
}
