package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {

    @ParameterizedTest
    @CsvSource({"http://mirror:8080, ws://mirror:8080/v1/bootstrap", "http://mirror/, ws://mirror:80/v1/bootstrap",
            "https://mirror, wss://mirror:443/v1/bootstrap",
            "WS://mirror:8080/v1/bootstrap, ws://mirror:8080/v1/bootstrap",
            "wss://mirror/behind/proxy?a=b, wss://mirror:443/behind/proxy?a=b",
            "http://[::1]:8080, ws://[::1]:8080/v1/bootstrap"})
    void portAndPathHaveDefaults(String url, String endpoint) {
        assertEquals(endpoint, Endpoint.parse(url).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "mirror", "mirror:8080", "ftp://mirror", "http://", "http:///path", "http://mirror:x",
            "http://mirror:0", "http://mirror:65536", "http://user@mirror", "http://mirror/#part", "http://mi rror"})
    void anythingElseIsRefused(String url) {
        assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(url));
    }
}
