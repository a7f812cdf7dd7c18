package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.Relay;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;

/** A real sidecar, and links that are cut. */
@QuarkusTest
@Timeout(120)
class CutLinksTest {

    private static final int MIB = 1024 * 1024;

    @TestHTTPResource
    URI service;

    @TempDir
    Path directory;

    private final Origin origin = new Origin("c", new DatabaseId("cut-" + UUID.randomUUID()), 42);
    private final List<Outcome> retries = new CopyOnWriteArrayList<>();
    private final List<Long> reread = new CopyOnWriteArrayList<>();
    private final byte[] whole = random(20 * MIB + 77, 1);

    @ParameterizedTest
    @CsvSource({"96, 1", "96, 3", "4, 3"}) // MiB that may be held: a sidecar calls 64 durable by itself
    void aStreamIsCommittedByteForByte(int heldMib, int cuts) throws Exception {
        try (Relay relay = relay(cuts, 6 * MIB + 12_345);
                StreamInput input = Sending.stream(whole)) {
            check(send(Endpoint.parse(relay.uri().toString()), input, (long) heldMib * MIB));
            assertTrue(relay.cutsLeft() <= 0, "it was not cut");
        }
        assertEquals(cuts, retries.size(), retries::toString);
    }

    @Test
    void aStreamThatHoldsLessThanASidecarCallsDurableIsNotStuck() throws Exception {
        try (StreamInput input = Sending.stream(whole)) {
            check(send(Endpoint.parse(service.toString()), input, MIB));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aFileIsNotReadAgain(int cuts) throws Exception {
        Path file = Files.write(directory.resolve("file"), whole);
        try (Relay relay = relay(cuts, 6 * MIB + 12_345); FileInput input = new FileInput(file)) {
            check(send(Endpoint.parse(relay.uri().toString()), input, MIB));
            assertTrue(relay.cutsLeft() <= 0, "it was not cut");
        }
        assertEquals(List.of(), reread);
    }

    @Test
    void aFileIsGoneOnWithByAnotherSender() throws Exception {
        Path file = Files.write(directory.resolve("file"), whole);
        try (Relay relay = relay(1, 6 * MIB + 12_345)) {
            try (FileInput input = new FileInput(file);
                    SnapshotSender first = new SnapshotSender(Endpoint.parse(relay.uri().toString()),
                            Credentials.NONE)) {
                assertInstanceOf(Outcome.LinkLost.class, first.send(input, origin, (phase, done, total) -> {
                }));
            }
            try (FileInput input = new FileInput(file)) {
                Outcome.Committed committed = check(send(Endpoint.parse(relay.uri().toString()), input, MIB));
                assertTrue(committed.bytesSent() < whole.length, committed::toString);
                assertEquals(whole.length - committed.bytesSent(), reread.get(reread.size() - 1));
            }
        }
    }

    private Outcome send(Endpoint to, SnapshotInput input, long heldBytes) throws Exception {
        try (SnapshotSender sender = new SnapshotSender(to, Credentials.NONE, Optional.empty(), false, heldBytes)) {
            return sender.send(input, origin, new Progress() {
                @Override
                public void update(Phase phase, long done, OptionalLong total) {
                    if (phase == Phase.CHECKSUM) {
                        reread.add(done);
                    }
                }

                @Override
                public void retrying(Outcome outcome, Duration pause) {
                    retries.add(outcome);
                }
            }, Duration.ofSeconds(60));
        }
    }

    private Outcome.Committed check(Outcome outcome) throws Exception {
        Outcome.Committed committed = assertInstanceOf(Outcome.Committed.class, outcome, outcome::message);
        assertArrayEquals(whole, Files.readAllBytes(Path.of(committed.snapshot().snapshotPath())));
        return committed;
    }

    private Relay relay(int cuts, long cutAfterBytes) throws IOException {
        Relay relay = new Relay(cuts, cutAfterBytes);
        relay.leadTo(service);
        return relay;
    }
}
