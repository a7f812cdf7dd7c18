package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static io.mirrorbootstrap.TestSnapshot.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonRecords;

/** Each limit of the packaged service, and what a source is told when it meets it. */
class LimitsIT extends WithSidecar {

    @Test
    void moreTransfersThanAllowedAreToldToComeBack() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_MAX_BOOTSTRAPS", "1"));
        TestSnapshot one = TestSnapshot.random("a", 1000);
        RawClient first = new RawClient(sidecar.uri());
        one.opened(first);
        for (JsonNode refused : refusals(ErrorCode.TOO_MANY_BOOTSTRAPS, one.of("b"))) {
            assertEquals(1, refused.path("limit").asInt());
        }
        one.send(first);
        one.of("b").committed(new RawClient(sidecar.uri()));
    }

    @Test
    void anotherClusterThanThoseAllowedIsRefused() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_ALLOWED_SOURCE_CLUSTERS", "prod-a,prod-b"));
        for (JsonNode refused : refusals(ErrorCode.CLUSTER_ID_MISMATCH, TestSnapshot.random("db", 10))) {
            assertEquals("cluster", refused.path("declared").asText());
            assertEquals("[\"prod-a\",\"prod-b\"]", refused.path("allowed").toString());
        }
    }

    @Test
    void aSnapshotThatWouldUseTheReserveIsRefusedWhenItBegins() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES", String.valueOf(Long.MAX_VALUE)));
        for (JsonNode refused : refusals(ErrorCode.INSUFFICIENT_STORAGE, TestSnapshot.random("db", 10))) {
            assertEquals(10, refused.path("needed").asLong());
            assertEquals(0, refused.path("available").asLong());
            assertTrue(refused.path("message").asText().contains("disk-reserve-bytes"), refused::toString);
        }
    }

    /** What is answered to an open, and what to a first chunk: both must be this refusal, and close the link. */
    private List<JsonNode> refusals(ErrorCode code, TestSnapshot snapshot) throws Exception {
        RawClient opens = new RawClient(sidecar.uri());
        RawClient sends = new RawClient(sidecar.uri());
        opens.text(snapshot.open());
        sends.binary(snapshot.chunk(), snapshot.bytes().length);
        List<JsonNode> refusals = List.of(refused(code, opens), refused(code, sends));
        assertEquals(code.closes().orElseThrow(), opens.closeCode());
        assertEquals(code.closes().orElseThrow(), sends.closeCode());
        return refusals;
    }

    @Test
    void aLinkOnWhichNothingArrivesIsCutAndOneThatAnswersPingsIsNot() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "1S"));
        TestSnapshot snapshot = TestSnapshot.random("alive", 1000);
        RawClient alive = new RawClient(sidecar.uri());
        snapshot.open(alive);
        try (PlainSocket halfOpen = PlainSocket.to(sidecar.uri()).upgraded()) {
            halfOpen.rest(); // pings come, nobody answers them: it ends
        }
        snapshot.committed(alive);
    }

    /** Some million names, each for the first time: kept, they would use up the memory of every build. */
    @Test
    void namesOfFieldsThatNobodyKnowsAreNotKept() throws Exception {
        start();
        RawClient client = new RawClient(sidecar.uri());
        int name = 0x100000;
        for (int i = 0; i < 200; i++) {
            StringBuilder message = new StringBuilder("{\"type\":\"abort\",\"source_database_id\":\"a\"");
            for (int end = name + 5500; name < end; name++) {
                message.append(",\"").append(Integer.toHexString(name)).append("\":1");
            }
            client.text(message.append("}").toString());
            assertEquals("aborted", client.answer().path("type").asText(), "message " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1024, 64 * 1024})
    void allLinksTogetherBringNoMoreThanTheIngestRate(int frameBytes) throws Exception {
        int rate = 4 * MIB;
        start(Map.of("MIRROR_BOOTSTRAP_INGEST_RATE_BYTES_PER_SECOND", String.valueOf(rate)));
        TestSnapshot one = TestSnapshot.random("one", 6 * MIB);
        TestSnapshot two = one.of("two");
        long start = System.nanoTime();
        RawClient first = new RawClient(sidecar.uri());
        RawClient second = new RawClient(sidecar.uri());
        for (int at = 0; at < one.bytes().length; at += MIB) {
            first.binary(one.chunk(at, at + MIB), frameBytes);
            second.binary(two.chunk(at, at + MIB), frameBytes);
        }
        for (int at = MIB; at <= one.bytes().length; at += MIB) {
            first.answer();
            second.answer();
            double seconds = (System.nanoTime() - start) / 1e9; // a slow machine is no failure
            // what may be ahead: a tenth of a second, and what each link had read when it was told to stop
            assertTrue(2.0 * at <= rate * (seconds + 0.1) + 2 * 2 * MIB, at + " bytes of each in " + seconds + " s");
        }
        assertArrayEquals(two.bytes(), Files.readAllBytes(file("two.snapshot")));
    }

    @Test
    void aTransferWhoseSourceDoesNotComeBackIsRemoved() throws Exception {
        Files.createDirectories(file("."));
        TestSnapshot old = TestSnapshot.random("old", 1000);
        for (TestSnapshot each : List.of(old, old.of("new"))) {
            String database = each.identity().database().value();
            Files.write(file(database + ".partial"), each.bytes());
            Files.write(file(database + ".checkpoint.json"), new JsonRecords()
                    .checkpoint(new Checkpoint(each.identity(), 1000, each.identity().totalCrc32c())));
        }
        for (String name : List.of("old.partial", "old.checkpoint.json")) {
            Files.setLastModifiedTime(file(name), FileTime.from(Instant.now().minusSeconds(7200)));
        }
        start(Map.of("MIRROR_BOOTSTRAP_PARTIAL_RETENTION", "1M"));

        // its source has a tenth of the retention from the start on to come back, and every tenth is looked
        patiently().until(() -> !Files.exists(file("old.partial")));
        patiently().until(() -> sidecar.log().contains("dropped (expired): database=old"));
        assertFalse(Files.exists(file("old.checkpoint.json")));
        assertTrue(Files.exists(file("new.partial")));
        assertEquals(1, sidecar.metric("mirror_bootstrap_transfers_total{outcome=\"expired\"}"));
    }
}
