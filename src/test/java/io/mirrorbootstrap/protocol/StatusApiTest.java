package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.protocol.TestChunk.part;
import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.wire.ErrorCode;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;

/** What {@code /v1/mirrors} tells of transfers and snapshots, and removes. */
@QuarkusTest
class StatusApiTest extends WithLink {

    private static final String JSON = "application/json";

    @Test
    void theBoardShowsWhatIsUnderWay() throws Exception {
        byte[] whole = random(4 * MIB, 10);
        open(whole);
        assertPending(2 * MIB, send(part(whole, database, 0, 2 * MIB)));
        status().statusCode(200)
                .body("source_database_id", equalTo(database)).body("source_cluster_id", equalTo("cluster-a"))
                .body("status", equalTo("bootstrapping")).body("bytes_done", equalTo(2 * MIB))
                .body("bytes_total", equalTo(4 * MIB)).body("snapshot_lsn", equalTo(42))
                .body("snapshot_path", nullValue()).body("last_error", nullValue());

        assertRefused(ErrorCode.SNAPSHOT_OFFSET_REGRESSION, send(part(whole, database, 3 * MIB, 4 * MIB)));
        status().body("status", equalTo("bootstrapping"))
                .body("last_error.code", equalTo(ErrorCode.SNAPSHOT_OFFSET_REGRESSION.spelling()));

        assertCommitted(send(part(whole, database, 2 * MIB, 4 * MIB)));
        status().body("status", equalTo("following"))
                .body("bytes_done", equalTo(4 * MIB)).body("durable_bytes", equalTo(4 * MIB))
                .body("crc32c", equalTo(String.format("0x%08x", TestChunk.crc(whole))))
                .body("snapshot_path", equalTo(file(".snapshot").toString())).body("last_error", nullValue());
        given().get("/v1/mirrors").then().statusCode(200).body("source_database_id", hasItem(database));
    }

    @Test
    void theBoardShowsTheBytesOfThisMoment() throws Exception {
        byte[] whole = random(1000, 10);
        open(whole);
        assertPending(10, send(part(whole, database, 0, 10)));
        status().body("bytes_done", equalTo(10));
        given().get("/v1/mirrors").then()
                .body("find { it.source_database_id == '" + database + "' }.bytes_done", equalTo(10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nobody", "..%2F..%2Fetc", "%20"})
    void anUnknownMirrorIsNotFound(String name) {
        given().urlEncodingEnabled(false).get("/v1/mirrors/" + name).then().statusCode(404)
                .body("code", equalTo(ErrorCode.NOT_FOUND.spelling()));
    }

    @Test
    void eachChangeIsTold() throws Exception {
        byte[] whole = random(1000, 77);
        try (EventStream events = new EventStream(service.resolve("/v1/mirrors/" + database + "/events"), "")) {
            open(whole);
            assertEquals("bootstrapping", events.next().path("status").asText());
            assertCommitted(send(TestChunk.of(whole, database)));
            // a change may be told twice
            JsonNode last = events.nextThat(event -> !event.path("status").asText().equals("bootstrapping"));
            assertEquals("following", last.path("status").asText());
            assertEquals(1000, last.path("bytes_done").asInt());
        }
        try (EventStream all = new EventStream(service.resolve("/v1/mirrors/events"), "")) {
            // how it is comes first
            all.nextThat(event -> event.path("source_database_id").asText().equals(database));
        }
    }

    @Test
    void aDatabaseMayBeNamedEvents() throws Exception {
        given().accept(JSON).get("/v1/mirrors/events").then().statusCode(404)
                .body("code", equalTo(ErrorCode.NOT_FOUND.spelling()));
        assertCommitted(send(TestChunk.of(random(1000, 80), "events")));

        given().accept(JSON).get("/v1/mirrors/events").then().statusCode(200).contentType(JSON)
                .body("source_database_id", equalTo("events")).body("status", equalTo("following"));
        for (String accept : new String[]{"application/json, text/plain", "text/event-stream;q=0, application/json",
                "application/json;q=0.1, text/event-stream; q=0.0", "*/*, text/event-stream;q=0"}) {
            given().header("Accept", accept).get("/v1/mirrors/events").then().contentType(JSON);
        }
        for (String accept : new String[]{"text/event-stream", "*/*", "text/event-stream;q=0.1, application/json",
                "application/json, */*", "application/json;q=0, */*", ""}) {
            try (EventStream all = new EventStream(service.resolve("/v1/mirrors/events"), accept)) {
                assertTrue(all.next().has("source_database_id"), accept);
            }
        }
        try (EventStream one = new EventStream(service.resolve("/v1/mirrors/events/events"), "")) {
            assertEquals("events", one.next().path("source_database_id").asText());
        }

        given().delete("/v1/mirrors/events").then().statusCode(204);
        given().accept(JSON).get("/v1/mirrors/events").then().body("status", equalTo("following"));
        given().delete("/v1/mirrors/events?snapshot=true").then().statusCode(204);
        given().accept(JSON).get("/v1/mirrors/events").then().statusCode(404);
        assertFalse(Files.exists(directory.path().resolve("events.snapshot")));
        given().get("/q/openapi?format=json").then()
                .body("paths.'/v1/mirrors/events'.get.responses.'200'.content.keySet()",
                        hasItems("text/event-stream", JSON));
    }

    @Test
    void theDocumentOfTheApiIsThereInBothForms() {
        for (String json : List.of("/q/openapi.json", "/q/openapi?format=JSON")) {
            given().get(json).then().statusCode(200).contentType(JSON).body("info.title", equalTo("mirror-bootstrap"))
                    .body("paths.keySet()", hasItems("/v1/mirrors", "/v1/mirrors/{database}/snapshot"));
        }
        given().accept(JSON).get("/q/openapi").then().statusCode(200).contentType(JSON);
        for (String yaml : List.of("/q/openapi", "/q/openapi.yaml", "/q/openapi.yml?format=json")) {
            String tag = given().get(yaml).then().statusCode(200).contentType("application/yaml")
                    .body(startsWith("---")).extract().header("ETag");
            given().header("If-None-Match", tag).get(yaml).then().statusCode(304);
        }
        given().head("/q/openapi").then().statusCode(200).header("Content-Length", not("0"));
        given().post("/q/openapi").then().statusCode(405).header("Allow", "GET, HEAD");
    }

    @ParameterizedTest
    @ValueSource(strings = {"garbage", "text/html, garbage"})
    void typesThatAreNoneAreNotAcceptable(String types) {
        given().header("Accept", types).get("/v1/mirrors/events").then().statusCode(406);
        given().header("Accept", types).get("/v1/mirrors").then().statusCode(406);
        // a request that has no body has no type of it
        given().header("Content-Type", types).accept(JSON).get("/v1/mirrors/events").then().statusCode(404)
                .body("code", equalTo(ErrorCode.NOT_FOUND.spelling()));
    }

    @Test
    void whatIsUnderWayCanBeRemovedAndTheSnapshotOnlyWhenThatIsSaid() throws Exception {
        byte[] whole = random(1000, 78);
        assertCommitted(send(TestChunk.of(whole, database)));
        assertPending(100, send(part(random(500, 79), database, 0, 100)));

        given().delete("/v1/mirrors/" + database).then().statusCode(204);
        assertFalse(Files.exists(file(".partial")));
        assertSnapshotIs(whole);
        status().body("status", equalTo("following"));

        given().delete("/v1/mirrors/" + database + "?snapshot=true").then().statusCode(204);
        assertFalse(Files.exists(file(".snapshot")));
        assertFalse(Files.exists(file(".manifest.json")));
        status().statusCode(404);
        given().delete("/v1/mirrors/" + database).then().statusCode(204);
        given().delete("/v1/mirrors/-no-name").then().statusCode(404);
    }

    @Test
    void whatHasFailedIsNotListedAnyMoreBehindItsRemoval() throws Exception {
        byte[] whole = random(100, 81);
        assertRefused(ErrorCode.SNAPSHOT_CRC_MISMATCH, send(TestChunk.of(whole, database).totalCrc(1)));
        status().body("status", equalTo("failed"));
        given().delete("/v1/mirrors/" + database).then().statusCode(204);
        status().statusCode(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "=", "=1", "=yes", "=TRUE", "=true&snapshot=false", "=true&snapshot=true"})
    void whatIsNeitherTrueNorFalseRemovesNothing(String value) throws Exception {
        byte[] whole = random(1000, 81);
        assertCommitted(send(TestChunk.of(whole, database)));
        assertPending(100, send(part(random(500, 82), database, 0, 100)));

        given().urlEncodingEnabled(false).delete("/v1/mirrors/" + database + "?snapshot" + value).then()
                .statusCode(400).contentType(JSON).body("code", equalTo(ErrorCode.MALFORMED_REQUEST.spelling()));
        assertSnapshotIs(whole);
        status().body("status", equalTo("bootstrapping"));
        given().delete("/v1/mirrors/" + database + "?snapshot=false").then().statusCode(204);
        status().body("status", equalTo("following"));
    }

    @ParameterizedTest
    @CsvSource({"/v1/mirrors, 'GET, HEAD, OPTIONS'", "/v1/mirrors/db, 'DELETE, GET, HEAD, OPTIONS'",
            "/v1/mirrors/events, 'DELETE, GET, HEAD, OPTIONS'", "/v1/mirrors/db/events, 'GET, HEAD, OPTIONS'"})
    void aMethodThatAPathDoesNotHaveIsToldThoseThatItHas(String path, String allowed) {
        given().post(path).then().statusCode(405).header("Allow", allowed);
        given().options(path).then().statusCode(200).header("Allow", allowed);
        given().options(path + "/no/path").then().statusCode(404);
    }

    private ValidatableResponse status() {
        return given().get("/v1/mirrors/" + database).then();
    }
}
