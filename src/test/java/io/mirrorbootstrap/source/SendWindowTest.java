package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.vertx.core.Vertx;
import io.vertx.core.http.ServerWebSocket;

/** How much of what a source sends is unanswered, at most. */
@Timeout(60)
class SendWindowTest {

    private static final int BYTES = 3_000_000;

    @TempDir
    Path directory;

    @Test
    void noMoreThanTheWindowIsEverUnanswered() throws Exception {
        int chunk = 300_000;
        AtomicLong received = new AtomicLong();
        AtomicLong answered = new AtomicLong();
        AtomicLong mostUnanswered = new AtomicLong();
        AtomicInteger largest = new AtomicInteger();
        Outcome.Committed committed = assertInstanceOf(Outcome.Committed.class, sendTo((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, chunk, 700_000)));
            link.binaryMessageHandler(message -> {
                int payload = Math.min(chunk, BYTES - (int) received.get());
                largest.accumulateAndGet(message.length(), Math::max);
                received.addAndGet(payload);
                mostUnanswered.accumulateAndGet(received.get() - answered.get(), Math::max);
                answerLate(vertx, link, payload, answered);
            });
        }));
        assertEquals(BYTES, committed.bytesSent());
        assertEquals(2 * chunk, mostUnanswered.get());
        assertTrue(largest.get() < chunk + 500, () -> "a message of " + largest + " bytes");
    }

    @Test
    void noMoreMessagesThanMayBeAreEverUnanswered() throws Exception {
        int chunk = 100_000;
        int window = 2;
        AtomicLong answered = new AtomicLong();
        AtomicLong received = new AtomicLong();
        AtomicLong mostUnanswered = new AtomicLong();
        assertInstanceOf(Outcome.Committed.class, sendTo((vertx, link) -> {
            link.textMessageHandler(open -> link
                    .writeTextMessage(ScriptedSidecar.opened(0, chunk, 1 << 30, OptionalLong.of(window))));
            link.binaryMessageHandler(message -> {
                mostUnanswered.accumulateAndGet(received.incrementAndGet() - answered.get() / chunk, Math::max);
                answerLate(vertx, link, chunk, answered);
            });
        }));
        assertEquals(window, mostUnanswered.get());
    }

    /** Late, so that a source that does not wait has time to show it. */
    private static void answerLate(Vertx vertx, ServerWebSocket link, int payload, AtomicLong answered) {
        vertx.setTimer(30, id -> link.writeTextMessage(answered.addAndGet(payload) == BYTES
                ? ScriptedSidecar.committed(BYTES)
                : ScriptedSidecar.pending(answered.get())));
    }

    private Outcome sendTo(ScriptedSidecar.Script script) throws Exception {
        Path file = Files.write(directory.resolve("snapshot"), new byte[BYTES]);
        try (ScriptedSidecar sidecar = new ScriptedSidecar(script)) {
            return Sending.once(sidecar.endpoint(), new FileInput(file));
        }
    }
}
