package io.mirrorbootstrap.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.function.Predicate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** What the service tells as it happens. */
final class EventStream implements AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DATA = "data:";

    private final BufferedReader lines;

    /** @param accept what is asked for; nothing is said of it when empty */
    EventStream(URI uri, String accept) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        if (!accept.isEmpty()) {
            request.header("Accept", accept);
        }
        HttpResponse<InputStream> events = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        assertEquals("text/event-stream", events.headers().firstValue("content-type").orElseThrow(), accept);
        lines = new BufferedReader(new InputStreamReader(events.body()));
    }

    /** The next event. */
    JsonNode next() throws IOException {
        String line = "";
        while (!line.startsWith(DATA)) {
            line = lines.readLine();
            assertNotNull(line, "the stream has ended");
        }
        return JSON.readTree(line.substring(DATA.length()));
    }

    /** The next event of which this is true. */
    JsonNode nextThat(Predicate<JsonNode> isWanted) throws IOException {
        JsonNode event = next();
        while (!isWanted.test(event)) {
            event = next();
        }
        return event;
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
