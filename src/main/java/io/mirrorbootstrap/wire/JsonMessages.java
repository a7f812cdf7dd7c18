package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import com.fasterxml.jackson.core.JsonGenerator;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;

/** The text messages of the protocol: control messages and answers, both ways. Any thread; no state. */
public final class JsonMessages {

    /** The longest control message read, in bytes. */
    public static final int MAX_CONTROL_BYTES = Json.MAX_LENGTH;

    private static final List<String> OF_EVERY_ERROR = List.of(Fields.TYPE, Fields.CODE, Fields.MESSAGE,
            Fields.SOURCE_DATABASE_ID);

    private JsonMessages() {
    }

    /**
     * Reads a control message.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} or {@link Refusal.InvalidDatabaseId}
     */
    public static Control control(String text) {
        Json.Reader message = Json.read(text);
        String type = message.text(Fields.TYPE);
        switch (type) {
            case "open":
                return new Control.Open(
                        new Announcement(message.identity(Optional.empty()), message.flag(Fields.REPLACE),
                                message.notes()),
                        message.texts(Fields.COMPRESSION).contains(Fields.ZSTD));
            case "abort":
                return new Control.Abort(message.database());
            default :
                throw Json.malformed("type " + Text.quoted(type) + " is unknown: it must be open or abort");
        }
    }

    /** Writes a control message. */
    public static String write(Control control) {
        if (control instanceof Control.Open open) {
            SnapshotIdentity identity = open.snapshot().identity();
            return JsonWriter.write(json -> {
                json.writeStringField(Fields.TYPE, "open");
                JsonWriter.writeIdentity(json, identity);
                json.writeNumberField(Fields.TOTAL_CRC32C, identity.totalCrc32c().unsigned());
                if (open.snapshot().isMeant()) {
                    json.writeBooleanField(Fields.REPLACE, true);
                }
                JsonWriter.writeNotes(json, open.snapshot().notes());
                if (open.offersZstd()) {
                    json.writeArrayFieldStart(Fields.COMPRESSION);
                    json.writeString(Fields.ZSTD);
                    json.writeEndArray();
                }
            });
        }
        Control.Abort abort = (Control.Abort) control;
        return JsonWriter.write(json -> {
            json.writeStringField(Fields.TYPE, "abort");
            JsonWriter.writeDatabase(json, abort.database());
        });
    }

    /** Writes an answer. */
    public static String write(Answer answer) {
        if (answer instanceof Answer.Pending pending) {
            return JsonWriter.write(json -> {
                json.writeStringField(Fields.TYPE, "pending");
                JsonWriter.writeDatabase(json, pending.database());
                json.writeNumberField(Fields.BYTES_DONE, pending.bytesDone());
                json.writeNumberField(Fields.DURABLE_BYTES, pending.durableBytes());
            });
        } else if (answer instanceof Answer.Opened opened) {
            return JsonWriter.write(json -> {
                json.writeStringField(Fields.TYPE, "opened");
                JsonWriter.writeDatabase(json, opened.database());
                json.writeNumberField(Fields.OFFSET, opened.offset());
                json.writeNumberField(Fields.MAX_CHUNK_BYTES, opened.maxChunkBytes());
                json.writeNumberField(Fields.WINDOW_BYTES, opened.windowBytes());
                if (opened.windowMessages().isPresent()) {
                    json.writeNumberField(Fields.WINDOW_MESSAGES, opened.windowMessages().getAsLong());
                }
                if (opened.checkpointBytes().isPresent()) {
                    json.writeNumberField(Fields.CHECKPOINT_BYTES, opened.checkpointBytes().getAsLong());
                }
                JsonWriter.writeIfThere(json, Fields.CRC32C, opened.crc32c().map(Crc32c::toString));
                if (opened.takesZstd()) {
                    json.writeStringField(Fields.COMPRESSION, Fields.ZSTD);
                }
            });
        } else if (answer instanceof Answer.Committed committed) {
            return JsonWriter.write(json -> {
                json.writeStringField(Fields.TYPE, "committed");
                JsonWriter.writeDatabase(json, committed.database());
                json.writeNumberField(Fields.SNAPSHOT_LSN, committed.lsn());
                json.writeNumberField(Fields.BYTES, committed.bytes());
                json.writeStringField(Fields.CRC32C, committed.crc32c().toString());
                json.writeStringField(Fields.SNAPSHOT_PATH, committed.snapshotPath());
                JsonWriter.writeIfThere(json, Fields.POSITION, committed.position());
            });
        } else if (answer instanceof Answer.Aborted aborted) {
            return JsonWriter.write(json -> {
                json.writeStringField(Fields.TYPE, "aborted");
                JsonWriter.writeDatabase(json, aborted.database());
            });
        } else if (answer instanceof Answer.Refused refused) {
            return error(ErrorCode.of(refused.refusal()), refused.refusal().message(), refused.database(),
                    ErrorCode.fields(refused.refusal()));
        }
        throw new IllegalArgumentException("only a source reads " + answer + ", nobody writes it");
    }

    /** Writes an error object for something that is no refusal of the domain. */
    public static String error(ErrorCode code, String message) {
        return error(code, message, Optional.empty(), Map.of());
    }

    /**
     * Reads an answer, as a source does.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} or {@link Refusal.InvalidDatabaseId} when {@code text} is no answer
     */
    public static Answer answer(String text) {
        Json.Reader message = Json.read(text);
        String type = message.text(Fields.TYPE);
        if (type.equals("error")) {
            return failure(message);
        }
        DatabaseId database = message.database();
        switch (type) {
            case "pending":
                return new Answer.Pending(database, message.number(Fields.BYTES_DONE),
                        message.number(Fields.DURABLE_BYTES));
            case "opened":
                return new Answer.Opened(database, message.number(Fields.OFFSET),
                        message.number(Fields.MAX_CHUNK_BYTES),
                        message.number(Fields.WINDOW_BYTES), message.optionalNumber(Fields.WINDOW_MESSAGES),
                        message.optionalNumber(Fields.CHECKPOINT_BYTES), message.optionalCrc(Fields.CRC32C),
                        message.optionalText(Fields.COMPRESSION).filter(Fields.ZSTD::equals).isPresent());
            case "committed":
                return new Answer.Committed(database, message.number(Fields.SNAPSHOT_LSN),
                        message.number(Fields.BYTES), message.crc(Fields.CRC32C),
                        message.text(Fields.SNAPSHOT_PATH), message.position());
            case "aborted":
                return new Answer.Aborted(database);
            default :
                throw Json.malformed("an answer of type " + Text.quoted(type) + " is unknown");
        }
    }

    /**
     * Reads an error as a source does, also an error of the HTTP API, which need not have a type. What its code says decides, so one without
     * a message is one, too.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} when {@code text} is no error
     */
    public static Answer.Failure failure(String text) {
        return failure(Json.read(text));
    }

    private static Answer.Failure failure(Json.Reader message) {
        Map<String, String> fields = new LinkedHashMap<>();
        message.node().properties().forEach(field -> {
            if (!OF_EVERY_ERROR.contains(field.getKey())) {
                fields.put(field.getKey(), field.getValue().asText());
            }
        });
        String code = message.text(Fields.CODE);
        return new Answer.Failure(code,
                Optional.ofNullable(message.node().path(Fields.MESSAGE).textValue()).orElse(code),
                Optional.ofNullable(message.node().path(Fields.SOURCE_DATABASE_ID).textValue()), fields);
    }

    private static String error(ErrorCode code, String message, Optional<DatabaseId> database,
            Map<String, Object> fields) {
        return JsonWriter.write(json -> {
            json.writeStringField(Fields.TYPE, "error");
            json.writeStringField(Fields.CODE, code.spelling());
            json.writeStringField(Fields.MESSAGE, message);
            json.writeStringField(Fields.SOURCE_DATABASE_ID, database.map(DatabaseId::value).orElse(null));
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
