package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.OptionalLong;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.Text;

/** One JSON object, read strictly and within bounds, or written field by field. */
final class Json {

    /** The longest object read, in characters. */
    static final int MAX_LENGTH = 64 * 1024;

    private static final JsonFactory FACTORY = new JsonFactoryBuilder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(16).maxDocumentLength(MAX_LENGTH).build())
            .build();

    private static final ObjectReader TREES = JsonMapper.builder(FACTORY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(JsonNode.class);

    private Json() {
    }

    interface Fields {
        void write(JsonGenerator json) throws IOException;
    }

    static String write(Fields fields) {
        StringWriter text = new StringWriter(160);
        try (JsonGenerator json = FACTORY.createGenerator(text)) {
            json.writeStartObject();
            fields.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return text.toString();
    }

    /**
     * @throws RefusedException with {@link Refusal.MalformedControl} when {@code text} is not one JSON object
     */
    static Reader read(String text) {
        JsonNode node;
        try {
            node = TREES.readTree(text);
        } catch (JsonProcessingException e) {
            throw malformed("not a JSON object: " + Text.readable(e.getOriginalMessage()));
        }
        if (!node.isObject()) {
            throw malformed("not a JSON object");
        }
        return new Reader(node);
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

        long number(String field, long max) {
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
            return node.hasNonNull(field) ? OptionalLong.of(number(field, Long.MAX_VALUE)) : OptionalLong.empty();
        }

        /** A CRC may be written as the number that an envelope carries, or in the printed form. */
        Crc32c crc(String field) {
            JsonNode value = present(field);
            if (value.isTextual()) {
                return Crc32c.parse(value.textValue()).orElseThrow(() -> malformed(
                        field + " is " + Text.quoted(value.textValue()) + ", it must be 0x and 8 hex digits"));
            }
            return new Crc32c((int) number(field, 0xFFFF_FFFFL));
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
