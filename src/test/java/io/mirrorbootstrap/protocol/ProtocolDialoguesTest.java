package io.mirrorbootstrap.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.ProtocolVectors;
import io.mirrorbootstrap.ProtocolVectors.Vector;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;

/** The dialogues of docs/protocol-vectors.json, played through a real port as that page says that anybody may. */
@QuarkusTest
class ProtocolDialoguesTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final int FRAME_BYTES = 60_000;

    @TestHTTPResource
    URI service;

    private final Map<String, RawClient> links = new HashMap<>();
    private String database;

    static List<Vector> dialogues() {
        return ProtocolVectors.list("dialogues");
    }

    @AfterEach
    void cut() {
        links.values().forEach(RawClient::cut);
    }

    @ParameterizedTest
    @MethodSource("dialogues")
    void theSidecarAnswersAsItIsWritten(Vector dialogue) throws Exception {
        database = dialogue.text("database");
        for (JsonNode step : dialogue.node().get("steps")) {
            play(step);
        }
        links.values().forEach(link -> assertTrue(!link.hasUnreadAnswers(), "it has said more"));
    }

    @Test
    void eachHasADatabaseOfItsOwn() {
        assertEquals(dialogues().size(), dialogues().stream().map(each -> each.text("database")).distinct().count());
    }

    private void play(JsonNode step) throws Exception {
        String what = step.toString();
        if (step.has("send")) {
            send(link(step), step.get("send"));
        } else if (step.has("expect")) {
            assertSays(step.get("expect"), link(step).answer(), what);
        } else if (step.has("expect_close")) {
            assertEquals(step.get("expect_close").intValue(), link(step).closeCode(), what);
        } else if (step.has("cut")) {
            link(step).cut();
        } else if (step.has("expect_mirror")) {
            Awaitility.await().untilAsserted(() -> assertSays(step.get("expect_mirror"),
                    JSON.readTree(get("")), what));
        } else {
            assertEquals(Set.of("expect_snapshot"), Set.copyOf(step.properties().stream().map(Map.Entry::getKey)
                    .toList()), "no such step");
            assertArrayEquals(HexFormat.of().parseHex(step.get("expect_snapshot").textValue()), get("/snapshot"), what);
        }
    }

    private static void send(RawClient link, JsonNode message) throws Exception {
        if (message.has("text")) {
            link.text(message.get("text").textValue());
            return;
        }
        byte[] bytes = ProtocolVectors.bytes(message.get("bytes"));
        if (message.path("unfinished").asBoolean()) {
            link.frame(bytes, 0, bytes.length, false);
        } else {
            link.binary(bytes, FRAME_BYTES);
        }
    }

    /** The first step of a link opens it. */
    private RawClient link(JsonNode step) throws Exception {
        String name = step.required("link").textValue();
        if (!links.containsKey(name)) {
            links.put(name, new RawClient(service));
        }
        return links.get(name);
    }

    private static void assertSays(JsonNode expected, JsonNode said, String step) {
        expected.properties().forEach(field -> assertEquals(field.getValue().asText(),
                said.path(field.getKey()).asText(), () -> step + ": " + field.getKey() + " of " + said));
        expected.fieldNames().forEachRemaining(name -> assertTrue(said.has(name), () -> step + " of " + said));
    }

    private byte[] get(String path) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(service.resolve("/v1/mirrors/" + database + path)).build(),
                BodyHandlers.ofByteArray()).body();
    }
}
