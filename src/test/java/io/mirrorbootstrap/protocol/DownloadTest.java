package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.protocol.TestChunk.part;
import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.nullValue;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.wire.ErrorCode;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;

/** A committed snapshot, and its manifest, read through the port. */
@QuarkusTest
class DownloadTest extends WithLink {

    private static final int BYTES = 5 * MIB + 17;

    private final byte[] whole = random(BYTES, 21);

    private void commit(byte[] bytes) throws Exception {
        assertCommitted(send(TestChunk.of(bytes, database)));
    }

    private String path() {
        return "/v1/mirrors/" + database + "/snapshot";
    }

    private String tag() {
        return String.format(Locale.ROOT, "\"%08x-%d-42\"", TestChunk.crc(whole), BYTES);
    }

    @Test
    void allOfItComesWithItsTag() throws Exception {
        commit(whole);
        Response all = given().get(path());
        all.then().statusCode(200).header("ETag", tag()).header("Accept-Ranges", "bytes")
                .header("Content-Length", String.valueOf(BYTES)).header("Content-Type", "application/octet-stream")
                .header("Content-Range", nullValue());
        assertArrayEquals(whole, all.asByteArray());

        given().head(path()).then().statusCode(200).header("ETag", tag())
                .header("Content-Length", String.valueOf(BYTES));
        given().header("Range", "bytes=1-2").head(path()).then().statusCode(200)
                .header("Content-Length", String.valueOf(BYTES));
    }

    @ParameterizedTest
    @CsvSource({"bytes=0-0, 0, 1", "bytes=1048575-3145728, 1048575, 3145729", "bytes=-17, 5242880, 5242897",
            "bytes=5242896-, 5242896, 5242897", "bytes=0-, 0, 5242897"})
    void aRangeIsAPart(String range, int from, int to) throws Exception {
        commit(whole);
        Response part = given().header("Range", range).get(path());
        part.then().statusCode(206).header("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + BYTES)
                .header("Content-Length", String.valueOf(to - from)).header("ETag", tag());
        assertArrayEquals(Arrays.copyOfRange(whole, from, to), part.asByteArray());
    }

    @Test
    void conditionsAreKept() throws Exception {
        commit(whole);
        String other = "\"00000000-1-1\"";
        given().header("Range", "bytes=" + BYTES + "-").get(path()).then().statusCode(416)
                .header("Content-Range", "bytes */" + BYTES);
        given().header("If-None-Match", other + ", W/" + tag()).get(path()).then().statusCode(304)
                .header("ETag", tag());
        given().header("If-None-Match", "*").head(path()).then().statusCode(304);
        given().header("If-None-Match", other).get(path()).then().statusCode(200);
        for (String notIt : new String[]{other, "W/" + tag(), other + ", w/" + tag(), ""}) {
            given().header("If-Match", notIt).get(path()).then().statusCode(412);
        }
        given().header("If-Match", "W/" + tag() + "," + tag()).head(path()).then().statusCode(200);
        given().header("If-Match", "*").head(path()).then().statusCode(200);
        given().header("If-Match", tag()).header("Range", "bytes=1-2").get(path()).then().statusCode(206);
        given().header("If-Range", tag()).header("Range", "bytes=1-2").get(path()).then().statusCode(206);
        for (String stale : new String[]{other, "W/" + tag(), "Sat, 28 Nov 2026 00:00:00 GMT"}) {
            given().header("If-Range", stale).header("Range", "bytes=1-2").get(path()).then().statusCode(200);
        }
    }

    @Test
    void theManifestSaysWhatTheFileSays() throws Exception {
        commit(whole);
        Response manifest = given().get("/v1/mirrors/" + database + "/manifest");
        manifest.then().statusCode(200).contentType("application/json");
        assertArrayEquals(Files.readAllBytes(file(".manifest.json")), manifest.asByteArray());
    }

    @Test
    void whatIsNotThereIsNotFound() throws Exception {
        for (String name : List.of("nobody", "..%2F..%2Fetc", database)) {
            for (String what : List.of("/snapshot", "/manifest")) {
                given().urlEncodingEnabled(false).get("/v1/mirrors/" + name + what).then().statusCode(404)
                        .body("code", equalTo(ErrorCode.NOT_FOUND.spelling()));
            }
        }
        commit(whole);
        given().get(path()).then().statusCode(200);
        given().post(path()).then().statusCode(405).header("Allow", "GET, HEAD");
        given().delete("/v1/mirrors/" + database + "?snapshot=true").then().statusCode(204);
        given().get(path()).then().statusCode(404);
    }

    @Test
    void aDownloadGoesOnFromTheSameBytesWhenTheSnapshotIsReplaced() throws Exception {
        commit(whole);
        try (RawSocket slow = new RawSocket(service)) {
            String head = slow.ask(get(""));
            assertTrue(head.startsWith("HTTP/1.1 200"), head);
            byte[] next = random(BYTES, 22);
            commit(next);
            assertSnapshotIs(next);
            assertArrayEquals(whole, slow.in().readNBytes(BYTES));
        }
    }

    @Test
    void onOneConnectionOneAnswerComesBehindTheOther() throws Exception {
        commit(whole);
        try (RawSocket socket = new RawSocket(service)) {
            socket.send((new String(get("Range: bytes=7-9\r\n"), StandardCharsets.US_ASCII)
                    + new String(get(""), StandardCharsets.US_ASCII)).getBytes(StandardCharsets.US_ASCII));
            assertTrue(Upgrade.response(socket.in()).startsWith("HTTP/1.1 206"));
            assertArrayEquals(Arrays.copyOfRange(whole, 7, 10), socket.in().readNBytes(3));
            assertTrue(Upgrade.response(socket.in()).startsWith("HTTP/1.1 200"));
            assertArrayEquals(whole, socket.in().readNBytes(BYTES));
        }
    }

    @Test
    void asManyAsMayBeAreUnderWayAtOnce() throws Exception {
        byte[] large = random(32 * MIB, 23); // more than the system holds of what is not read
        for (int at = 0; at < large.length; at += 8 * MIB) {
            send(part(large, database, at, at + 8 * MIB));
        }
        List<RawSocket> unread = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                RawSocket socket = new RawSocket(service);
                unread.add(socket);
                assertTrue(socket.ask(get("")).startsWith("HTTP/1.1 200"));
            }
            given().get(path()).then().statusCode(503).header("Retry-After", matchesPattern("\\d+"))
                    .body("code", equalTo(ErrorCode.TOO_MANY_DOWNLOADS.spelling()));
            given().head(path()).then().statusCode(200);
            given().get("/v1/sidecar").then().body("downloads", equalTo(4)).body("max_downloads", equalTo(4));
        } finally {
            for (RawSocket each : unread) {
                each.close();
            }
        }
        for (int status = 503; status != 206;) { // until it is seen that they have gone
            status = given().header("Range", "bytes=0-0").get(path()).statusCode();
        }
        assertEquals(0, given().get("/v1/sidecar").jsonPath().getInt("downloads"));
    }

    @Test
    void aSnapshotIsRemovedIfItIsTheOneThatIsMeant() throws Exception {
        commit(whole);
        byte[] next = random(1000, 24);
        open(next);
        assertPending(500, send(part(next, database, 0, 500)));
        String mirror = "/v1/mirrors/" + database + "?snapshot=true";
        for (String notIt : List.of("\"00000000-1-1\"", "W/" + tag())) {
            for (String ended : List.of("?snapshot=true", "?snapshot=false", "")) {
                given().header("If-Match", notIt).delete("/v1/mirrors/" + database + ended).then().statusCode(412)
                        .body("code", equalTo(ErrorCode.PRECONDITION_FAILED.spelling()));
            }
        }
        given().get(path()).then().statusCode(200);
        given().header("If-Match", tag()).delete(mirror).then().statusCode(204);
        given().get(path()).then().statusCode(404);
        assertCommitted(send(part(next, database, 500, 1000))); // what was under way has gone on
        given().header("If-Match", tag()).delete(mirror).then().statusCode(412);
        given().get(path()).then().statusCode(200);
    }

    @Test
    void aTransferIsEndedIfTheSnapshotIsTheOneThatIsMeant() throws Exception {
        String mirror = "/v1/mirrors/" + database;
        byte[] next = random(1000, 24);
        open(next);
        given().header("If-Match", "*").delete(mirror).then().statusCode(412); // there is none
        assertCommitted(send(TestChunk.of(next, database)));
        commit(whole);
        open(next);
        assertPending(500, send(part(next, database, 0, 500)));
        given().header("If-Match", tag()).delete(mirror).then().statusCode(204);
        given().get(mirror).then().body("status", equalTo("following")).body("bytes_done", equalTo(BYTES));
        given().get(path()).then().statusCode(200).header("ETag", tag());
    }

    @Test
    void theApiIsDescribed() {
        for (String what : List.of("snapshot", "manifest")) {
            given().get("/q/openapi?format=json").then()
                    .body("paths.'/v1/mirrors/{database}/" + what + "'.get.responses.'404'.description",
                            equalTo("there is none"));
        }
    }

    private byte[] get(String headers) {
        return ("GET " + path() + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }
}
