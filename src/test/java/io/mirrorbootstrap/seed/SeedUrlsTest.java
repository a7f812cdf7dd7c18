package io.mirrorbootstrap.seed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.Endpoint;

/** Whom a sidecar asks, by the URLs that its operator gives. */
class SeedUrlsTest {

    private static final DatabaseId ORDERS = new DatabaseId("orders");

    private static List<String> hosts(SeedUrls urls) {
        return urls.of(ORDERS).stream().map(Endpoint::host).toList();
    }

    @Test
    void eachUrlIsAsked() {
        SeedUrls urls = new SeedUrls(List.of("http://a:1", "https://b", "http://a:1/"), "any");
        assertEquals(List.of("a", "b"), hosts(urls));
    }

    @Test
    void theDatabaseIsPutIn() {
        SeedUrls urls = new SeedUrls(List.of("http://{database}.example/{database}"), "any");
        assertEquals(List.of(Endpoint.parse("http://orders.example/orders")), urls.of(ORDERS));
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
}
