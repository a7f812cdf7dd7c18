package io.mirrorbootstrap.seed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.Endpoint;

/** Whom a sidecar asks, by the URLs that its operator gives. */
class SeedUrlsTest {

    private static final DatabaseId ORDERS = new DatabaseId("orders");

    private static List<String> hosts(SeedUrls urls) {
        return urls.siblings(ORDERS).stream().map(Endpoint::host).toList();
    }

    @Test
    void eachUrlIsAsked() {
        SeedUrls urls = new SeedUrls(List.of("http://a:1", "https://b", "http://a:1/"), "any");
        assertEquals(List.of("a", "b"), hosts(urls));
    }

    @Test
    void theDatabaseIsPutIn() {
        SeedUrls urls = new SeedUrls(List.of("http://{database}.example/{database}"), "any");
        assertEquals(List.of(Endpoint.parse("http://orders.example/orders")), urls.siblings(ORDERS));
    }

    @Test
    void ordinalsAreThoseThatSiblingsMayHave() {
        List<String> url = List.of("http://mirror-{ordinal}.mirror:8080");
        assertEquals(List.of("mirror-1.mirror"), hosts(new SeedUrls(url, "mirror-0")));
        assertEquals(List.of("mirror-0.mirror", "mirror-1.mirror", "mirror-3.mirror"),
                hosts(new SeedUrls(url, "mirror-2")));
    }

    @Test
    void whoHasNoNumberAsksNone() {
        SeedUrls urls = new SeedUrls(List.of("http://mirror-{ordinal}.mirror", "http://a"), "host");
        assertTrue(urls.lackNumber());
        assertEquals(List.of("a"), hosts(urls));
        assertFalse(new SeedUrls(List.of("http://a"), "host").lackNumber());
    }

    @Test
    void whatIsNoUrlIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new SeedUrls(List.of("mirror:8080"), "host"));
    }

    @ParameterizedTest
    @CsvSource({"http://a:8080, false, false", "https://a/, false, false", "https://a?key=1, false, false",
            "https://a/mirror.a/, false, false", "https://a/mirror/?key=1, false, false",
            "https://a/mirror/v1/bootstrap?key=1, false, false", "wss://a/b.c, false, false",
            "https://a/mirror, false, true", "HTTPS://a/{database}, false, true", "https://a.b/c, false, true",
            "https://a/b/orders.tar, true, false", "http://a/{database}.tar, true, false",
            "https://a/b/orders?, true, false", "https://a/b/orders?X-Sign=1/, true, false"})
    void objectsAreToldBySight(String url, boolean isObject, boolean isUnclear) {
        SeedUrls urls = new SeedUrls(List.of(url), "any");
        assertEquals(isObject ? 1 : 0, urls.objects(ORDERS).size());
        assertEquals(isObject ? 0 : 1, urls.siblings(ORDERS).size());
        assertEquals(isUnclear ? 1 : 0, urls.unclear().size());
    }

    @Test
    void theNameOfADatabaseMakesNoObject() {
        SeedUrls urls = new SeedUrls(List.of("https://a/{database}"), "any");
        assertEquals(List.of(), urls.objects(new DatabaseId("orders.eu")));
    }

    @Test
    void theOrdinalOfAnObjectIsItsOwn() {
        List<String> url = List.of("https://a/{database}-{ordinal}.tar?s=1");
        assertEquals("https://a/orders-2.tar?…",
                new SeedUrls(url, "mirror-2").objects(ORDERS).get(0).toString());
        assertEquals(List.of(), new SeedUrls(url, "host").objects(ORDERS));
        assertTrue(new SeedUrls(url, "host").lackNumber());
    }

    @Test
    void noQueryIsShown() {
        assertEquals(List.of("https://a/o.tar?…", "https://a/o?"),
                new SeedUrls(List.of("https://a/o.tar?secret", "https://a/o?"), "any").objects());
    }
}
