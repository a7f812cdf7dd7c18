package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

import com.fasterxml.jackson.core.JsonGenerator;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** One JSON object, written field by field. */
final class JsonWriter {

    private JsonWriter() {
    }

    /** Writes what is between the braces. */
    interface Body {
        void write(JsonGenerator json) throws IOException;
    }

    static String write(Body body) {
        StringWriter text = new StringWriter(160);
        try (JsonGenerator json = Json.FACTORY.createGenerator(text)) {
            json.writeStartObject();
            body.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return text.toString();
    }

    /** Writes which database of which cluster it is, and at which LSN. */
    static void writeOrigin(JsonGenerator json, String cluster, DatabaseId database, long lsn) throws IOException {
        json.writeStringField(Fields.SOURCE_CLUSTER_ID, cluster);
        writeDatabase(json, database);
        json.writeNumberField(Fields.SNAPSHOT_LSN, lsn);
    }

    /** Writes an identity but for its CRC-32C, which is a number in messages and printed in records. */
    static void writeIdentity(JsonGenerator json, SnapshotIdentity identity) throws IOException {
        writeOrigin(json, identity.sourceClusterId(), identity.database(), identity.lsn());
        json.writeNumberField(Fields.TOTAL_BYTES, identity.totalBytes());
        writeIfThere(json, Fields.STREAM_ID, identity.streamId());
    }

    static void writeNotes(JsonGenerator json, Notes notes) throws IOException {
        writeIfThere(json, Fields.POSITION, notes.position());
        if (!notes.labels().isEmpty()) {
            json.writeObjectFieldStart(Fields.LABELS);
            for (Map.Entry<String, String> label : notes.labels().entrySet()) {
                json.writeStringField(label.getKey(), label.getValue());
            }
            json.writeEndObject();
        }
    }

    static void writeIfThere(JsonGenerator json, String field, Optional<String> value) throws IOException {
        if (value.isPresent()) {
            json.writeStringField(field, value.get());
        }
    }

    static void writeOrNull(JsonGenerator json, String field, OptionalLong value) throws IOException {
        if (value.isPresent()) {
            json.writeNumberField(field, value.getAsLong());
        } else {
            json.writeNullField(field);
        }
    }

    static void writeDatabase(JsonGenerator json, DatabaseId database) throws IOException {
        json.writeStringField(Fields.SOURCE_DATABASE_ID, database.value());
    }
}
