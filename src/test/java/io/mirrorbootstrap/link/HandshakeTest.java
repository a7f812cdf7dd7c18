package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.TraceContext;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;

/** Which requests open a WebSocket, by the header that is not as usual. */
class HandshakeTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
            "Upgrade | WebSocket | - | 0", "Upgrade | websocket, h2c | - | 0", "Upgrade | h2c | websocket | 0",
            "Upgrade | - | - | 426", "Upgrade | websocketx | - | 426", "Upgrade | h2c | - | 426",
            "Connection | upgrade | - | 0", "Connection | keep-alive, Upgrade | - | 0",
            "Connection | keep-alive | Upgrade | 0", "Connection | - | - | 400", "Connection | keep-alive | - | 400",
            "Connection | xupgrade | - | 400",
            "Host | a | b | 400", "Host | - | - | 400",
            "Sec-WebSocket-Version | - | - | 426", "Sec-WebSocket-Version | 8 | - | 426",
            "Sec-WebSocket-Version | 13 | 8 | 426", "Sec-WebSocket-Version | 13, 8 | - | 426",
            "Sec-WebSocket-Version | 13 | 13 | 426", "Sec-WebSocket-Version | 013 | - | 426",
            "Sec-WebSocket-Key | - | - | 400", "Sec-WebSocket-Key | AAAA | - | 400",
            "Sec-WebSocket-Key | dGhlIHNhbXBsZSBub25jZQ | - | 400",
            "Sec-WebSocket-Key | dGhlIHNhbXBsZSBub25jZQ=! | - | 400",
            "Sec-WebSocket-Key | dGhlIHNhbXBsZSBub25jZQ== | dGhlIHNhbXBsZSBub25jZQ== | 400",
            "Sec-WebSocket-Protocol | mirror-bootstrap.v1 | - | 0",
            "Sec-WebSocket-Protocol | x, mirror-bootstrap.v1 | - | 0",
            "Sec-WebSocket-Protocol | x | mirror-bootstrap.v1 | 0", "Sec-WebSocket-Protocol | x | y | 400"})
    void aHandshakeIsRightOrHasItsStatus(String header, String value, String further, int status) {
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().add("Host", "sidecar").add("Upgrade", "websocket")
                .add("Connection", "Upgrade").add("Sec-WebSocket-Version", "13")
                .add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==").remove(header);
        Optional.ofNullable(value).ifPresent(one -> headers.add(header, one));
        Optional.ofNullable(further).ifPresent(other -> headers.add(header, other));
        assertEquals(status, Handshake.problem(HttpMethod.GET, HttpVersion.HTTP_1_1, headers)
                .map(Handshake.Problem::status).orElse(0));
    }

    @Test
    void anOlderHttpHasNone() {
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().add("Host", "sidecar").add("Upgrade", "websocket")
                .add("Connection", "Upgrade").add("Sec-WebSocket-Version", "13")
                .add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        assertEquals(400, Handshake.problem(HttpMethod.GET, HttpVersion.HTTP_1_0, headers).orElseThrow().status());
    }

    @Test
    void whatIsRightIsWrittenInOneForm() {
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().add("Upgrade", "h2c").add("upgrade", "WebSocket")
                .add("Connection", "keep-alive").add("Connection", "upgrade").add("Sec-WebSocket-Protocol", "x")
                .add("Sec-WebSocket-Protocol", "mirror-bootstrap.v1");
        Handshake.normalize(headers);
        assertEquals("websocket", String.join("; ", headers.getAll("Upgrade")));
        assertEquals("Upgrade", String.join("; ", headers.getAll("Connection")));
        assertEquals("mirror-bootstrap.v1", String.join("; ", headers.getAll("Sec-WebSocket-Protocol")));
    }

    @Test
    void theTraceOfASourceIsRead() {
        String parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().add("Traceparent", parent).add("tracestate", "a=1")
                .add("TraceState", "b=2");
        assertEquals(Optional.of(new TraceContext(parent, "a=1,b=2")), Handshake.trace(headers));
        assertEquals(Optional.empty(), Handshake.trace(headers.add("traceparent", parent)));
        assertEquals(Optional.empty(), Handshake.trace(MultiMap.caseInsensitiveMultiMap()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " , "})
    void whereNoSubprotocolIsOfferedNoneIsChosen(String offered) {
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().add("Sec-WebSocket-Protocol", offered);
        Handshake.normalize(headers);
        assertFalse(headers.contains("Sec-WebSocket-Protocol"));
    }
}
