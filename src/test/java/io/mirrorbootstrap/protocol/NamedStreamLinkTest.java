package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

import jakarta.inject.Inject;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;

/** Names of streams, positions and guards, over a real link. */
@QuarkusTest
class NamedStreamLinkTest extends WithLink {

    @Inject
    MirrorSettings settings;

    private final byte[] whole = random(1000, 31);

    @Test
    void aStreamGoesOnOnAnotherLinkAndIsKnownAgain() throws Exception {
        SnapshotIdentity begun = identity(0, Crc32c.EMPTY);
        Answer.Opened first = assertInstanceOf(Answer.Opened.class, open(begun.named("s-1"), Notes.NONE));
        assertEquals(0, first.offset());
        assertEquals(Optional.empty(), first.crc32c());
        assertEquals(OptionalLong.of(settings.checkpointBytes()), first.checkpointBytes());
        send(begun, 0, 300, Optional.empty());
        client.cut();
        client = new RawClient(service);

        Answer.Opened again = assertInstanceOf(Answer.Opened.class, open(begun.named("s-1"), Notes.NONE));
        assertEquals(300, again.offset());
        assertEquals(Optional.of(crc(300)), again.crc32c());
        Answer.Committed committed = assertInstanceOf(Answer.Committed.class,
                send(identity(42, crc(1000)), 300, 1000, Optional.of("16/B374D848")));
        assertEquals(42, committed.lsn());
        assertEquals(Optional.of("16/B374D848"), committed.position());
        assertSnapshotIs(whole);
        assertEquals(committed, open(begun.named("s-1"), Notes.NONE));
        assertEquals(0, assertInstanceOf(Answer.Opened.class, open(begun.named("s-2"), Notes.NONE)).offset());
    }

    @Test
    void whatTheSourceSaysIsInTheManifestAndTheApi() throws Exception {
        open(identity(42, Crc32c.EMPTY).named("s"),
                new Notes(Optional.of("a:1-5"), Map.of("app.example/run", "7 of 9")));
        send(identity(42, crc(1000)), 0, 1000, Optional.empty());

        String manifest = Files.readString(file(".manifest.json"));
        assertTrue(
                manifest.contains(
                        "\"stream_id\":\"s\",\"position\":\"a:1-5\",\"labels\":{\"app.example/run\":\"7 of 9\"}"),
                manifest);
        assertEquals("a:1-5", RestAssured.get("/v1/mirrors/" + database).path("position"));
    }

    @Test
    void anEmptyChunkIsAnsweredWhenAllBeforeItIsDurable() throws Exception {
        SnapshotIdentity begun = identity(42, Crc32c.EMPTY);
        open(begun.named("s"), Notes.NONE);
        assertEquals(new Answer.Pending(new DatabaseId(database), 300, 0), send(begun, 0, 300, Optional.empty()));

        assertEquals(new Answer.Pending(new DatabaseId(database), 300, 300), send(begun, 300, 300, Optional.empty()));
    }

    @Test
    void theGuardsLeaveTheLinkOpen() throws Exception {
        open(identity(42, Crc32c.EMPTY).named("s"), Notes.NONE);
        RawClient other = new RawClient(service);
        try {
            other.text(JsonMessages.write(new Control.Open(Announcement.of(identity(43, Crc32c.EMPTY)))));
            Answer.Failure busy = assertRefused(ErrorCode.TRANSFER_IN_PROGRESS, other.typedAnswer());
            assertEquals(Map.of("source_cluster_id", "c1", "snapshot_lsn", "42", "bytes_done", "0", "bytes_total", "0"),
                    busy.fields());
            send(identity(42, crc(1000)), 0, 1000, Optional.empty());

            other.text(JsonMessages.write(new Control.Open(Announcement.of(identity(41, Crc32c.EMPTY)))));
            Answer.Failure stale = assertRefused(ErrorCode.STALE_SNAPSHOT, other.typedAnswer());
            assertEquals(Map.of("declared_lsn", "41", "committed_lsn", "42", "declared_cluster", "c1",
                    "committed_cluster", "c1"), stale.fields());
            assertFalse(other.isClosed());
            other.text(JsonMessages.write(
                    new Control.Open(new Announcement(identity(41, Crc32c.EMPTY), true, Notes.NONE))));
            assertInstanceOf(Answer.Opened.class, other.typedAnswer());
        } finally {
            other.cut();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"stream_id\":\"\"", "\"stream_id\":\"a.b\"", "\"stream_id\":7", "\"replace\":1",
            "\"replace\":\"true\"",
            "\"position\":\"\"", "\"position\":\"a\\tb\"", "\"position\":[]", "\"labels\":[]",
            "\"labels\":{\"a b\":\"c\"}",
            "\"labels\":{\"a\":null}", "\"labels\":{\"a\":\"\\u0007\"}"})
    void whatIsSaidWrongClosesTheLink(String field) throws Exception {
        client.text("{\"type\":\"open\",\"source_cluster_id\":\"c\",\"source_database_id\":\"" + database
                + "\",\"snapshot_lsn\":1,\"total_bytes\":0,\"total_crc32c\":0," + field + "}");
        assertRefusedAndClosed(ErrorCode.MALFORMED_CONTROL);
    }

    private Answer open(SnapshotIdentity identity, Notes notes) throws Exception {
        client.text(JsonMessages.write(new Control.Open(new Announcement(identity, false, notes))));
        return client.typedAnswer();
    }

    private Answer send(SnapshotIdentity stamp, int from, int to, Optional<String> position) throws Exception {
        byte[] payload = Arrays.copyOfRange(whole, from, to);
        byte[] head = ChunkEncoder.head(stamp, from, payload.length, OptionalInt.empty(),
                Crc32c.of(ByteBuffer.wrap(payload)),
                to == whole.length, position);
        byte[] message = Arrays.copyOf(head, head.length + payload.length);
        System.arraycopy(payload, 0, message, head.length, payload.length);
        client.binary(message, message.length);
        return client.typedAnswer();
    }

    private SnapshotIdentity identity(long lsn, Crc32c crc32c) {
        return new SnapshotIdentity("c1", new DatabaseId(database), lsn, 0, crc32c);
    }

    private Crc32c crc(int bytes) {
        return Crc32c.of(ByteBuffer.wrap(whole, 0, bytes));
    }
}
