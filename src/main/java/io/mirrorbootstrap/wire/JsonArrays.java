package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.Text;

/** Arrays of JSON objects, read one object after the other. */
final class JsonArrays {

    /** Finds where each object of an array ends, and keeps nothing of it; how long the whole may be, who has it in memory says. */
    private static final JsonFactory ARRAYS = new JsonFactoryBuilder().disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(17).build()).build();

    private JsonArrays() {
    }

    /**
     * Reads an array of objects, each of them as if it were alone: it has the bounds of one, and no tree of two is in memory.
     *
     * @param most so many may be in it
     * @throws RefusedException with {@link Refusal.MalformedControl} when {@code utf8} is not one JSON array of so many, or as {@code reading}
     */
    static <T> List<T> read(byte[] utf8, int most, Function<Json.Reader, T> reading) {
        String text = Json.text(utf8);
        List<T> read = new ArrayList<>();
        try (JsonParser json = ARRAYS.createParser(text)) {
            if (json.nextToken() != JsonToken.START_ARRAY) {
                throw Json.malformed("not a JSON array");
            }
            while (json.nextToken() == JsonToken.START_OBJECT) {
                if (read.size() == most) {
                    throw Json.malformed("an array of more than " + most);
                }
                int start = (int) json.currentTokenLocation().getCharOffset();
                json.skipChildren();
                read.add(reading.apply(Json.read(text.substring(start, (int) json.currentLocation().getCharOffset()))));
            }
            if (json.currentToken() != JsonToken.END_ARRAY || json.nextToken() != null) {
                throw Json.malformed("not a JSON array of objects alone");
            }
            return read;
        } catch (JsonProcessingException e) {
            throw Json.malformed("not a JSON array: " + Text.readable(e.getOriginalMessage()));
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory failed", e);
        }
    }
}
