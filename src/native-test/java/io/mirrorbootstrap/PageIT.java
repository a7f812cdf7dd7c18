package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ErrorCode;

/** The page of the packaged service in a real browser. */
class PageIT extends WithSidecar {

    private static final int MIB = TestSnapshot.MIB;
    private static final Path SCREENSHOTS = Path.of("target/screenshots");

    private static Browser browser;

    @BeforeAll
    static void startBrowser() {
        browser = Browser.start();
    }

    @AfterAll
    static void endBrowser() {
        if (browser != null) {
            browser.close();
        }
    }

    @Test
    void aTransferIsShownUntilItsMirrorFollows() throws Exception {
        look(Map.of());
        browser.awaitText("#none", "No mirror yet");
        TestSnapshot whole = TestSnapshot.random("orders", 8 * MIB);
        RawClient link = new RawClient(sidecar.uri());
        whole.opened(link);
        whole.send(link, 0, 2 * MIB);
        browser.awaitText(card("orders") + " .amount", "25 %, 2.00 MiB of 8.00 MiB");
        browser.awaitText(card("orders") + " .state", "bootstrapping");
        browser.awaitText(card("orders") + " dl", "LSN\n42");
        browser.awaitText(card("orders") + " dl", "Source\ncluster\nIts address\n127.0.0.1:");
        whole.send(link, 2 * MIB, 5 * MIB);
        browser.awaitText(card("orders") + " .amount", "62 %");
        assertEquals("62", browser.ask("document.querySelector('[role=progressbar]').getAttribute('aria-valuenow')"));
        assertEquals("62 % orders - mirror-bootstrap", browser.ask("document.title"));

        whole.committed(link, 5 * MIB);
        browser.awaitText(card("orders") + " .state", "following");
        browser.awaitText(card("orders") + " dl", whole.identity().totalCrc32c().toString());
        browser.awaitText(card("orders") + " dl", file("orders.snapshot").toRealPath().toString());
        browser.awaitText("#counts", "1 following");
        assertEquals("", browser.text(card("orders") + " .abort"));
        browser.awaitText("#sidecar", "0.1.0");
        browser.awaitText("#sidecar", "256 MiB reserved");
        assertEquals(List.of(), browser.complaints());
    }

    @Test
    void everybodyCanUseIt() throws Exception {
        look(Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders,billing"));
        TestSnapshot.random("inventory", 3 * MIB).committed(new RawClient(sidecar.uri()));
        TestSnapshot orders = TestSnapshot.random("orders", 16 * MIB);
        RawClient link = new RawClient(sidecar.uri());
        orders.opened(link);
        orders.send(link, 0, 8 * MIB);
        link.binary(orders.chunk(9 * MIB, 10 * MIB), MIB);
        TestSnapshot.refused(ErrorCode.SNAPSHOT_OFFSET_REGRESSION, link);
        orders.send(link, 8 * MIB, 11 * MIB);
        TestSnapshot users = TestSnapshot.random("users", 4 * MIB);
        RawClient lost = new RawClient(sidecar.uri());
        users.opened(lost);
        users.send(lost, 0, 3 * MIB);
        lost.cut();
        browser.awaitText("#counts", "1 disconnected, 1 bootstrapping, 1 expected, 1 following");

        for (int width : new int[]{360, 1440}) {
            for (boolean dark : new boolean[]{true, false}) {
                browser.show(width, dark);
                String name = "page-" + width + (dark ? "-dark" : "-light");
                assertEquals(List.of(), browser.barriers(), name);
                assertFalse(browser.scrollsSideways(), name);
                browser.screenshot(SCREENSHOTS.resolve(name + ".png"));
            }
        }
        browser.type("#find", "user");
        assertEquals("", browser.text(card("orders")));
        browser.awaitText(card("users"), "users");
        browser.type("#find", Keys.BACK_SPACE, Keys.BACK_SPACE, Keys.BACK_SPACE, Keys.BACK_SPACE);
        assertEquals(List.of(), browser.complaints());
    }

    @Test
    void itSaysThatItIsNotLiveAndComesBackWithTheSidecar() throws Exception {
        int port = FreePort.take();
        look(Map.of("QUARKUS_HTTP_PORT", String.valueOf(port), "MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "later"));
        TestSnapshot.random("orders", MIB).committed(new RawClient(sidecar.uri()));
        TestSnapshot.random("users", MIB).committed(new RawClient(sidecar.uri()));
        browser.awaitText("#counts", "1 expected, 2 following");
        sidecar.kill();
        browser.awaitText("#live", "not live since");
        browser.awaitText(card("orders"), "following");

        Files.delete(file("users.snapshot"));
        start(Map.of("QUARKUS_HTTP_PORT", String.valueOf(port)));
        patiently().untilAsserted(() -> assertEquals("live", browser.text("#live")));
        patiently().untilAsserted(() -> assertEquals("1 following", browser.text("#counts")));
        assertEquals("", browser.text(card("users")));
        TestSnapshot.random("billing", MIB).committed(new RawClient(sidecar.uri()));
        browser.awaitText(card("billing") + " .state", "following");
    }

    @Test
    void theTokenIsAskedForAndKeptInMemoryOnly() throws Exception {
        look(tokens("the-token-of-a = a\nthe-token-of-b = b\n"));
        TestSnapshot orders = TestSnapshot.random("orders", 2 * MIB);
        RawClient link = new RawClient(sidecar.uri(), "the-token-of-a");
        orders.opened(link);
        orders.send(link, 0, MIB);
        browser.awaitText("#ask", "Token of this sidecar");
        browser.awaitText("#why", "The sidecar says: the header Authorization must be Bearer");
        assertEquals("", browser.text("#mirrors"));
        browser.type("#token", "a-token\u200b", Keys.ENTER);
        browser.awaitText("#why", "That is no token");
        browser.type("#token", "another-token", Keys.ENTER);
        browser.awaitText("#why", "Refused: ");
        browser.type("#token", "the-token-of-b", Keys.ENTER);
        browser.awaitText(card("orders") + " .amount", "50 %");
        assertEquals("", browser.text("#ask"));
        assertEquals(0L, browser.ask("localStorage.length + sessionStorage.length + document.cookie.length"));
        assertEquals("/", browser.ask("location.pathname + location.search + location.hash"));

        browser.click(card("orders") + " .abort");
        browser.click("#yes");
        browser.awaitText(card("orders") + " .outcome", "Refused: ");
        assertTrue(Files.exists(file("orders.partial")));
    }

    @Test
    void whatIsRemovedIsAskedForFirst() throws Exception {
        look(Map.of());
        TestSnapshot orders = TestSnapshot.random("orders", 2 * MIB);
        RawClient link = new RawClient(sidecar.uri());
        orders.committed(link);
        TestSnapshot later = orders.at(43);
        later.opened(link);
        later.send(link, 0, MIB);
        browser.awaitText(card("orders") + " dl", "Earlier snapshot");

        browser.click(card("orders") + " .abort");
        browser.awaitText("#sure", "Abort the transfer of orders?");
        browser.click("#no");
        browser.awaitText(card("orders") + " .state", "bootstrapping");
        browser.click(card("orders") + " .abort");
        browser.click("#yes");
        browser.awaitText(card("orders") + " .state", "following");
        browser.awaitText(card("orders") + " dl", "LSN\n42");

        String download = (String) browser.ask("document.querySelector('" + card("orders") + " .download').href");
        assertEquals(200, sidecar.status(URI.create(download).getPath()));
        assertEquals(false, browser.ask("document.querySelector('" + card("orders") + " .download').hidden"));

        browser.click(card("orders") + " .remove");
        browser.awaitText("#sure", "Remove the snapshot of orders?");
        assertTrue(Files.exists(file("orders.snapshot")));
        browser.click("#yes");
        browser.awaitText("#none", "No mirror yet");
        assertFalse(Files.exists(file("orders.snapshot")));
        assertEquals(List.of(), browser.complaints());
    }

    @Test
    void whatASourceSaysIsTextAndNothingElse() throws Exception {
        look(Map.of());
        String cluster = "<img src=x onerror=document.title='forged'><b>\u202e";
        byte[] bytes = {1, 2, 3};
        TestSnapshot snapshot = new TestSnapshot(new SnapshotIdentity(cluster, new DatabaseId("orders"),
                Long.MAX_VALUE, bytes.length, Crc32c.of(ByteBuffer.wrap(bytes))), bytes);
        snapshot.committed(new RawClient(sidecar.uri()));
        browser.awaitText(card("orders") + " dl", cluster.replace("\u202e", "\\u{202e}"));
        browser.awaitText(card("orders") + " dl", String.valueOf(Long.MAX_VALUE));
        assertEquals(0L, browser.ask("document.querySelectorAll('#mirrors img, #mirrors b').length"));
        assertEquals("mirror-bootstrap", browser.ask("document.title"));
    }

    @Test
    void itIsOpenToEverybodyAndHasNothingOfWhatTheSidecarHas() throws Exception {
        start(tokens("a-token\n"));
        HttpResponse<String> page = sidecar.ask("/");
        assertEquals(200, page.statusCode());
        assertTrue(page.headers().firstValue("content-security-policy").orElseThrow().startsWith("default-src 'none'"));
        assertEquals(200, sidecar.status("/page/main.js"));
        assertEquals(401, sidecar.status("/page/index.html"));
        assertEquals(401, sidecar.status("/page/"));
        assertEquals(401, sidecar.status("/v1/sidecar"));
        assertEquals(401, status("/page/../v1/mirrors", "Host: localhost"));
        assertEquals(304, status("/", "Host: localhost",
                "If-None-Match: " + page.headers().firstValue("etag").orElseThrow()));
    }

    private void look(Map<String, String> environment) throws Exception {
        start(environment);
        browser.show(1440, false);
        browser.open(sidecar.uri().resolve("/"));
        browser.complaints();
    }

    private static String card(String database) {
        return "[data-database=" + database + "]";
    }
}
