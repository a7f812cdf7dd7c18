package io.mirrorbootstrap.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * Whatever the text: it is a control message that says what a plain reading of its JSON says, and comes back unchanged
 * when it is written and read, or it is refused with an answer that a source can read.
 */
class ControlFuzzTest {

    private static final ObjectMapper PLAIN = new ObjectMapper();

    @DictionaryEntries({"\"type\"", "\"open\"", "\"abort\"", "\"source_cluster_id\"", "\"source_database_id\"",
            "\"snapshot_lsn\"", "\"total_bytes\"", "\"total_crc32c\"", "\"0x9a71bb4c\"", "9223372036854775807",
            "4294967295", "\\u0000", "1e3"})
    @FuzzTest
    void isReadOrRefused(byte[] input) throws IOException {
        String text = new String(input, StandardCharsets.UTF_8);
        Control control;
        try {
            control = JsonMessages.control(text);
        } catch (RefusedException e) {
            assertAnswered(e.refusal());
            return;
        }
        assertEquals(plain(PLAIN.readTree(text)), control);
        assertEquals(control, JsonMessages.control(JsonMessages.write(control)));
    }

    private static void assertAnswered(Refusal refusal) {
        assertTrue(refusal instanceof Refusal.MalformedControl || refusal instanceof Refusal.InvalidDatabaseId,
                refusal::toString);
        Answer.Failure failure = (Answer.Failure) JsonMessages
                .answer(JsonMessages.write(new Answer.Refused(refusal, Optional.empty())));
        assertEquals(refusal.message(), failure.message());
    }

    private static Control plain(JsonNode json) {
        DatabaseId database = new DatabaseId(json.get("source_database_id").textValue());
        if (json.get("type").textValue().equals("abort")) {
            return new Control.Abort(database);
        }
        assertEquals("open", json.get("type").textValue());
        SnapshotIdentity identity = new SnapshotIdentity(json.get("source_cluster_id").textValue(), database,
                json.get("snapshot_lsn").bigIntegerValue().longValueExact(),
                json.get("total_bytes").bigIntegerValue().longValueExact(), crc(json.get("total_crc32c")));
        Map<String, String> labels = new HashMap<>();
        json.path("labels").properties().forEach(label -> labels.put(label.getKey(), label.getValue().textValue()));
        return new Control.Open(new Announcement(
                json.hasNonNull("stream_id") ? identity.named(json.get("stream_id").textValue()) : identity,
                json.path("replace").asBoolean(),
                new Notes(Optional.ofNullable(json.path("position").textValue()), labels)));
    }

    private static Crc32c crc(JsonNode value) {
        long bits = value.isTextual()
                ? Long.decode(value.textValue())
                : value.bigIntegerValue().longValueExact();
        assertEquals(0, bits >>> 32);
        return new Crc32c((int) bits);
    }
}
