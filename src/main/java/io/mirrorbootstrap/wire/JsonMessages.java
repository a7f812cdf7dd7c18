package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import com.fasterxml.jackson.core.JsonGenerator;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;

/** The text messages of the protocol: control messages and answers, both ways. Any thread; no state. */
public final class JsonMessages {

    /** The longest control message read, in bytes. */
    public static final int MAX_CONTROL_BYTES = Json.MAX_LENGTH;

    private JsonMessages() {
    }

    /**
     * Reads a control message.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} or {@link Refusal.InvalidDatabaseId}
     */
    public static Control control(String text) {
        Json.Reader message = Json.read(text);
        String type = message.text("type");
        switch (type) {
            case "open":
                String cluster = message.text("source_cluster_id");
                if (!SnapshotIdentity.isValidClusterId(cluster)) {
                    throw Json.malformed("source_cluster_id " + Text.quoted(cluster) + " must have "
                            + SnapshotIdentity.CLUSTER_ID_RULE);
                }
                return new Control.Open(new SnapshotIdentity(cluster,
                        new DatabaseId(message.text("source_database_id")),
                        message.number("snapshot_lsn", Long.MAX_VALUE), message.number("total_bytes", Long.MAX_VALUE),
                        message.crc("total_crc32c")));
            case "abort":
                return new Control.Abort(new DatabaseId(message.text("source_database_id")));
            default :
                throw Json.malformed("type " + Text.quoted(type) + " is unknown: it must be open or abort");
        }
    }

    /** Writes a control message. */
    public static String write(Control control) {
        if (control instanceof Control.Open open) {
            SnapshotIdentity identity = open.identity();
            return Json.write(json -> {
                json.writeStringField("type", "open");
                json.writeStringField("source_cluster_id", identity.sourceClusterId());
                json.writeStringField("source_database_id", identity.database().value());
                json.writeNumberField("snapshot_lsn", identity.lsn());
                json.writeNumberField("total_bytes", identity.totalBytes());
                json.writeNumberField("total_crc32c", identity.totalCrc32c().unsigned());
            });
        }
        Control.Abort abort = (Control.Abort) control;
        return Json.write(json -> {
            json.writeStringField("type", "abort");
            json.writeStringField("source_database_id", abort.database().value());
        });
    }

    /** Writes an answer. */
    public static String write(Answer answer) {
        if (answer instanceof Answer.Pending pending) {
            return Json.write(json -> {
                json.writeStringField("type", "pending");
                json.writeStringField("source_database_id", pending.database().value());
                json.writeNumberField("bytes_done", pending.bytesDone());
                json.writeNumberField("durable_bytes", pending.durableBytes());
            });
        } else if (answer instanceof Answer.Opened opened) {
            return Json.write(json -> {
                json.writeStringField("type", "opened");
                json.writeStringField("source_database_id", opened.database().value());
                json.writeNumberField("offset", opened.offset());
                json.writeNumberField("max_chunk_bytes", opened.maxChunkBytes());
                json.writeNumberField("window_bytes", opened.windowBytes());
                if (opened.windowMessages().isPresent()) {
                    json.writeNumberField("window_messages", opened.windowMessages().getAsLong());
                }
            });
        } else if (answer instanceof Answer.Committed committed) {
            return Json.write(json -> {
                json.writeStringField("type", "committed");
                json.writeStringField("source_database_id", committed.database().value());
                json.writeNumberField("snapshot_lsn", committed.lsn());
                json.writeNumberField("bytes", committed.bytes());
                json.writeStringField("crc32c", committed.crc32c().toString());
                json.writeStringField("snapshot_path", committed.snapshotPath());
            });
        } else if (answer instanceof Answer.Aborted aborted) {
            return Json.write(json -> {
                json.writeStringField("type", "aborted");
                json.writeStringField("source_database_id", aborted.database().value());
            });
        } else if (answer instanceof Answer.Refused refused) {
            return error(ErrorCode.of(refused.refusal()), refused.refusal().message(), refused.database(),
                    ErrorCode.fields(refused.refusal()));
        }
        throw new IllegalArgumentException("only a source reads " + answer + ", nobody writes it");
    }

    /** Writes an error object that stands for no refusal of the domain. */
    public static String error(ErrorCode code, String message) {
        return error(code, message, Optional.empty(), Map.of());
    }

    /**
     * Reads an answer, as a source does.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} when it is none
     */
    public static Answer answer(String text) {
        Json.Reader message = Json.read(text);
        String type = message.text("type");
        if (type.equals("error")) {
            return failure(message);
        }
        DatabaseId database = new DatabaseId(message.text("source_database_id"));
        switch (type) {
            case "pending":
                return new Answer.Pending(database, message.number("bytes_done", Long.MAX_VALUE),
                        message.number("durable_bytes", Long.MAX_VALUE));
            case "opened":
                return new Answer.Opened(database, message.number("offset", Long.MAX_VALUE),
                        message.number("max_chunk_bytes", Long.MAX_VALUE),
                        message.number("window_bytes", Long.MAX_VALUE), message.optionalNumber("window_messages"));
            case "committed":
                return new Answer.Committed(database, message.number("snapshot_lsn", Long.MAX_VALUE),
                        message.number("bytes", Long.MAX_VALUE), message.crc("crc32c"),
                        message.text("snapshot_path"));
            case "aborted":
                return new Answer.Aborted(database);
            default :
                throw Json.malformed("an answer of type " + Text.quoted(type) + " is unknown");
        }
    }

    /**
     * Reads an error as a source does, also one of the HTTP API, which has no type.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} when it is none
     */
    public static Answer.Failure failure(String text) {
        return failure(Json.read(text));
    }

    private static Answer.Failure failure(Json.Reader message) {
        Map<String, String> fields = new LinkedHashMap<>();
        message.node().properties().forEach(field -> {
            if (!List.of("type", "code", "message", "source_database_id").contains(field.getKey())) {
                fields.put(field.getKey(), field.getValue().asText());
            }
        });
        return new Answer.Failure(message.text("code"), message.text("message"),
                Optional.ofNullable(message.node().path("source_database_id").textValue()), fields);
    }

    private static String error(ErrorCode code, String message, Optional<DatabaseId> database,
            Map<String, Object> fields) {
        return Json.write(json -> {
            json.writeStringField("type", "error");
            json.writeStringField("code", code.spelling());
            json.writeStringField("message", message);
            json.writeStringField("source_database_id", database.map(DatabaseId::value).orElse(null));
            for (Map.Entry<String, Object> field : fields.entrySet()) {
                json.writeFieldName(field.getKey());
                value(json, field.getValue());
            }
        });
    }

    private static void value(JsonGenerator json, Object value) throws IOException {
        if (value instanceof Long number) {
            json.writeNumber(number);
        } else if (value instanceof List<?> list) {
            json.writeStartArray();
            for (Object each : list) {
                json.writeString(each.toString());
            }
            json.writeEndArray();
        } else {
            json.writeString(value.toString());
        }
    }
}
