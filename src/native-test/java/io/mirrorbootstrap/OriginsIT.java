package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.net.URI;
import java.util.List;
import java.util.Map;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.Upgrade;

/** Requests that a browser makes for the page of another site, and what a proxy before the sidecar says of whom it speaks for. */
class OriginsIT extends WithSidecar {

    @Test
    void whereNothingIsAskedForAPageOfAnotherSiteThatPointsHereIsRefused() throws Exception {
        start();
        assertEquals(403, status("/v1/mirrors", "Host: evil.example"));
        assertEquals(200, status("/v1/mirrors", "Host: localhost:1234"));
        assertEquals(200, status("/v1/mirrors", "Host: 127.0.0.1"));
        assertEquals(200, status("/q/health/live", "Host: evil.example"));
    }

    @Test
    void pagesOfOtherSitesAreRefused() throws Exception {
        start();
        int port = sidecar.uri().getPort();
        String upgrade = "Host: localhost:" + port + "\r\n" + Upgrade.HEADERS;
        assertEquals(101, status("/v1/bootstrap", upgrade));
        assertEquals(101, status("/v1/bootstrap", upgrade + "\r\nOrigin: http://localhost:" + port));
        for (String origin : List.of("http://evil.example", "https://localhost:" + port, "http://localhost", "null",
                "http://localhost:" + port + "\r\nOrigin: http://evil.example")) {
            assertEquals(403, status("/v1/bootstrap", upgrade + "\r\nOrigin: " + origin), origin);
            assertEquals(403, status("/v1/mirrors", "Host: localhost:" + port + "\r\nOrigin: " + origin), origin);
        }
    }

    @Test
    void theSidecarsOwnPageIsLetInWhateverTheNameOfItsHost() throws Exception {
        start(Map.of("QUARKUS_HTTP_HOST", "0.0.0.0", "MIRROR_BOOTSTRAP_INSECURE", "true"));
        for (String host : List.of("my_sidecar:8080", "my_sidecar", "[::1]:8080", "Sidecar.example.:80",
                "192.0.2.1:8080")) {
            assertEquals(200, status("/v1/mirrors", "Host: " + host + "\r\nOrigin: http://" + host), host);
        }
        for (String origin : List.of("http://my_sidecar", "http://my_other:8080", "http://a@my_sidecar:8080",
                "http:my_sidecar:8080", "http://", "https://my_sidecar:8080")) {
            assertEquals(403, status("/v1/mirrors", "Host: my_sidecar:8080\r\nOrigin: " + origin), origin);
        }
    }

    /** A browser shows the certificate to whichever page speaks to the sidecar. */
    @Test
    void soAreTheyWhereACertificateIsAskedFor() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service());
        SSLContext browser = authority.client(authority.issue("client", "CN=cluster-a"));
        URI secure = sidecar.secureUri();
        String upgrade = "Host: localhost:" + secure.getPort() + "\r\n" + Upgrade.HEADERS;
        assertEquals(101, PlainSocket.status(PlainSocket.to(secure, browser), "/v1/bootstrap", upgrade));
        assertEquals(101, PlainSocket.status(PlainSocket.to(secure, browser), "/v1/bootstrap",
                upgrade + "\r\nOrigin: https://localhost:" + secure.getPort()));
        for (String origin : List.of("https://evil.example", "http://localhost:" + secure.getPort(), "null")) {
            assertEquals(403, PlainSocket.status(PlainSocket.to(secure, browser), "/v1/bootstrap",
                    upgrade + "\r\nOrigin: " + origin), origin);
        }
    }

    @Test
    void whatATrustedProxySaysCounts() throws Exception {
        start(Map.of("QUARKUS_HTTP_HOST", "0.0.0.0", "MIRROR_BOOTSTRAP_INSECURE", "true",
                "MIRROR_BOOTSTRAP_TRUSTED_PROXIES", "192.0.2.1, 127.0.0.0/8"));
        assertEquals(403, status("/v1/mirrors",
                "Host: x\r\nOrigin: http://y\r\nX-Forwarded-For: 198.51.100.7, 203.0.113.9, 127.0.0.1"));
        patiently().until(() -> sidecar.log().contains("from \"203.0.113.9 by 127.0.0.1:"));
        String page = "Host: sidecar:8080\r\nOrigin: https://mirror.example";
        String forwarded = page + "\r\nX-Forwarded-Host: mirror.example\r\nX-Forwarded-Proto: https";
        assertEquals(403, status("/v1/mirrors", page));
        assertEquals(200, status("/v1/mirrors", forwarded));
        assertEquals(200,
                status("/v1/mirrors", page + "\r\nForwarded: for=x;host=evil.example, for=\"[2001:db8::1]:47\";"
                        + "proto=https;host=mirror.example"));
        assertEquals(403, status("/v1/mirrors", page + "\r\nX-Forwarded-Host: mirror.example, sidecar\r\n"
                + "X-Forwarded-Proto: https"), "the last proxy has it from who came to it");
        assertEquals(403, status("/v1/mirrors", forwarded + "\r\nForwarded: host=mirror.example"), "one is forged");
    }

    @Test
    void whatAnybodyElseSaysOfWhomHeSpeaksForChangesNothing() throws Exception {
        for (String trusted : List.of("", "192.0.2.1,10.0.0.0/8")) {
            start(Map.of("QUARKUS_HTTP_HOST", "0.0.0.0", "MIRROR_BOOTSTRAP_INSECURE", "true",
                    "MIRROR_BOOTSTRAP_TRUSTED_PROXIES", trusted));
            assertEquals(403, status("/v1/mirrors", "Host: sidecar:8080\r\nOrigin: https://mirror.example\r\n"
                    + "X-Forwarded-Host: mirror.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.9"));
            patiently().until(() -> sidecar.log().contains("refused GET \"/v1/mirrors\" from 127.0.0.1:"));
            assertFalse(sidecar.log().contains("203.0.113.9"), sidecar.log());
            sidecar.close();
        }
    }

    @Test
    void aProgramThatHasATokenMayNameAnyOriginAndHost() throws Exception {
        start(tokens("secret\n"));
        String throughAProxy = "Host: 10.1.2.3:8080\r\nOrigin: https://mirror.example\r\n" + Upgrade.HEADERS;
        assertEquals(101, status("/v1/bootstrap", throughAProxy + "\r\nAuthorization: Bearer secret"));
        assertEquals(401, status("/v1/bootstrap", throughAProxy));
        assertEquals(401, status("/v1/bootstrap", throughAProxy + "\r\nAuthorization: Bearer other"));
    }
}
