package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.source.Sending.rows;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

import io.mirrorbootstrap.Relay;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;

/** Snapshots that are compressed on their way, to a real sidecar and to others. */
@QuarkusTest
@Timeout(120)
class CompressedSendTest {

    private static final int MIB = 1024 * 1024;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Compression ZSTD = new Compression(3, false);

    @TestHTTPResource
    URI service;

    @TempDir
    Path directory;

    private final Origin origin = new Origin("c", new DatabaseId("zstd-" + UUID.randomUUID()), 42);
    private final List<Outcome> retries = new CopyOnWriteArrayList<>();
    private final List<Tally> tallies = new CopyOnWriteArrayList<>();
    private final List<String> found = new CopyOnWriteArrayList<>();

    @ParameterizedTest
    @CsvSource({"true, false", "false, false", "true, true", "false, true"})
    void whatIsCutGoesOnAndIsCommittedByteForByte(boolean isStream, boolean isAdaptive) throws Exception {
        byte[] whole = rows(40 * MIB + 77);
        System.arraycopy(random(5 * MIB, 1), 0, whole, 10 * MIB, 5 * MIB);
        try (Relay relay = new Relay(3, MIB + 12_345); SnapshotInput input = input(whole, isStream)) {
            relay.leadTo(service);
            Compression how = isAdaptive ? Compression.AUTO : ZSTD;
            Outcome outcome = send(origin, Endpoint.parse(relay.uri().toString()), input, how);
            Outcome.Committed committed = assertInstanceOf(Outcome.Committed.class, outcome, outcome::message);
            assertArrayEquals(whole, Files.readAllBytes(Path.of(committed.snapshot().snapshotPath())));
            assertTrue(relay.cutsLeft() <= 0, "it was not cut");
        }
        assertEquals(3, retries.size(), retries::toString);
        Tally tally = tallies.get(0);
        assertTrue(isAdaptive || tally.linkBytes() < tally.bytes() / 2, tally::toString);
        assertEquals(List.of(), found.stream().filter(each -> each.contains("compressed")).toList());
    }

    @Test
    void noiseIsSentAsItIs() throws Exception {
        byte[] whole = random(9 * MIB + 3, 1);
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB, true); SnapshotInput input = input(whole, true)) {
            assertInstanceOf(Outcome.Committed.class, send(Sending.ORIGIN, sidecar.endpoint(), input, ZSTD));
            assertArrayEquals(whole, sidecar.bytes());
            assertFalse(sidecar.chunks.stream().anyMatch(ReceivedChunk::isCompressed));
        }
        assertEquals(tallies.get(0).bytes(), tallies.get(0).linkBytes());
    }

    @Test
    void aSidecarThatTakesNoneGetsNoneAndThatIsSaid() throws Exception {
        byte[] whole = rows(3 * MIB);
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB); SnapshotInput input = input(whole, false)) {
            assertInstanceOf(Outcome.Committed.class, send(Sending.ORIGIN, sidecar.endpoint(), input, ZSTD));
            assertArrayEquals(whole, sidecar.bytes());
            assertFalse(sidecar.chunks.stream().anyMatch(ReceivedChunk::isCompressed));
        }
        assertTrue(found.contains("the sidecar takes no compressed chunks: they are sent as they are"),
                found::toString);
    }

    /** Who has not asked for it gets what others do, from the same memory. */
    @Test
    void amongSeveralMirrorsEachHasItsOwnWay() throws Exception {
        byte[] whole = rows(20 * MIB + 5);
        try (KeepingSidecar plain = new KeepingSidecar(300_000, true);
                KeepingSidecar packed = new KeepingSidecar(MIB, true);
                KeepingSidecar small = new KeepingSidecar(70_000, true);
                SnapshotInput input = input(whole, true);
                Broadcast broadcast = new Broadcast(List.of(to(packed.endpoint(), Optional.of(ZSTD)),
                        to(plain.endpoint(), Optional.empty()), to(small.endpoint(), Optional.of(ZSTD))), false,
                        4 * MIB)) {
            List<Outcome> outcomes = broadcast.send(input, Sending.ORIGIN, List.of(progress(), progress(), progress()),
                    PATIENCE, PATIENCE);
            outcomes.forEach(each -> assertInstanceOf(Outcome.Committed.class, each, each::message));
            for (KeepingSidecar each : List.of(plain, packed, small)) {
                assertArrayEquals(whole, each.bytes());
            }
            assertTrue(packed.chunks.stream().anyMatch(ReceivedChunk::isCompressed));
            assertTrue(small.chunks.stream().anyMatch(ReceivedChunk::isCompressed));
            assertFalse(plain.chunks.stream().anyMatch(ReceivedChunk::isCompressed));
        }
    }

    private SnapshotInput input(byte[] whole, boolean isStream) throws Exception {
        return isStream ? Sending.stream(whole) : new FileInput(Files.write(directory.resolve("file"), whole));
    }

    private static Destination to(Endpoint to, Optional<Compression> how) {
        return new Destination(to, Optional.empty(), Credentials.NONE, Optional.empty(), how, Optional.empty());
    }

    private Outcome send(Origin as, Endpoint to, SnapshotInput input, Compression how) throws Exception {
        try (Broadcast broadcast = new Broadcast(List.of(to(to, Optional.of(how))), false, 8 * MIB)) {
            return broadcast.send(input, as, List.of(progress()), PATIENCE, PATIENCE).get(0);
        }
    }

    private Progress progress() {
        return new Progress() {
            @Override
            public void update(Phase phase, long done, OptionalLong total) {
                // not looked at here
            }

            @Override
            public void retrying(Outcome outcome, Duration pause) {
                retries.add(outcome);
            }

            @Override
            public void found(String sentence) {
                found.add(sentence);
            }

            @Override
            public void ended(Tally tally) {
                tallies.add(tally);
            }
        };
    }
}
