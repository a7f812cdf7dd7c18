package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.link.MaskedFrame;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.Protocol;
import io.quarkus.test.junit.QuarkusTest;

/** How a link is opened, and how it is not. */
@QuarkusTest
class LinkUpgradeTest extends WithLink {

    @Test
    void theSubprotocolIsSelected() {
        assertEquals("mirror-bootstrap.v1", client.subprotocol());
    }

    @Test
    void aClientThatOffersNoSubprotocolIsTakenAsVersionOne() throws Exception {
        RawSocket.upgraded(service).close();
    }

    @Test
    void compressionIsNotAgreedOn() throws Exception {
        try (RawSocket socket = new RawSocket(service)) {
            String response = socket.ask(Upgrade.request("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
            assertTrue(response.startsWith("HTTP/1.1 101"), response);
            assertFalse(response.toLowerCase(Locale.ROOT).contains("permessage-deflate"), response);
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
        String headers = fields.replace("~", "\r\n").replace("V: ", "Sec-WebSocket-Version: ")
                .replace("K: k", "K: dGhlIHNhbXBsZSBub25jZQ==").replace("K: ", "Sec-WebSocket-Key: ")
                .replace("P: ", "Sec-WebSocket-Protocol: ");
        try (RawSocket socket = new RawSocket(service)) {
            String response = socket.ask(("GET /v1/bootstrap HTTP/1.1\r\n" + headers + "\r\n\r\n").getBytes(US_ASCII))
                    .toLowerCase(Locale.ROOT);
            assertTrue(response.startsWith("http/1.1 " + status), response);
            assertEquals(status == 426, response.contains("sec-websocket-version: 13"), response);
            assertEquals(fields.contains("P: "), response.contains("protocol: mirror-bootstrap.v1"), response);
        }
    }

    @Test
    void otherSubprotocolsAreRefusedBeforeTheUpgrade() {
        given().header("Upgrade", "websocket").header("Connection", "Upgrade").header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
                .header("Sec-WebSocket-Protocol", "mirror-bootstrap.v2, chat")
                .get(Protocol.PATH).then().statusCode(400).contentType("application/json")
                .body("type", equalTo("error"))
                .body("code", equalTo(ErrorCode.PROTOCOL_VERSION_MISMATCH.spelling()))
                .body("source_database_id", nullValue());
    }

    @Test
    void aPlainRequestIsToldToUpgrade() {
        given().get(Protocol.PATH).then().statusCode(426)
                .body("code", equalTo(ErrorCode.UPGRADE_REQUIRED.spelling()));
        given().head(Protocol.PATH).then().statusCode(426).header("Upgrade", "websocket");
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "OPTIONS"})
    void onlyGetUpgrades(String method) {
        given().header("Upgrade", "websocket").header("Connection", "Upgrade").header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
                .request(method, Protocol.PATH).then().statusCode(426)
                .body("code", equalTo(ErrorCode.UPGRADE_REQUIRED.spelling()));
    }

    @Test
    void aSourceThatDoesNotWaitForTheUpgradeIsToldSo() throws Exception {
        byte[] request = Upgrade.request("");
        byte[] early = MaskedFrame.of(0x81, "{}".getBytes(US_ASCII));
        try (RawSocket socket = new RawSocket(service)) {
            socket.ask(ByteBuffer.allocate(request.length + early.length).put(request).put(early).array());
            String reason = new String(socket.frame(0x88), ISO_8859_1);
            assertTrue(reason.endsWith("a frame came before the upgrade was answered"), reason);
        }
    }

    @Test
    void aLinkThatCannotBeStartedGivesItsPlaceBack() throws Exception {
        for (int i = 0; i <= 64; i++) { // one more than there are places
            RawClient broken = new RawClient(URI.create(service + "?" + BrokenStart.QUERY));
            int closed = broken.closeCode();
            assertTrue(List.of(1006, 1011).contains(closed), () -> "closed with " + closed);
        }
        open(random(10, 3));
        new RawClient(service).close();
    }
}
