package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.protocol.TestChunk.part;
import static io.mirrorbootstrap.protocol.TestChunk.random;
import static io.mirrorbootstrap.protocol.TestChunk.Form.ARRAY;
import static io.mirrorbootstrap.protocol.TestChunk.Form.MAP_DATA_FIRST;
import static io.mirrorbootstrap.protocol.TestChunk.Form.MAP_DATA_LAST;
import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.nullValue;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import jakarta.inject.Inject;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;

/** What a link does beyond the single chunk: messages in pieces, order, takeover, and what closes it. */
@QuarkusTest
class LinkTest {

    private static final int MIB = 1024 * 1024;
    private static final HttpClient EVENTS = HttpClient.newHttpClient();

    @TestHTTPResource
    URI service;

    @Inject
    SnapshotDirectory directory;

    private final String database = "link-" + UUID.randomUUID();
    private RawClient client;

    @BeforeEach
    void connect() throws Exception {
        client = new RawClient(service);
    }

    @AfterEach
    void cut() {
        client.cut();
    }

    @Test
    void theSubprotocolIsSelected() {
        assertEquals("mirror-bootstrap.v1", client.subprotocol());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 300, 1000})
    void aMessageMayComeInFramesOfAnySizeWithPingsBetween(int frameBytes) throws Exception {
        byte[] whole = random(2500, frameBytes);
        for (TestChunk.Form form : TestChunk.Form.values()) {
            String name = database + form;
            byte[] message = TestChunk.of(whole, name).encode(form);
            for (int at = 0; at < message.length; at += frameBytes) {
                int length = Math.min(frameBytes, message.length - at);
                client.frame(message, at, length, at + length == message.length);
                if (at / frameBytes % 100 == 1) {
                    client.ping();
                }
            }
            assertEquals("committed", client.answer().path("type").asText(), form::name);
            assertArrayEquals(whole, Files.readAllBytes(directory.path().resolve(name + ".snapshot")));
        }
    }

    @Test
    void anEmptyLastFrameEndsAMessage() throws Exception {
        byte[] message = TestChunk.of(random(100, 1), database).encode(MAP_DATA_LAST);
        client.frame(message, 0, message.length, false);
        client.frame(message, 0, 0, true);
        assertEquals("committed", client.answer().path("type").asText());
    }

    @Test
    void aWholeChunkMayComeInOneLargeFrame() throws Exception {
        byte[] whole = random(8 * MIB, 2);
        byte[] message = TestChunk.of(whole, database).encode(ARRAY);
        client.binary(message, message.length);
        assertEquals("committed", client.answer().path("type").asText());
    }

    @Test
    void answersComeInTheOrderOfTheQuestions() throws Exception {
        byte[] whole = random(300_000, 3);
        for (int i = 0; i < 300; i++) {
            client.binary(part(whole, database, i * 1000, (i + 1) * 1000).encode(MAP_DATA_LAST), 60_000);
            if (i % 100 == 50) {
                client.text("{\"type\":\"abort\",\"source_database_id\":\"" + database + "-" + i + "\"}");
            }
        }
        for (int i = 0; i < 299; i++) {
            assertEquals((i + 1) * 1000, client.answer().path("bytes_done").asLong());
            if (i % 100 == 50) {
                assertEquals(database + "-" + i, client.answer().path("source_database_id").asText());
            }
        }
        assertEquals("committed", client.answer().path("type").asText());
    }

    @Test
    void whatCameBeforeACloseIsStillTaken() throws Exception {
        byte[] whole = random(4 * MIB, 4);
        for (int i = 0; i < 4; i++) {
            client.binary(part(whole, database, i * MIB, (i + 1) * MIB).encode(MAP_DATA_LAST), 256 * 1024);
        }
        client.close();
        Awaitility.await().until(() -> Files.exists(file(".snapshot")));
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
    }

    @ParameterizedTest
    @CsvSource({"20000, 1000", "20000, 5000", "307300, 307200", "100000, 16384", "4096, 4095", "50000, 1"})
    void payloadThatComesBeforeItIsKnownWhereItBelongsIsAllThere(int bytes, int frameBytes) throws Exception {
        byte[] whole = random(bytes, frameBytes);
        for (TestChunk.Form form : List.of(MAP_DATA_FIRST, MAP_DATA_LAST)) {
            client.binary(part(whole, database, 0, bytes / 3).encode(form), frameBytes);
            assertEquals(bytes / 3, client.answer().path("bytes_done").asInt());
            client.binary(part(whole, database, bytes / 3, bytes).encode(form), frameBytes);
            assertEquals("committed", client.answer().path("type").asText(), form::toString);
            assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "Host: localhost~Connection: keep-alive~Connection: Upgrade~Upgrade: h2c~Upgrade: WebSocket~V: 13~K: k | 101",
            "Host: localhost~Connection: keep-alive, Upgrade~Upgrade: websocket, h2c~V: 13~K: k | 101",
            "Host: localhost~Connection: Upgrade~Upgrade: websocket~V: 13~K: k~P: other~P: mirror-bootstrap.v1 | 101",
            "Host: localhost~Host: localhost~Connection: Upgrade~Upgrade: websocket~V: 13~K: k | 400",
            "Host: localhost~Connection: Upgrade~Upgrade: websocket~V: 13~K: k~K: k | 400",
            "Host: localhost~Connection: Upgrade~Upgrade: websocket~V: 8~K: k | 426",
            "Host: localhost~Connection: Upgrade~Upgrade: websocket~V: 13~K: short | 400"})
    void aHandshakeMayBeSpelledInAllWaysThatSayTheSame(String fields, int status) throws Exception {
        String headers = fields.replace("~", "\r\n").replace("V: ", "Sec-WebSocket-Version: ").replace("K: k", "K: "
                + "dGhlIHNhbXBsZSBub25jZQ==").replace("K: ", "Sec-WebSocket-Key: ")
                .replace("P: ", "Sec-WebSocket-Protocol: ");
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            socket.getOutputStream().write(("GET /v1/bootstrap HTTP/1.1\r\n" + headers + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            String response = Upgrade.response(socket.getInputStream());
            assertTrue(response.startsWith("HTTP/1.1 " + status), response);
            assertEquals(status == 426, response.toLowerCase(Locale.ROOT).contains("sec-websocket-version: 13"),
                    response);
            assertEquals(fields.contains("P: "),
                    response.toLowerCase(Locale.ROOT).contains("protocol: mirror-bootstrap.v1"),
                    response);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aChunkThatADyingLinkCutsShortLeavesNoByte(boolean dataFirst) throws Exception {
        byte[] whole = random(5000, 5);
        client.text(open(whole));
        client.answer();
        client.binary(part(whole, database, 0, 1000).encode(MAP_DATA_LAST), 60_000);
        client.answer();
        byte[] message = part(whole, database, 1000, 5000).encode(dataFirst ? MAP_DATA_FIRST : MAP_DATA_LAST);
        client.frame(message, 0, message.length - 100, false);
        client.cut();

        awaitStatus("disconnected");
        assertEquals(1000, Files.size(file(".partial")));
    }

    @Test
    void aSecondLinkThatOpensTakesOver() throws Exception {
        byte[] whole = random(5000, 6);
        client.text(open(whole));
        client.answer();
        client.binary(part(whole, database, 0, 1000).encode(MAP_DATA_LAST), 60_000);
        client.answer();
        byte[] message = part(whole, database, 1000, 3000).encode(MAP_DATA_LAST);
        client.frame(message, 0, 1500, false);

        RawClient second = new RawClient(service);
        second.text(open(whole));
        assertEquals(1000, second.answer().path("offset").asLong());
        JsonNode superseded = client.answer();
        assertEquals("superseded", superseded.path("code").asText(), superseded::toString);
        assertEquals(4409, client.closeCode());
        second.binary(part(whole, database, 1000, 5000).encode(MAP_DATA_LAST), 60_000);
        assertEquals("committed", second.answer().path("type").asText());
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
        second.cut();
    }

    @Test
    void aSecondLinkThatSendsOffsetZeroTakesOver() throws Exception {
        byte[] whole = random(5000, 7);
        client.binary(part(whole, database, 0, 1000).encode(MAP_DATA_LAST), 60_000);
        client.answer();

        RawClient second = new RawClient(service);
        second.binary(part(whole, database, 1000, 5000).encode(MAP_DATA_LAST), 60_000);
        assertEquals("snapshot_offset_regression", second.answer().path("code").asText(), "it owns nothing yet");
        second.binary(part(whole, database, 0, 2000).encode(MAP_DATA_LAST), 60_000);
        assertEquals(2000, second.answer().path("bytes_done").asLong());
        assertEquals(4409, client.closeCode());
        second.binary(part(whole, database, 2000, 5000).encode(MAP_DATA_LAST), 60_000);
        assertEquals("committed", second.answer().path("type").asText());
        second.cut();
    }

    @Test
    void bytesThatAreNoChunkCloseTheLink() throws Exception {
        client.binary(new byte[]{(byte) 0xC1, 2, 3}, 100);
        assertRefusedAndClosed("malformed_envelope", 1007);
    }

    @Test
    void aChunkThatEndsTooSoonClosesTheLinkAndLeavesNothing() throws Exception {
        byte[] message = TestChunk.of(random(100, 8), database).encode(MAP_DATA_LAST);
        client.frame(message, 0, message.length - 1, true);
        assertRefusedAndClosed("malformed_envelope", 1007);
        assertFalse(Files.exists(file(".partial")));
        try (var files = Files.list(directory.path())) {
            assertTrue(files.noneMatch(file -> file.getFileName().toString().startsWith("." + database)));
        }
    }

    @Test
    void aMalformedChunkDiscardsATransferThatWasNotOpened() throws Exception {
        client.binary(part(random(100, 9), database, 0, 50).encode(MAP_DATA_LAST), 60_000);
        client.answer();
        client.binary(new byte[0], 1);
        assertRefusedAndClosed("malformed_envelope", 1007);
        assertFalse(Files.exists(file(".partial")), "gone before the source hears of it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no json", "[]", "{}", "{\"type\":\"hello\"}", "{\"type\":\"open\"}",
            "{\"type\":\"abort\",\"type\":\"abort\",\"source_database_id\":\"x\"}",
            "{\"type\":\"abort\",\"source_database_id\":7}", "{\"type\":\"abort\",\"source_database_id\":\"x\"} x",
            "{\"type\":\"open\",\"source_cluster_id\":\"c\",\"source_database_id\":\"d\",\"snapshot_lsn\":-1,"
                    + "\"total_bytes\":0,\"total_crc32c\":0}",
            "{\"type\":\"open\",\"source_cluster_id\":\"c\",\"source_database_id\":\"d\",\"snapshot_lsn\":1,"
                    + "\"total_bytes\":9223372036854775808,\"total_crc32c\":0}"})
    void aControlMessageThatCannotBeReadClosesTheLink(String message) throws Exception {
        client.text(message);
        assertRefusedAndClosed("malformed_control", 1007);
    }

    @Test
    void anEndlessControlMessageClosesTheLink() throws Exception {
        for (int i = 0; i < 3; i++) {
            client.text(" ".repeat(30_000), false);
        }
        assertRefusedAndClosed("malformed_control", 1007);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../etc/passwd", ".hidden", "-x", "a b", "a/b", "ä"})
    void aNameThatIsNoneClosesTheLink(String name) throws Exception {
        client.binary(TestChunk.of(new byte[1], name).encode(MAP_DATA_LAST), 60_000);
        assertRefusedAndClosed("invalid_database_id", 1008);
    }

    @Test
    void aPayloadOverTheLimitClosesTheLink() throws Exception {
        byte[] message = TestChunk.of(new byte[8 * MIB + 1], database).encode(MAP_DATA_LAST);
        client.frame(message, 0, 1000, false); // the length alone gives it away
        JsonNode refused = assertRefusedAndClosed("chunk_too_large", 1009);
        assertEquals(8 * MIB, refused.path("limit").asInt());
    }

    @Test
    void anErrorNamesTheDatabaseWhenTheWholeChunkCameInOneFrame() throws Exception {
        byte[] message = TestChunk.of(new byte[8 * MIB + 1], database).encode(MAP_DATA_LAST);
        client.frame(message, 0, message.length, true);
        assertEquals(database, assertRefusedAndClosed("chunk_too_large", 1009).path("source_database_id").asText());
    }

    @Test
    void aFrameLongerThanAnyChunkClosesTheLink() throws Exception {
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            handshake(socket, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
            // a binary frame of 2^40 bytes is announced
            socket.getOutputStream().write(new byte[]{(byte) 0x82, (byte) 0xFF, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4});
            String text = readToEnd(socket);
            assertTrue(text.contains("\"chunk_too_large\""), text);
            assertTrue(text.contains(String.valueOf(8 * MIB)), text);
        }
    }

    @ParameterizedTest
    @CsvSource({"C2 80, reserved bits", "82 01, not masked", "83 80, reserved opcode 3", "8B 80, reserved opcode 11",
            "80 80, none was begun", "02 80 00 00 00 00 82 80, begins inside another", "09 80, comes in parts",
            "89 FE, longer than 125", "82 FE 00 7D 00 00 00 00, more bytes than it needs",
            "82 FF 00 00 00 00 00 00 FF FF 00 00 00 00, more bytes than it needs"})
    void aFrameThatBreaksTheRulesIsNamedAndClosesTheLink(String frames, String named) throws Exception {
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            handshake(socket, "");
            byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(frames);
            for (byte each : bytes) { // cut anywhere
                socket.getOutputStream().write(each);
            }
            byte[] close = readFrame(socket, 0x88);
            assertEquals(1002, (close[0] & 0xFF) << 8 | close[1] & 0xFF);
            String reason = new String(close, StandardCharsets.ISO_8859_1);
            assertTrue(reason.contains(named), reason);
            socket.getOutputStream().write(masked(0x88, new byte[]{close[0], close[1]}));
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @ParameterizedTest
    @CsvSource({"03 E8 C3, 1007", "03 E8 6F E2 82, 1007", "03 E8 F0 9F 98, 1007", "03 E8 FF, 1007", "03, 1002",
            "03 ED, 1002", "00 00, 1002", "03 E8, 1000", "03 E8 E2 82 AC, 1000", "0B B8, 3000"})
    void aCloseIsEchoedIfItIsOne(String payload, int answered) throws Exception {
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            handshake(socket, "");
            socket.getOutputStream().write(masked(0x88, HexFormat.ofDelimiter(" ").parseHex(payload)));
            byte[] close = readFrame(socket, 0x88);
            assertEquals(answered, (close[0] & 0xFF) << 8 | close[1] & 0xFF);
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @Test
    void aSourceThatDoesNotWaitForTheUpgradeIsToldSo() throws Exception {
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            socket.setSoTimeout(60_000);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.writeBytes(Upgrade.request(""));
            out.writeBytes(masked(0x81, "{}".getBytes(StandardCharsets.US_ASCII)));
            socket.getOutputStream().write(out.toByteArray());
            Upgrade.response(socket.getInputStream());
            String reason = new String(readFrame(socket, 0x88), StandardCharsets.ISO_8859_1);
            assertTrue(reason.endsWith("a frame came before the upgrade was answered"), reason);
        }
    }

    @Test
    void aPingBetweenTheFramesOfAMessageIsAnsweredAndACloseBehindItToo() throws Exception {
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            handshake(socket, "");
            String text = "{\"type\":\"abort\",\"source_database_id\":\"" + database + "\"}";
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.writeBytes(masked(0x01, text.substring(0, 16).getBytes(StandardCharsets.US_ASCII)));
            out.writeBytes(masked(0x89, new byte[]{1, 2}));
            out.writeBytes(masked(0x89, new byte[0]));
            out.writeBytes(masked(0x80, text.substring(16).getBytes(StandardCharsets.US_ASCII)));
            for (byte each : out.toByteArray()) { // cut anywhere
                socket.getOutputStream().write(each);
            }
            assertArrayEquals(new byte[]{1, 2}, readFrame(socket, 0x8A));
            assertArrayEquals(new byte[0], readFrame(socket, 0x8A));
            String answer = new String(readFrame(socket, 0x81), StandardCharsets.US_ASCII);
            assertTrue(answer.contains("\"aborted\""), answer);
            byte[] normal = {0x03, (byte) 0xE8};
            socket.getOutputStream().write(masked(0x88, normal));
            assertArrayEquals(normal, readFrame(socket, 0x88));
        }
    }

    @Test
    void pingsAmongMessagesThatComeAtOnceAreAllAnsweredAndSoAreTheMessages() throws Exception {
        int many = 3000;
        byte[] text = ("{\"type\":\"abort\",\"source_database_id\":\"" + database + "\"}")
                .getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            handshake(socket, "");
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                try {
                    OutputStream out = new BufferedOutputStream(socket.getOutputStream(), MIB);
                    for (int i = 0; i < many; i++) {
                        out.write(masked(0x81, text));
                        out.write(masked(0x89, ByteBuffer.allocate(4).putInt(i).array()));
                    }
                    out.flush();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            int pongs = 0;
            for (int answers = 0; answers < many || pongs < many;) {
                int head = socket.getInputStream().read();
                byte[] payload = socket.getInputStream().readNBytes(socket.getInputStream().read());
                if (head == 0x8A) {
                    assertEquals(pongs++, ByteBuffer.wrap(payload).getInt());
                } else {
                    answers++;
                    assertEquals(0x81, head);
                    assertTrue(new String(payload, StandardCharsets.US_ASCII).contains("aborted"));
                }
            }
            sent.get();
        }
    }

    private static byte[] readFrame(Socket socket, int head) throws Exception {
        InputStream in = socket.getInputStream();
        assertEquals(head, in.read());
        int length = in.read();
        assertTrue(length < 126, "short enough for this test: " + length);
        return in.readNBytes(length);
    }

    private static byte[] masked(int head, byte[] data) {
        byte[] key = {(byte) 0xA5, 0x11, 0x7F, (byte) 0xC3};
        ByteBuffer frame = ByteBuffer.allocate(6 + data.length).put((byte) head).put((byte) (0x80 | data.length))
                .put(key);
        for (int i = 0; i < data.length; i++) {
            frame.put((byte) (data[i] ^ key[i % 4]));
        }
        return frame.array();
    }

    @Test
    void bytesThatAreNoFrameCloseTheLink() throws Exception {
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            String response = handshake(socket, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
            assertFalse(response.toLowerCase().contains("permessage-deflate"), response);
            socket.getOutputStream().write(new byte[]{(byte) 0xF2, 0, 0, 0, 0, 0, 0, 0});
            byte[] close = socket.getInputStream().readNBytes(4);
            assertEquals(0x88, close[0] & 0xFF);
            assertEquals(1002, (close[2] & 0xFF) << 8 | close[3] & 0xFF);
        }
    }

    @Test
    void aClientThatOffersNoSubprotocolIsTakenAsVersionOne() throws Exception {
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            assertTrue(handshake(socket, "").startsWith("HTTP/1.1 101"));
        }
    }

    @Test
    void otherSubprotocolsAreRefusedBeforeTheUpgrade() {
        given().header("Upgrade", "websocket").header("Connection", "Upgrade").header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
                .header("Sec-WebSocket-Protocol", "mirror-bootstrap.v2, chat")
                .get("/v1/bootstrap").then().statusCode(400).contentType("application/json")
                .body("type", equalTo("error")).body("code", equalTo("protocol_version_mismatch"))
                .body("source_database_id", nullValue());
    }

    @Test
    void aPlainRequestIsToldToUpgrade() {
        given().get("/v1/bootstrap").then().statusCode(426).body("code", equalTo("upgrade_required"));
    }

    @Test
    void theBoardShowsWhatIsUnderWay() throws Exception {
        byte[] whole = random(4 * MIB, 10);
        client.text(open(whole));
        client.answer();
        client.binary(part(whole, database, 0, 2 * MIB).encode(MAP_DATA_LAST), 60_000);
        client.answer();
        given().get("/v1/mirrors/" + database).then().statusCode(200)
                .body("source_database_id", equalTo(database)).body("source_cluster_id", equalTo("cluster-a"))
                .body("status", equalTo("bootstrapping")).body("bytes_done", equalTo(2 * MIB))
                .body("bytes_total", equalTo(4 * MIB)).body("snapshot_lsn", equalTo(42))
                .body("snapshot_path", nullValue()).body("last_error", nullValue());

        client.binary(part(whole, database, 3 * MIB, 4 * MIB).encode(MAP_DATA_LAST), 60_000);
        client.answer();
        given().get("/v1/mirrors/" + database).then().body("status", equalTo("bootstrapping"))
                .body("last_error.code", equalTo("snapshot_offset_regression"));

        client.binary(part(whole, database, 2 * MIB, 4 * MIB).encode(MAP_DATA_LAST), 60_000);
        client.answer();
        given().get("/v1/mirrors/" + database).then().body("status", equalTo("following"))
                .body("bytes_done", equalTo(4 * MIB)).body("durable_bytes", equalTo(4 * MIB))
                .body("crc32c", equalTo(String.format("0x%08x", TestChunk.crc(whole))))
                .body("snapshot_path", equalTo(file(".snapshot").toString())).body("last_error", nullValue());
        given().get("/v1/mirrors").then().statusCode(200).body("source_database_id", hasItem(database));
    }

    @Test
    void aLinkThatCannotBeStartedGivesItsPlaceBack() throws Exception {
        URI broken = URI.create(service.toString().replace("http", "ws") + "v1/bootstrap?" + BrokenStart.QUERY);
        for (int i = 0; i <= 64; i++) { // one more than there are places
            CompletableFuture<Integer> closed = new CompletableFuture<>();
            EVENTS.newWebSocketBuilder().buildAsync(broken, new WebSocket.Listener() {
                @Override
                public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
                    closed.complete(code);
                    return null;
                }

                @Override
                public void onError(WebSocket socket, Throwable error) {
                    closed.complete(1006);
                }
            }).get(20, TimeUnit.SECONDS);
            assertTrue(List.of(1006, 1011).contains(closed.get(20, TimeUnit.SECONDS)), closed::toString);
        }
        byte[] whole = random(10, 3);
        client.text(open(whole));
        assertEquals("opened", client.answer().path("type").asText());
        new RawClient(service).close();
    }

    @Test
    void theBoardShowsTheBytesOfThisMoment() throws Exception {
        byte[] whole = random(1000, 10);
        client.text(open(whole));
        client.answer();
        client.binary(part(whole, database, 0, 10).encode(MAP_DATA_LAST), 60_000);
        client.answer();
        given().get("/v1/mirrors/" + database).then().body("bytes_done", equalTo(10));
        given().get("/v1/mirrors").then()
                .body("find { it.source_database_id == '" + database + "' }.bytes_done", equalTo(10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nobody", "..%2F..%2Fetc", "%20"})
    void anUnknownMirrorIsNotFound(String name) {
        given().urlEncodingEnabled(false).get("/v1/mirrors/" + name).then().statusCode(404)
                .body("code", equalTo("not_found"));
    }

    @Test
    void eachChangeIsTold() throws Exception {
        byte[] whole = random(1000, 77);
        HttpRequest request = HttpRequest.newBuilder(service.resolve("/v1/mirrors/" + database + "/events")).build();
        HttpResponse<InputStream> events = EVENTS.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(events.body()))) {
            assertEquals("text/event-stream", events.headers().firstValue("content-type").orElseThrow());
            client.text(open(whole));
            assertTrue(nextEvent(lines).contains("\"status\":\"bootstrapping\""));
            client.binary(TestChunk.of(whole, database).encode(MAP_DATA_LAST), 60_000);
            String last = nextEvent(lines);
            while (last.contains("\"status\":\"bootstrapping\"")) { // a change may be told twice
                last = nextEvent(lines);
            }
            assertTrue(last.contains("\"status\":\"following\"") && last.contains("\"bytes_done\":1000"), last);
        }
        HttpRequest all = HttpRequest.newBuilder(service.resolve("/v1/mirrors/events")).build();
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(EVENTS.send(all, HttpResponse.BodyHandlers.ofInputStream()).body()))) {
            while (!nextEvent(lines).contains(database)) {
                continue; // how it is comes first
            }
        }
    }

    @Test
    void aDatabaseMayBeNamedEvents() throws Exception {
        String json = "application/json";
        String both = "text/event-stream;q=0.1, application/json";
        given().accept(json).get("/v1/mirrors/events").then().statusCode(404).body("code", equalTo("not_found"));
        byte[] whole = random(1000, 80);
        client.binary(TestChunk.of(whole, "events").encode(MAP_DATA_LAST), 60_000);
        assertEquals("committed", client.answer().path("type").asText());

        given().accept(json).get("/v1/mirrors/events").then().statusCode(200).contentType(json)
                .body("source_database_id", equalTo("events")).body("status", equalTo("following"));
        given().accept("application/json, text/plain").get("/v1/mirrors/events").then().contentType(json);
        for (String accept : new String[]{"text/event-stream", "*/*", both, "application/json, */*", ""}) {
            assertTrue(firstEvents("/v1/mirrors/events", accept).contains("\"source_database_id\":"), accept);
        }
        assertTrue(firstEvents("/v1/mirrors/events/events", "").contains("\"source_database_id\":\"events\""));

        given().delete("/v1/mirrors/events").then().statusCode(204);
        given().accept(json).get("/v1/mirrors/events").then().body("status", equalTo("following"));
        given().delete("/v1/mirrors/events?snapshot=true").then().statusCode(204);
        given().accept(json).get("/v1/mirrors/events").then().statusCode(404);
        assertFalse(Files.exists(directory.path().resolve("events.snapshot")));
        given().get("/q/openapi?format=json").then()
                .body("paths.'/v1/mirrors/events'.get.responses.'200'.content.keySet()",
                        hasItems("text/event-stream", json));
    }

    /** @param accept not sent when empty */
    private String firstEvents(String path, String accept) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(service.resolve(path));
        if (!accept.isEmpty()) {
            request.header("Accept", accept);
        }
        HttpResponse<InputStream> events = EVENTS.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        assertEquals("text/event-stream", events.headers().firstValue("content-type").orElseThrow(), accept);
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(events.body()))) {
            return nextEvent(lines);
        }
    }

    @Test
    void aListenerThatFailsFailsNoTransfer() throws Exception {
        String name = FailingListener.PREFIX + UUID.randomUUID();
        byte[] whole = random(2 * MIB, 81);
        client.binary(part(whole, name, 0, MIB).encode(MAP_DATA_LAST), 60_000);
        assertEquals("pending", client.answer().path("type").asText());
        client.binary(part(whole, name, MIB, 2 * MIB).encode(MAP_DATA_LAST), 60_000);
        assertEquals("committed", client.answer().path("type").asText());
        given().get("/v1/mirrors/" + name).then().body("status", equalTo("following"));
    }

    private static String nextEvent(BufferedReader lines) throws Exception {
        String line = lines.readLine();
        while (line != null && !line.startsWith("data:")) {
            line = lines.readLine();
        }
        assertNotNull(line, "the stream has ended");
        return line;
    }

    @Test
    void whatIsUnderWayCanBeRemovedAndTheSnapshotOnlyWhenThatIsSaid() throws Exception {
        byte[] whole = random(1000, 78);
        client.binary(TestChunk.of(whole, database).encode(MAP_DATA_LAST), 60_000);
        assertEquals("committed", client.answer().path("type").asText());
        client.binary(part(random(500, 79), database, 0, 100).encode(MAP_DATA_LAST), 60_000);
        assertEquals("pending", client.answer().path("type").asText());

        given().delete("/v1/mirrors/" + database).then().statusCode(204);
        assertFalse(Files.exists(file(".partial")));
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
        given().get("/v1/mirrors/" + database).then().body("status", equalTo("following"));

        given().delete("/v1/mirrors/" + database + "?snapshot=true").then().statusCode(204);
        assertFalse(Files.exists(file(".snapshot")));
        assertFalse(Files.exists(file(".manifest.json")));
        given().get("/v1/mirrors/" + database).then().statusCode(404);
        given().delete("/v1/mirrors/" + database).then().statusCode(204);
        given().delete("/v1/mirrors/-no-name").then().statusCode(404);
    }

    private Path file(String suffix) {
        return directory.path().resolve(database + suffix);
    }

    private String open(byte[] whole) {
        return "{\"type\":\"open\",\"source_cluster_id\":\"cluster-a\",\"source_database_id\":\"" + database
                + "\",\"snapshot_lsn\":42,\"total_bytes\":" + whole.length + ",\"total_crc32c\":"
                + Integer.toUnsignedLong(TestChunk.crc(whole)) + "}";
    }

    private void awaitStatus(String status) {
        Awaitility.await().untilAsserted(
                () -> given().get("/v1/mirrors/" + database).then().body("status", equalTo(status)));
    }

    private JsonNode assertRefusedAndClosed(String code, int closeCode) throws Exception {
        JsonNode answer = client.answer();
        assertEquals("error", answer.path("type").asText());
        assertEquals(code, answer.path("code").asText(), answer::toString);
        assertEquals(closeCode, client.closeCode());
        assertFalse(client.hasUnreadAnswers());
        return answer;
    }

    private static String handshake(Socket socket, String header) throws Exception {
        socket.setSoTimeout(60_000);
        socket.getOutputStream().write(Upgrade.request(header));
        return Upgrade.response(socket.getInputStream());
    }

    private static String readToEnd(Socket socket) throws Exception {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
}
