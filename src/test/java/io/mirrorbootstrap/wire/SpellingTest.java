package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** Messages and records to the letter: sources in other languages read the first, older and newer sidecars the second. */
class SpellingTest {

    private static final DatabaseId DATABASE = new DatabaseId("orders");
    private static final Crc32c CRC = new Crc32c(0x9a71bb4c);
    private static final String ORIGIN = "\"source_cluster_id\":\"c1\",\"source_database_id\":\"orders\",\"snapshot_lsn\":42,";

    private static final Notes NOTES = new Notes(Optional.of("16/B374D848"), Map.of("app.io/x", "y z"));

    @Test
    void controlMessages() {
        SnapshotIdentity identity = new SnapshotIdentity("c1", DATABASE, 42, 5, CRC);
        String open = "{\"type\":\"open\"," + ORIGIN + "\"total_bytes\":5,\"total_crc32c\":2591144780}";
        assertEquals(open, JsonMessages.write(new Control.Open(Announcement.of(identity))));
        assertEquals(new Control.Open(Announcement.of(identity)), JsonMessages.control(open));
        String said = "{\"type\":\"open\"," + ORIGIN + "\"total_bytes\":5,\"stream_id\":\"a-Z_9\",\"total_crc32c\":0,"
                + "\"replace\":true,\"position\":\"16/B374D848\",\"labels\":{\"app.io/x\":\"y z\"}}";
        Control.Open all = new Control.Open(new Announcement(
                new SnapshotIdentity("c1", DATABASE, 42, 5, Crc32c.EMPTY).named("a-Z_9"), true, NOTES));
        assertEquals(said, JsonMessages.write(all));
        assertEquals(all, JsonMessages.control(said));
        assertEquals(new Control.Open(Announcement.of(identity)), JsonMessages.control(open.replace("}",
                ",\"stream_id\":null,\"replace\":null,\"position\":null,\"labels\":null}")));
        String abort = "{\"type\":\"abort\",\"source_database_id\":\"orders\"}";
        assertEquals(abort, JsonMessages.write(new Control.Abort(DATABASE)));
        assertEquals(new Control.Abort(DATABASE), JsonMessages.control(abort));
    }

    @Test
    void answers() {
        assertIs("{\"type\":\"opened\",\"source_database_id\":\"orders\",\"offset\":1,\"max_chunk_bytes\":2,"
                + "\"window_bytes\":3,\"window_messages\":4}",
                new Answer.Opened(DATABASE, 1, 2, 3, OptionalLong.of(4), OptionalLong.empty(), Optional.empty(),
                        false));
        assertIs("{\"type\":\"opened\",\"source_database_id\":\"orders\",\"offset\":1,\"max_chunk_bytes\":2,"
                + "\"window_bytes\":3,\"window_messages\":4,\"checkpoint_bytes\":5,\"crc32c\":\"0x9a71bb4c\"}",
                new Answer.Opened(DATABASE, 1, 2, 3, OptionalLong.of(4), OptionalLong.of(5), Optional.of(CRC), false));
        assertIs("{\"type\":\"pending\",\"source_database_id\":\"orders\",\"bytes_done\":2,\"durable_bytes\":1}",
                new Answer.Pending(DATABASE, 2, 1));
        assertIs("{\"type\":\"committed\",\"source_database_id\":\"orders\",\"snapshot_lsn\":42,\"bytes\":5,"
                + "\"crc32c\":\"0x9a71bb4c\",\"snapshot_path\":\"/s\"}",
                new Answer.Committed(DATABASE, 42, 5, CRC, "/s", Optional.empty()));
        assertIs("{\"type\":\"committed\",\"source_database_id\":\"orders\",\"snapshot_lsn\":42,\"bytes\":5,"
                + "\"crc32c\":\"0x9a71bb4c\",\"snapshot_path\":\"/s\",\"position\":\"a:1-5\"}",
                new Answer.Committed(DATABASE, 42, 5, CRC, "/s", Optional.of("a:1-5")));
        assertIs("{\"type\":\"aborted\",\"source_database_id\":\"orders\"}", new Answer.Aborted(DATABASE));
    }

    private static void assertIs(String text, Answer answer) {
        assertEquals(text, JsonMessages.write(answer));
        assertEquals(answer, JsonMessages.answer(text));
    }

    @Test
    void records() {
        JsonRecords records = new JsonRecords();
        Manifest manifest = new Manifest(new CommittedSnapshot("c1", DATABASE, 42, 5, CRC,
                Instant.parse("2026-01-02T03:04:05Z"), Optional.of("s1"), NOTES, Optional.of("alice")),
                Optional.of("1:2"));
        String manifestText = "{" + ORIGIN + "\"bytes\":5,\"crc32c\":\"0x9a71bb4c\","
                + "\"committed_at\":\"2026-01-02T03:04:05Z\",\"stream_id\":\"s1\",\"position\":\"16/B374D848\","
                + "\"labels\":{\"app.io/x\":\"y z\"},\"owner\":\"alice\",\"file_mark\":\"1:2\"}\n";
        assertEquals(manifestText, new String(records.manifest(manifest), StandardCharsets.UTF_8));
        assertEquals(Optional.of(manifest), records.manifest(manifestText.getBytes(StandardCharsets.UTF_8)));

        Checkpoint checkpoint = new Checkpoint(
                new SnapshotIdentity("c1", DATABASE, 42, 5, CRC, Optional.of("s1"), Optional.of("alice")), 3,
                new Crc32c(7),
                NOTES);
        String checkpointText = "{" + ORIGIN + "\"total_bytes\":5,\"stream_id\":\"s1\",\"total_crc32c\":\"0x9a71bb4c\","
                + "\"durable_bytes\":3,\"durable_crc32c\":\"0x00000007\",\"position\":\"16/B374D848\","
                + "\"labels\":{\"app.io/x\":\"y z\"},\"owner\":\"alice\"}\n";
        assertEquals(checkpointText, new String(records.checkpoint(checkpoint), StandardCharsets.UTF_8));
        assertEquals(Optional.of(checkpoint), records.checkpoint(checkpointText.getBytes(StandardCharsets.UTF_8)));
    }
}
