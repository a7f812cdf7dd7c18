package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.DatabaseId;

class EndpointTest {

    /** A URL, the header Host, and where a link is opened. */
    @ParameterizedTest
    @CsvSource({"http://mirror:8080, mirror:8080, /v1/bootstrap", "http://mirror/, mirror, /v1/bootstrap",
            "https://mirror, mirror, /v1/bootstrap", "https://mirror:80, mirror:80, /v1/bootstrap",
            "http://mirror:, mirror, /v1/bootstrap", "WS://mirror:8080/v1/bootstrap, mirror:8080, /v1/bootstrap",
            "wss://mirror/v1/bootstrap/, mirror, /v1/bootstrap",
            "wss://mirror/behind/proxy?a=b, mirror, /behind/proxy/v1/bootstrap?a=b",
            "http://mirror?a=b, mirror, /v1/bootstrap?a=b", "https://h/mirror-a/, h, /mirror-a/v1/bootstrap",
            "https://h/mirror-a/v1/bootstrap, h, /mirror-a/v1/bootstrap", "http://h//a//, h, //a/v1/bootstrap",
            "http://h/gr%C3%B6%2Fe, h, /gr%C3%B6%2Fe/v1/bootstrap", "http://[::1]:8080, [::1]:8080, /v1/bootstrap",
            "http://[fe80::1%eth0]:8080, [fe80::1]:8080, /v1/bootstrap", "http://[::1], [::1], /v1/bootstrap",
            "http://db_mirror:8080, db_mirror:8080, /v1/bootstrap", "http://MIRROR., MIRROR, /v1/bootstrap",
            "https://xn--bcher-kva.example, xn--bcher-kva.example, /v1/bootstrap"})
    void itMeansTheSameToAll(String url, String host, String link) {
        Endpoint endpoint = Endpoint.parse(url);
        assertEquals(host, endpoint.authority());
        assertEquals(link, endpoint.link());
        assertEquals(link.replace("/bootstrap", "/mirrors/orders"), endpoint.mirror(new DatabaseId("orders")));
    }

    @Test
    void theZoneOfAnAddressIsForThisMachineOnly() {
        assertEquals("fe80::1%eth0", Endpoint.parse("http://[fe80::1%eth0]").host());
        assertEquals("fe80::1%eth0", Endpoint.parse("http://[fe80::1%25eth0]").host());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "mirror", "mirror:8080", "ftp://mirror", "http:/mirror", "http://", "http:///path",
            "http://:80", "http://mirror:x", "http://mirror:0", "http://mirror:65536", "http://mirror:4294967376",
            "http://user@mirror", "http://mirror/#part", "http://mi rror", "http://mirror/a b", "http://mirror/%zz",
            "http://[::1", "http://::1", "http://mi%72ror", "http://größe", "http://mirror/größe", "http://mirror\n"})
    void anythingElseIsRefused(String url) {
        assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(url));
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1:8080, http://127.0.0.1:8080", "mirror:8080, http://mirror:8080",
            "[::1]:8080, http://[::1]:8080", "ftp://mirror, http://localhost:8080"})
    void whatIsMissingIsShown(String url, String hint) {
        String message = assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(url)).getMessage();
        assertTrue(message.endsWith("as in " + hint), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://user:secret@mirror", "user:secret@mirror:8080", "http://user:secret@mirror:x",
            "http://user:sec ret@mirror", "ftp://user:se/secret@mirror", "http://user:secret@mirror:70000/%zz",
            "http://mirror:99999/?key=secret", "http://user:sec\nsecret@mirror"})
    void aPasswordIsNotRepeated(String url) {
        String message = assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(url)).getMessage();
        assertFalse(message.contains("secret") || message.contains("sec ret"), message);
    }

    @Test
    void whatMayBeASecretIsNotShown() {
        assertEquals("wss://mirror:443/a/v1/bootstrap?…", Endpoint.parse("https://mirror/a/?token=secret").toString());
        assertEquals("ws://[fe80::1]:80/v1/bootstrap", Endpoint.parse("http://[fe80::1%eth0]").toString());
    }
}
