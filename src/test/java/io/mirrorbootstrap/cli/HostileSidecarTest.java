package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.UnaryOperator;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.source.RawServer;
import io.mirrorbootstrap.source.ScriptedSidecar;

/** What {@code send} and {@code wait} print of a sidecar that speaks to the terminal, or to the script, behind them. */
@Timeout(60)
class HostileSidecarTest extends WithCommandLine {

    /** In JSON: a title, a cleared screen, a line of its own, a field of its own, a line turned around. */
    private static final String EVIL = "\\u001b]0;x\\u0007\\u001b[2J\\r\\ncommitted \\t9\\u009b1m\\u202e\\u2028größe";
    private static final String SHOWN = "\\u001b]0;x\\u0007\\u001b[2J\\r\\ncommitted \\t9\\u009b1m\\u202e\\u2028größe";

    @TempDir
    Path directory;

    @Test
    void whatIsRefusedIsReadable() throws Exception {
        assertEquals(3, sendTo("{\"type\":\"error\",\"code\":\"x\\u001b\",\"message\":\"" + EVIL
                + "\",\"source_database_id\":\"d\"}"));
        assertSaid("mirror-bootstrap: the sidecar refused (x\\u001b): " + SHOWN);
        assertEquals(3, sendTo("{\"type\":\"" + EVIL + "\",\"source_database_id\":\"d\"}"));
        assertSaid("mirror-bootstrap: the sidecar does not speak this version of the protocol: an answer of type "
                + "\"\\u001b]0;x\\u0007\\u001b[2J\\u000d\\u000acommitted \\u00099\\u009b1m\\u202e\\u2028"
                + "gr\\u00f6\\u00dfe\" is unknown");
    }

    @ParameterizedTest
    @CsvSource({"stale_snapshot, is later (replace), '. If it is, send it with --replace'",
            "transfer_in_progress, is at byte 7 (replace), '. If it is, send it with --replace'",
            "stale_snapshot, belongs to bob, ''", "cluster_id_mismatch, x (replace), ''"})
    void whatIsThereIsReplacedOnlyWhereThatIsMeant(String code, String message, String hint) throws Exception {
        assertEquals(3, sendTo("{\"type\":\"error\",\"code\":\"" + code + "\",\"message\":\"" + message
                + "\",\"source_database_id\":\"d\"}"));
        assertSaid("mirror-bootstrap: the sidecar refused (" + code + "): " + message + hint);
    }

    @Test
    void aReasonToCloseIsReadable() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar(
                (vertx, link) -> link.textMessageHandler(open -> link.close((short) 4000, "\u001b[2J\r\nx\u202e")))) {
            assertEquals(4, send(sidecar.endpoint("/v1/bootstrap").toString()));
        }
        assertSaid("mirror-bootstrap: the link was lost after 0 bytes: the sidecar closed it with 4000, "
                + "\\u001b[2J\\r\\nx\\u202e");
    }

    @Test
    void thatACommitIsNotKnownIsToldAsALostLink() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage("{\"type\":\"opened\",\"source_database_id\":\"d\","
                    + "\"offset\":0,\"max_chunk_bytes\":1000,\"window_bytes\":1000}"));
            link.binaryMessageHandler(chunk -> link.close((short) 1012, "\u001b[2J"));
        })) {
            assertEquals(4, run("send", "--url", sidecar.endpoint("/").toString(), "--cluster", "c", "--database", "d",
                    "--lsn", "1", "--give-up-after", "0", "--", "printf", "x"));
        }
        assertSaid("mirror-bootstrap: all was sent, whether it was committed is not known: the link was lost after 0 "
                + "bytes: the sidecar closed it with 1012, \\u001b[2J");
    }

    @Test
    void aPathThatForgesTheResultIsNotPrinted() throws Exception {
        assertEquals(3, sendTo("{\"type\":\"committed\",\"source_database_id\":\"d\",\"snapshot_lsn\":1,\"bytes\":1,"
                + "\"crc32c\":\"0x527d5351\",\"snapshot_path\":\"" + EVIL + "\"}"));
        assertSaid("mirror-bootstrap: the sidecar does not speak this version of the protocol: it says that it has "
                + "committed the snapshot, but its snapshot_path, " + SHOWN
                + ", has characters that no path here may have");
    }

    @Test
    void aRefusalOfTheLinkIsReadable() throws Exception {
        try (RawServer server = RawServer.of("403 No",
                "{\"type\":\"error\",\"code\":\"c\",\"message\":\"" + EVIL + "\"}")) {
            assertEquals(3, send(server.url()));
            assertSaid("mirror-bootstrap: " + server.url().replace("http", "ws")
                    + "/v1/bootstrap refused the link: HTTP 403, c: " + SHOWN);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {
            "\"source_database_id\":\"e\"|the sidecar does not tell: asked for d, it answers about e",
            "\"source_database_id\":\"\\u001b\"|the sidecar does not tell: what answers is no sidecar: \"\\u001b\" is not a name of a database: it must be 1 to 128 characters of A-Z a-z 0-9 . _ -, the first a letter, digit or _",
            "\"source_database_id\":null|the sidecar does not tell: what answers is no sidecar: source_database_id must be a string",
            "\"crc32c\":null|the sidecar does not tell: what answers is no sidecar: crc32c must be an integer",
            "\"snapshot_path\":null|the sidecar does not tell: what answers is no sidecar: snapshot_path must be a string",
            "\"snapshot_path\":\"d.snapshot\"|the sidecar has the snapshot of d at d.snapshot, which is no absolute path here that ends in recv_snapshots/d.snapshot",
            "\"snapshot_path\":\"recv_snapshots/d.snapshot\"|the sidecar has the snapshot of d at recv_snapshots/d.snapshot, which is no absolute path here that ends in recv_snapshots/d.snapshot",
            "\"snapshot_path\":\"/\"|the sidecar has the snapshot of d at /, which is no absolute path here that ends in recv_snapshots/d.snapshot",
            "\"snapshot_path\":\"/d.snapshot\"|the sidecar has the snapshot of d at /d.snapshot, which is no absolute path here that ends in recv_snapshots/d.snapshot",
            "\"snapshot_path\":\"/x/recv_snapshots/e.snapshot\"|the sidecar has the snapshot of d at /x/recv_snapshots/e.snapshot, which is no absolute path here that ends in recv_snapshots/d.snapshot",
            "\"snapshot_path\":\"/a\\u0000/recv_snapshots/d.snapshot\"|the sidecar has the snapshot of d at /a\\u0000/recv_snapshots/d.snapshot, which is no absolute path here that ends in recv_snapshots/d.snapshot",
            "\"snapshot_path\":\"/a\\n/etc\\t9/recv_snapshots/d.snapshot\"|the snapshot of d is at /a\\n/etc\\t9/recv_snapshots/d.snapshot, and no line that says so could be relied upon",
            "\"status\":\"failed\",\"snapshot_path\":null,\"last_error\":{\"code\":\"x\\n\",\"message\":\"\\u001b[2J\"}|the transfer failed: x\\n: \\u001b[2J",
            "\"status\":\"failed\",\"snapshot_path\":null,\"last_error\":{\"code\":\"x\",\"message\":null}|the transfer failed: x"})
    void whatCannotBeIsNoSnapshot(String changed, String message) throws Exception {
        assertEquals(3, await("200 OK", status(changed)));
        assertSaid("mirror-bootstrap: " + message);
    }

    @Test
    void aPageInsteadOfAStatusIsReadable() throws Exception {
        assertEquals(3, await("403 No", "\u001b[2J<html>\n\u202e" + "größe".repeat(100)));
        assertSaid("mirror-bootstrap: the sidecar does not tell: HTTP 403 \\u001b[2J<html>\\n\\u202e"
                + "größe".repeat(97).concat("grö") + "… (512 characters)");
        assertEquals(3, await("200 OK", "{\"a\\u001b\\n\":1,\"a\\u001b\\n\":2}"));
        assertSaid("mirror-bootstrap: the sidecar does not tell: what answers is no sidecar: not a JSON object: "
                + "Duplicate field 'a\\u001b\\n'");
    }

    @Test
    void whyNothingComesIsSaid() throws Exception {
        assertEquals(4, await("200 OK", status("\"status\":\"disconnected\",\"snapshot_path\":null,"
                + "\"last_error\":{\"code\":\"transport\",\"message\":\"Input/output error\\u001b\"}")));
        assertSaid(
                "mirror-bootstrap: no snapshot of d in 1 seconds: disconnected, 5 B of 5 B; transport: Input/output error\\u001b");
    }

    @Test
    void onlyTheSidecarItselfCanSayThatNothingHasCome() throws Exception {
        assertEquals(4, await("404 Not Found", "{\"code\":\"not_found\",\"message\":\"m\"}"));
        assertSaid("mirror-bootstrap: no snapshot of d in 1 seconds: nothing has come yet");
        String foreign = "mirror-bootstrap: the sidecar does not tell: HTTP 404, which no sidecar answers at /v1/mirrors/d: "
                + "the path is wrong, or a proxy in between does not lead to one";
        for (String body : new String[]{"default backend - 404", "", "{}", "{\"code\":7}",
                "{\"code\":\"busy\",\"message\":\"m\"}", "[]"}) {
            assertEquals(3, await("404 Not Found", body), body);
            assertSaid(foreign + (body.isEmpty() ? "" : ": " + body));
        }
        String own = "{\"code\":\"not_found\"}";
        try (RawServer server = new RawServer(out -> out.write(("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
                + "Content-Length: " + own.length() + "\r\n\r\n" + own).getBytes(StandardCharsets.US_ASCII)))) {
            assertEquals(3, run("wait", "--database", "d", "--url", server.url(), "--timeout", "1"));
        }
        assertSaid(foreign + ": " + own);
    }

    @Test
    void aLinkThatIsNotFoundIsToldAsAWrongPath() throws Exception {
        try (RawServer server = RawServer.of("404 Not Found", "default backend - 404")) {
            assertEquals(3, send(server.url() + "/mirror-a"));
            assertSaid("mirror-bootstrap: " + server.url().replace("http", "ws")
                    + "/mirror-a/v1/bootstrap refused the link: HTTP 404, which no sidecar answers at "
                    + "/mirror-a/v1/bootstrap: the path is wrong, or a proxy in between does not lead to one: "
                    + "default backend - 404");
        }
    }

    @Test
    void aLinkThatIsNotOpenedAsAskedIsToldSo() throws Exception {
        assertEquals(3, sendToUpgrade(Upgrade::accept));
        assertTrue(err.toString().endsWith(": it opens the link without having chosen mirror-bootstrap.v1: it is no "
                + "sidecar, or a proxy in between has taken the header Sec-WebSocket-Protocol out"
                + System.lineSeparator()), err::toString);
        assertEquals(3, sendToUpgrade(key -> "x"));
        assertTrue(err.toString().contains(": it does not open the link as a WebSocket: Invalid challenge. Actual: x"),
                err::toString);
    }

    @Test
    void aStatusThatIsNoUtf8IsNoSnapshots() throws Exception {
        byte[] body = status("\"snapshot_path\":\"/größe/recv_snapshots/d.snapshot\"")
                .getBytes(StandardCharsets.ISO_8859_1);
        try (RawServer server = new RawServer(out -> {
            out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            out.write(body);
        })) {
            assertEquals(3, run("wait", "--database", "d", "--url", server.url(), "--timeout", "1"));
        }
        assertSaid("mirror-bootstrap: the sidecar does not tell: what answers is no sidecar: not UTF-8");
    }

    @Test
    void anUnknownStatusIsReadable() throws Exception {
        assertEquals(4, await("200 OK", status("\"status\":\"" + EVIL + "\",\"snapshot_path\":null")));
        assertTrue(err.toString().endsWith(": " + SHOWN + ", 5 B of 5 B" + System.lineSeparator()), err::toString);
        assertEquals("", out.toString());
    }

    @Test
    void anOrdinaryStatusIsHandedOver() throws Exception {
        assertEquals(0, await("200 OK", status("\"last_error\":null")), err::toString);
        assertEquals("/data/recv_snapshots/d.snapshot\t7\t0x00000001\t5" + System.lineSeparator(), out.toString());
        assertEquals(0, await("200 OK", status("\"rate_bytes_per_second\":null")), err::toString);
    }

    /** A mirror that follows, with other values for some of its fields. */
    private static String status(String changed) {
        StringBuilder status = new StringBuilder("{" + changed);
        for (String field : new String[]{"\"source_database_id\":\"d\"", "\"source_cluster_id\":\"c\"",
                "\"status\":\"following\"", "\"bytes_done\":5", "\"bytes_total\":5", "\"durable_bytes\":5",
                "\"snapshot_lsn\":7", "\"crc32c\":\"0x00000001\"",
                "\"snapshot_path\":\"/data/recv_snapshots/d.snapshot\"", "\"rate_bytes_per_second\":0"}) {
            if (!changed.contains(field.substring(0, field.indexOf(':') + 1))) {
                status.append(',').append(field);
            }
        }
        return status.append('}').toString();
    }

    private int await(String status, String body) throws IOException {
        try (RawServer server = RawServer.of(status, body)) {
            return run("wait", "--database", "d", "--url", server.url(), "--timeout", "1");
        }
    }

    private int sendTo(String answer) throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar(
                (vertx, link) -> link.textMessageHandler(open -> link.writeTextMessage(answer)))) {
            return send(sidecar.endpoint("/v1/bootstrap").toString());
        }
    }

    /** @param accept of the key that it is asked with */
    private int sendToUpgrade(UnaryOperator<String> accept) throws IOException {
        try (RawServer server = new RawServer("127.0.0.1", (head, client) -> {
            String key = head.lines().filter(line -> line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key:"))
                    .findFirst().orElseThrow().split(":")[1].strip();
            client.getOutputStream().write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    + "Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept.apply(key) + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
        })) {
            return send(server.url());
        }
    }

    private int send(String url) throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[1]);
        return run("send", file.toString(), "--url", url, "--cluster", "c", "--database", "d", "--lsn", "1",
                "--give-up-after", "0");
    }

    /** It is the last thing said, on one line, and there is no result. */
    private void assertSaid(String line) {
        String[] lines = err.toString().split("\n", -1);
        assertEquals(line, lines[lines.length - 2]);
        assertEquals("", lines[lines.length - 1]);
        assertEquals("", out.toString());
    }
}
