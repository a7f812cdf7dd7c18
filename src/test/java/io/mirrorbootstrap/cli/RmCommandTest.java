package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.source.RawServer;

@Timeout(60)
class RmCommandTest extends WithCommandLine {

    private static final String BUSY = "503 Busy\r\nRetry-After: 0|{\"code\":\"busy\",\"message\":\"a commit\"}";
    private static final String NONE = "404 Not Found|{\"code\":\"not_found\"}";
    private static final String GONE = "204 No Content|";

    private List<String> requests = List.of();

    @ParameterizedTest
    @CsvSource(delimiter = '#', value = {
            "bootstrapping#null#''#gone: the transfer of d (bootstrapping, 5 B of 9 B)",
            "disconnected#\"/s\"#''#gone: the transfer of d (disconnected, 5 B of 9 B); the committed snapshot /s stays (--snapshot removes it)",
            "following#\"/s\"#''#no transfer of d was there; the committed snapshot /s stays (--snapshot removes it)",
            "following#\"/s\"#--snapshot#gone: the committed snapshot /s",
            "failed#\"/s\\u001b\"#--snapshot#gone: the transfer of d (failed, 5 B of 9 B) and the committed snapshot /s\\u001b"})
    void whatWasThereIsTold(String word, String path, String option, String said) throws Exception {
        assertEquals(0, rm(option, status(word, path, "null"), GONE, NONE), err::toString);
        assertEquals(said + System.lineSeparator(), out.toString());
        assertEquals(option.isEmpty()
                ? List.of("GET /v1/mirrors/d", "DELETE /v1/mirrors/d", "GET /v1/mirrors/d")
                : List.of("GET /v1/mirrors/d", "DELETE /v1/mirrors/d?snapshot=true"), requests);
    }

    @Test
    void thatNothingWasThereIsNoFailure() throws Exception {
        assertEquals(0, rm("", NONE, GONE, NONE));
        assertEquals("nothing of d was there" + System.lineSeparator(), out.toString());
        assertEquals("DELETE /v1/mirrors/d", requests.get(1));
    }

    @Test
    void aSidecarThatIsBusyIsAskedAgain() throws Exception {
        assertEquals(0, rm("", NONE, BUSY, BUSY, GONE, NONE), err::toString);
        assertEquals(5, requests.size());
    }

    /** A commit that has begun keeps the sidecar busy, and is not ended. */
    @ParameterizedTest
    @CsvSource(delimiter = '#', value = {"null#null", "\"/s\"#\"2026-01-01T00:00:00Z\""})
    void aTransferThatIsCommittedMeanwhileIsNotToldToBeGone(String path, String earlier) throws Exception {
        String later = "\"2026-01-02T00:00:00Z\"";
        assertEquals(3, rm("", status("bootstrapping", path, earlier), BUSY, GONE,
                status("following", "\"/s\"", later)));
        assertEquals("mirror-bootstrap: the transfer of d was committed before it could be ended: its snapshot stays "
                + "(--snapshot removes it)" + System.lineSeparator(), err.toString());
        assertEquals("", out.toString());

        assertEquals(0, rm("--snapshot", status("bootstrapping", path, earlier), BUSY, GONE), err::toString);
    }

    @Test
    void anEarlierSnapshotThatStaysIsNoCommit() throws Exception {
        String earlier = "\"2026-01-01T00:00:00Z\"";
        assertEquals(0, rm("", status("disconnected", "\"/s\"", earlier), GONE,
                status("following", "\"/s\"", earlier)), err::toString);
    }

    @Test
    void whatNobodyTellsIsNotToldToBeGone() throws Exception {
        assertEquals(4, rm("", status("bootstrapping", "null", "null"), GONE, BUSY));
        assertTrue(err.toString().contains("whether it was committed before is not known: HTTP 503"), err::toString);
        assertEquals("", out.toString());
    }

    @Test
    void oneThatIsBusyForTooLongIsNot() throws Exception {
        assertEquals(4, rm("", NONE, BUSY.replace("After: 0", "After: 60")));
        assertEquals("mirror-bootstrap: the sidecar removes nothing: HTTP 503, busy: a commit"
                + System.lineSeparator(), err.toString());
        assertEquals("", out.toString());
        assertEquals(2, requests.size());
    }

    @ParameterizedTest
    @CsvSource({"403 Forbidden,not_owner,3", "503 No,transport,4"})
    void aRefusalIsToldInItsWords(String status, String code, int exit) throws Exception {
        assertEquals(exit, rm("", NONE,
                status + "|{\"code\":\"" + code + "\",\"message\":\"it is bob's\\u001b\"}"));
        assertTrue(err.toString().contains(", " + code + ": it is bob's\\u001b"), err::toString);
        assertEquals("", out.toString());
    }

    @Test
    void whoMayNotAskRemovesNothing() throws Exception {
        assertEquals(3, rm("", "401 Unauthorized|{\"code\":\"unauthorized\",\"message\":\"no token\"}"));
        assertEquals(1, requests.size());
    }

    private static String status(String word, String path, String committedAt) {
        return "200 OK|{\"source_database_id\":\"d\",\"status\":\"" + word + "\",\"bytes_done\":5,"
                + "\"bytes_total\":9,\"snapshot_lsn\":7,\"crc32c\":\"0x00000001\",\"snapshot_path\":" + path
                + ",\"committed_at\":" + committedAt + "}";
    }

    /** @param answers status, and behind a bar the body: one for each request */
    private int rm(String option, String... answers) throws Exception {
        Deque<String> left = new ArrayDeque<>(List.of(answers));
        try (RawServer server = new RawServer(to -> {
            String[] answer = left.remove().split("\\|", 2);
            boolean hasBody = !answer[0].startsWith("204");
            to.write(("HTTP/1.1 " + answer[0] + "\r\nContent-Type: application/json\r\n"
                    + (hasBody ? "Content-Length: " + answer[1].length() + "\r\n" : "") + "\r\n" + answer[1])
                    .getBytes(StandardCharsets.US_ASCII));
        })) {
            int code = option.isEmpty()
                    ? run("rm", "d", "--url", server.url())
                    : run("rm", "d", option, "--url", server.url());
            requests = server.heads().stream().map(head -> head.substring(0, head.indexOf(" HTTP"))).toList();
            return code;
        }
    }
}
