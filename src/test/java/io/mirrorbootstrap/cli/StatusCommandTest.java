package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.source.RawServer;

/** {@code status}, of sidecars of all kinds. */
@Timeout(60)
class StatusCommandTest extends WithCommandLine {

    private static final String FOLLOWS = row("a", "following", "");
    private static final String COMES = row("b", "bootstrapping", "");
    private static final String FAILED = row("c", "failed", ",\"last_error\":{\"code\":\"x\\u001b\",\"message\":null}");

    @Test
    void theExitCodeSaysWhetherAllAreThere() throws Exception {
        assertEquals(0, all(FOLLOWS));
        assertEquals(4, all(FOLLOWS, COMES));
        assertEquals(3, all(FOLLOWS, COMES, FAILED));
        assertTrue(out.toString().contains("  last error: x\\u001b"), out::toString);
        assertEquals(4, all(), "where nothing has come nothing is there");
        assertEquals("", err.toString());
    }

    @Test
    void theLinesAreSortedByName() throws Exception {
        all(COMES, FAILED, FOLLOWS);
        assertEquals(List.of("DATABASE", "a", "b", "c", ""),
                out.toString().lines().map(line -> line.split(" ")[0]).toList());
    }

    @Test
    void eachOneThatIsNamedIsAskedFor() throws Exception {
        try (RawServer server = new RawServer("127.0.0.1", (head, client) -> {
            boolean isKnown = head.startsWith("GET /v1/mirrors/a ");
            String body = isKnown ? FOLLOWS : "{\"code\":\"not_found\"}";
            client.getOutputStream().write(answer(isKnown ? "200 OK" : "404 Not Found", body));
        })) {
            assertEquals(0, run("status", "a", "--url", server.url()));
            assertEquals(4, run("status", "a", "z", "a", "--url", server.url()));
            assertEquals(List.of("DATABASE", "a", "z"),
                    out.toString().lines().map(line -> line.split(" ")[0]).toList());
            assertTrue(out.toString().contains("not there yet"), out::toString);
            assertEquals(4, run("status", "a", "z", "--json", "--url", server.url()));
            assertTrue(out.toString().startsWith("[{\"source_database_id\":\"a\","), out::toString);
            assertEquals(2, run("status", ".hidden", "--url", server.url()));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {"{}|not a JSON array", "|not a JSON array",
            "[1]|not a JSON array of objects alone", "[ROW]x|not a JSON array: ", "[ROW|not a JSON array: ",
            "[{}]|status is missing", "[ROW,ROW]|a is there twice", "[ROW] [ROW]|not a JSON array of objects alone",
            "[[[[[[[[[[[[[[[[[[[[[[|not a JSON array", "[{\"x\":1,\"x\":2}]|not a JSON object: Duplicate field",
            "[{\"source_database_id\":\"\\u001b[2J\",\"status\":\"x\"}]|is not a name of a database",
            "[{\"source_database_id\":\"d\",\"status\":\"x\",\"bytes_done\":-1}]|bytes_done is",
            "[{\"source_database_id\":\"d\",\"status\":\"x\",\"bytes_done\":1,\"bytes_total\":1,\"snapshot_lsn\":1,\"updated_at\":\"now\"}]|updated_at is \"now\", it must be a time"})
    void whatIsNoListIsNotBelieved(String body, String why) throws Exception {
        String text = body == null ? "" : body.replace("ROW", FOLLOWS);
        assertEquals(3, status(text), out::toString);
        assertTrue(
                err.toString().startsWith("mirror-bootstrap: the sidecar does not tell: what answers is no sidecar: ")
                        && err.toString().contains(why),
                err::toString);
        assertEquals("", out.toString());
    }

    @Test
    void aThousandAreShownAndNoMore() throws Exception {
        assertEquals(0, all(IntStream.range(0, 1000).mapToObj(i -> row("d" + i, "following", ""))
                .toArray(String[]::new)));
        assertEquals(1001, out.toString().lines().count());
        assertEquals(3, all(IntStream.range(0, 1001).mapToObj(i -> row("d" + i, "following", ""))
                .toArray(String[]::new)));
        assertTrue(err.toString().contains("an array of more than 1000"), err::toString);
    }

    @Test
    void aRowHasTheBoundsOfOne() throws Exception {
        assertEquals(3, all(row("d", "following", ",\"x\":\"" + "y".repeat(100_000) + "\"")));
        assertTrue(err.toString().contains("exceeds the maximum allowed"), err::toString);
    }

    @Test
    void anAnswerWithoutEndIsCut() throws Exception {
        try (RawServer server = new RawServer(to -> {
            to.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n[".getBytes(StandardCharsets.US_ASCII));
            while (true) {
                to.write(" ".repeat(65536).getBytes(StandardCharsets.US_ASCII));
            }
        })) {
            assertEquals(3, run("status", "--url", server.url()));
        }
        assertEquals("mirror-bootstrap: the sidecar does not tell: it answered with more than 4194304 bytes"
                + System.lineSeparator(), err.toString());
    }

    @Test
    void anOlderSidecarWillDo() throws Exception {
        assertEquals(0, all("{\"source_database_id\":\"d\",\"status\":\"following\",\"bytes_done\":5,\"bytes_total\":5,"
                + "\"snapshot_lsn\":7,\"crc32c\":\"0x00000001\",\"snapshot_path\":\"/s\"}"));
        assertTrue(out.toString().lines().toList().get(1).startsWith("d  "), out::toString);
    }

    @Test
    void jsonIsWrittenAgainWithoutWhatMovesACursor() throws Exception {
        try (RawServer server = RawServer.of("200 OK", "[" + row("d", "follow\u009b\u202e\\u001bing", ",\"evil\":\"x\","
                + "\"source_address\":\"größe\",\"eta_seconds\":3,\"updated_at\":\"2026-11-28T03:00:00Z\"") + "]")) {
            assertEquals(4, run("status", "--json", "--url", server.url()));
        }
        assertEquals(
                "[{\"source_database_id\":\"d\",\"source_cluster_id\":null,\"status\":\"follow\\u009B\\u202E\\u001Bing\","
                        + "\"bytes_done\":5,\"bytes_total\":5,\"durable_bytes\":null,\"snapshot_lsn\":7,\"crc32c\":\"0x00000001\","
                        + "\"snapshot_path\":\"/s\",\"position\":null,\"source_address\":\"gr\\u00F6\\u00DFe\",\"committed_at\":null,"
                        + "\"rate_bytes_per_second\":0,\"eta_seconds\":3,\"updated_at\":\"2026-11-28T03:00:00Z\",\"last_error\":null}]"
                        + System.lineSeparator(),
                out.toString());
    }

    /** Off a terminal it is told again only when something has changed; a sidecar that is away is waited for, one that refuses is not. */
    @Test
    void watchingTellsChangesUntilItIsRefused() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (RawServer server = new RawServer(to -> {
            switch (asked.getAndIncrement()) {
                case 0, 1 -> to.write(answer("200 OK", "[" + COMES + "]"));
                case 2 -> to.write(answer("503 No", "{}"));
                case 3 -> to.write(answer("200 OK", "[" + row("b", "following", "") + "]"));
                default -> to.write(answer("403 No", "{}"));
            }
        })) {
            assertEquals(3, run("status", "--watch", "--url", server.url()));
        }
        assertEquals(List.of("DATABASE", "b", "DATABASE", "b"), out.toString().lines()
                .filter(line -> !line.matches("\\d{4}-.*Z")).map(line -> line.split(" ")[0]).toList());
        assertEquals(List.of("503", "403"),
                err.toString().lines().map(line -> line.replaceAll(".*HTTP (\\d+).*", "$1")).toList());
    }

    @Test
    void whoIsNotThereCannotBeAsked() {
        assertEquals(4, run("status", "--url", "http://127.0.0.1:1"));
        assertTrue(err.toString().startsWith("mirror-bootstrap: the sidecar cannot be reached: "), err::toString);
    }

    private int all(String... rows) throws IOException {
        return status(List.of(rows).stream().collect(Collectors.joining(",", "[", "]")));
    }

    private int status(String body) throws IOException {
        try (RawServer server = RawServer.of("200 OK", body)) {
            return run("status", "--url", server.url());
        }
    }

    private static byte[] answer(String status, String body) {
        return ("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length()
                + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII);
    }

    private static String row(String database, String word, String more) {
        return "{\"source_database_id\":\"" + database + "\",\"status\":\"" + word
                + "\",\"bytes_done\":5,\"bytes_total\":5,"
                + "\"snapshot_lsn\":7,\"crc32c\":\"0x00000001\",\"snapshot_path\":\"/s\"" + more + "}";
    }
}
