package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;

/** One JSON object, read strictly and within bounds. */
final class Json {

    /** The longest object read, in characters. */
    static final int MAX_LENGTH = 64 * 1024;

    /** Keeps no name of a field: Java's table of names, and in the native executable that of its texts, would grow with what others say. */
    static final JsonFactory FACTORY = new JsonFactoryBuilder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(16).maxDocumentLength(MAX_LENGTH).build())
            .build();

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private static final Set<String> KEPT = Set.of(Fields.LAST_ERROR, Fields.LABELS, Fields.COMPRESSION);

    /** How many values of an array are kept: those behind them are passed over. */
    private static final int MAX_ELEMENTS = 16;

    private Json() {
    }

    /**
     * Reads an object of UTF-8. What is malformed is not replaced: a name would be another one then.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} when {@code utf8} is not one JSON object
     */
    static Reader read(byte[] utf8) {
        return read(text(utf8));
    }

    static String text(byte[] utf8) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw malformed("not UTF-8");
        }
    }

    /**
     * Reads an object. What is in its objects and arrays is passed over, but for those of {@link #KEPT}: no other field that is
     * known has one, and kept as a tree a text takes forty times its length.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} when {@code text} is not one JSON object
     */
    static Reader read(String text) {
        try (JsonParser json = FACTORY.createParser(text)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw malformed("not a JSON object");
            }
            ObjectNode fields = fields(json, KEPT);
            if (json.nextToken() != null) {
                throw malformed("not a JSON object: something follows it");
            }
            return new Reader(fields);
        } catch (JsonProcessingException e) {
            throw malformed("not a JSON object: " + Text.readable(e.getOriginalMessage()));
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory failed", e);
        }
    }

    /** @param kept the fields of which an object is kept, but for what is in it deeper */
    private static ObjectNode fields(JsonParser json, Set<String> kept) throws IOException {
        ObjectNode fields = NODES.objectNode();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            JsonToken token = json.nextToken();
            fields.set(name,
                    kept.contains(name) ? inside(json, token) : value(json, token));
        }
        return fields;
    }

    private static JsonNode inside(JsonParser json, JsonToken token) throws IOException {
        return switch (token) {
            case START_OBJECT -> fields(json, Set.of());
            case START_ARRAY -> elements(json);
            default -> value(json, token);
        };
    }

    private static ArrayNode elements(JsonParser json) throws IOException {
        ArrayNode elements = NODES.arrayNode();
        for (JsonToken token = json.nextToken(); token != JsonToken.END_ARRAY; token = json.nextToken()) {
            JsonNode element = value(json, token);
            if (elements.size() < MAX_ELEMENTS) {
                elements.add(element);
            }
        }
        return elements;
    }

    private static JsonNode value(JsonParser json, JsonToken token) throws IOException {
        return switch (token) {
            case START_OBJECT -> {
                json.skipChildren();
                yield NODES.objectNode();
            }
            case START_ARRAY -> {
                json.skipChildren();
                yield NODES.arrayNode();
            }
            case VALUE_STRING -> NODES.textNode(json.getText());
            case VALUE_NUMBER_INT -> json.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                    ? NODES.numberNode(json.getBigIntegerValue())
                    : NODES.numberNode(json.getLongValue());
            case VALUE_NUMBER_FLOAT -> NODES.numberNode(json.getDoubleValue());
            case VALUE_TRUE, VALUE_FALSE -> NODES.booleanNode(token == JsonToken.VALUE_TRUE);
            case VALUE_NULL -> NODES.nullNode();
            default -> throw new IllegalStateException("no value begins with " + token);
        };
    }

    static RefusedException malformed(String reason) {
        return new RefusedException(new Refusal.MalformedControl(reason));
    }

    /**
     * The fields of an object; each method throws a {@link RefusedException} with {@link Refusal.MalformedControl} that
     * names the field when it is missing or of another type or range.
     */
    record Reader(JsonNode node) {

        String text(String field) {
            JsonNode value = present(field);
            if (!value.isTextual()) {
                throw malformed(field + " must be a string");
            }
            return value.textValue();
        }

        private long number(String field, long max) {
            JsonNode value = present(field);
            if (!value.isIntegralNumber()) {
                throw malformed(field + " must be an integer");
            }
            if (!value.canConvertToLong() || value.longValue() < 0 || value.longValue() > max) {
                throw malformed(field + " is " + Text.quoted(value.asText()) + ", it must be from 0 to " + max);
            }
            return value.longValue();
        }

        /** Empty where there is none, or null. */
        OptionalLong optionalNumber(String field) {
            return node.hasNonNull(field) ? OptionalLong.of(number(field)) : OptionalLong.empty();
        }

        /** Empty where there is none, or null. */
        Optional<Instant> optionalTime(String field) {
            try {
                return optionalText(field).map(Instant::parse);
            } catch (DateTimeException e) {
                throw malformed(field + " is " + Text.quoted(text(field)) + ", it must be a time as in RFC 3339");
            }
        }

        /** False where there is none, or null. */
        boolean flag(String field) {
            if (!node.hasNonNull(field)) {
                return false;
            } else if (!node.get(field).isBoolean()) {
                throw malformed(field + " must be true or false");
            }
            return node.get(field).booleanValue();
        }

        /** Empty where there is none, or null. */
        Optional<String> optionalText(String field) {
            return node.hasNonNull(field) ? Optional.of(text(field)) : Optional.empty();
        }

        /** Empty where there is none, or null. */
        Optional<Crc32c> optionalCrc(String field) {
            return node.hasNonNull(field) ? Optional.of(crc(field)) : Optional.empty();
        }

        /** The first of an array of strings; none where there is none, or null. */
        List<String> texts(String field) {
            List<String> texts = new ArrayList<>();
            if (node.hasNonNull(field)) {
                node.get(field).forEach(each -> texts.add(each.textValue()));
                if (!node.get(field).isArray() || texts.contains(null)) {
                    throw malformed(field + " must be an array of strings");
                }
            }
            return texts;
        }

        Optional<String> streamId() {
            Optional<String> name = optionalText(Fields.STREAM_ID);
            name.filter(text -> !SnapshotIdentity.isValidStreamId(text)).ifPresent(text -> {
                throw malformed(
                        Fields.STREAM_ID + " " + Text.quoted(text) + " must have " + SnapshotIdentity.STREAM_ID_RULE);
            });
            return name;
        }

        Optional<String> position() {
            Optional<String> position = optionalText(Fields.POSITION);
            position.filter(text -> !Notes.isValidPosition(text)).ifPresent(text -> {
                throw malformed(Fields.wrongPosition(text));
            });
            return position;
        }

        Notes notes() {
            return new Notes(position(), labels());
        }

        private Map<String, String> labels() {
            if (!node.hasNonNull(Fields.LABELS)) {
                return Map.of();
            }
            Map<String, String> labels = new HashMap<>();
            node.get(Fields.LABELS).properties()
                    .forEach(label -> labels.put(label.getKey(), label.getValue().textValue()));
            if (!node.get(Fields.LABELS).isObject() || labels.containsValue(null) || !Notes.areValidLabels(labels)) {
                throw malformed(Fields.LABELS + " must be an object of " + Notes.LABELS_RULE);
            }
            return labels;
        }

        /** A CRC-32C is a number, as in an envelope, or printed, as {@code 0x} and 8 hex digits. */
        Crc32c crc(String field) {
            JsonNode value = present(field);
            if (value.isTextual()) {
                return Crc32c.parse(value.textValue()).orElseThrow(() -> malformed(
                        field + " is " + Text.quoted(value.textValue()) + ", it must be 0x and 8 hex digits"));
            }
            return new Crc32c((int) number(field, Fields.MAX_CRC32C));
        }

        /** From 0 to 2^63-1. */
        long number(String field) {
            return number(field, Long.MAX_VALUE);
        }

        /** @throws RefusedException also with {@link Refusal.InvalidDatabaseId} */
        DatabaseId database() {
            return new DatabaseId(text(Fields.SOURCE_DATABASE_ID));
        }

        String cluster() {
            String cluster = text(Fields.SOURCE_CLUSTER_ID);
            if (!SnapshotIdentity.isValidClusterId(cluster)) {
                throw malformed(Fields.wrongClusterId(cluster));
            }
            return cluster;
        }

        /** @throws RefusedException also with {@link Refusal.InvalidDatabaseId} */
        SnapshotIdentity identity(Optional<String> owner) {
            return new SnapshotIdentity(cluster(), database(), number(Fields.SNAPSHOT_LSN),
                    number(Fields.TOTAL_BYTES), crc(Fields.TOTAL_CRC32C), streamId(), owner);
        }

        private JsonNode present(String field) {
            JsonNode value = node.get(field);
            if (value == null) {
                throw malformed(field + " is missing");
            }
            return value;
        }
    }
}
