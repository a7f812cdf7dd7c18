package io.mirrorbootstrap;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** The vectors of docs/protocol-vectors.json, which other implementations run against, too. */
public final class ProtocolVectors {

    private static final Path FILE = Path.of("docs", "protocol-vectors.json");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNode ALL = read();

    private ProtocolVectors() {
    }

    /** One vector, called by its name or code. */
    public record Vector(JsonNode node) {

        /** A text of it, which is there. */
        public String text(String field) {
            return node.required(field).textValue();
        }

        public boolean has(String field) {
            return node.has(field);
        }

        @Override
        public String toString() {
            return (node.has("name") ? node.get("name") : node.required("code")).asText();
        }
    }

    /** A value that stands beside the lists of vectors. */
    public static JsonNode value(String name) {
        return ALL.required(name);
    }

    /** The vectors of one list. */
    public static List<Vector> list(String name) {
        return stream(ALL.required(name)).map(Vector::new).toList();
    }

    /** The bytes that an array stands for: hex digits, and hex digits that are repeated. */
    public static byte[] bytes(JsonNode parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (JsonNode part : parts) {
            byte[] once = HexFormat.of().parseHex((part.isTextual() ? part : part.required("hex")).textValue());
            for (int times = part.isTextual() ? 1 : part.required("times").intValue(); times > 0; times--) {
                bytes.writeBytes(once);
            }
        }
        return bytes.toByteArray();
    }

    /** The elements of an array. */
    public static Stream<JsonNode> stream(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private static JsonNode read() {
        try {
            return JSON.readTree(FILE.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
