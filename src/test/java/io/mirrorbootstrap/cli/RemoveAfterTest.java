package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code wait --remove-after} removes, and what it leaves. */
@Timeout(60)
class RemoveAfterTest extends WithWaitingCommand {

    private static final String GET = "GET /v1/mirrors/d";
    private static final String DELETE = "DELETE /v1/mirrors/d?snapshot=true";
    private static final String DONE = "204 No Content|";

    @BeforeEach
    void snapshot() throws IOException {
        commit("the snapshot".getBytes(StandardCharsets.US_ASCII), null);
    }

    @Test
    void whatWasRestoredIsRemoved() throws IOException {
        assertEquals(0, remove(following(), DONE), err::toString);
        assertEquals(List.of(GET, GET, DELETE), requests);
        assertEquals("removed: the snapshot of d, LSN 7, 12 B", last());
        assertEquals("", out.toString());
    }

    @Test
    void aSidecarThatDoesNotTellWhenItWasCommittedTellsItsNumbers() throws IOException {
        assertEquals(0, remove(status("following", 7, null), DONE), err::toString);
        assertEquals(List.of(GET, GET, DELETE), requests);
    }

    @Test
    void whoseSuccessorHasFailedIsRemoved() throws IOException {
        assertEquals(0, remove(status("failed", 8, COMMITTED_AT.toString()), DONE), err::toString);
        assertEquals(List.of(GET, GET, DELETE), requests);
    }

    @ParameterizedTest
    @CsvSource({"following,8,2026-11-28T10:00:01Z", "following,7,2026-11-28T10:00:01Z", "following,8,",
            "bootstrapping,9,2026-11-28T10:00:01Z"})
    void aSuccessorStays(String word, long lsn, String committedAt) throws IOException {
        assertEquals(0, remove(status(word, lsn, committedAt)), err::toString);
        assertEquals(List.of(GET, GET), requests);
        assertEquals("the snapshot that was restored is gone: its successor stays"
                + (word.equals("following") ? ", LSN " + lsn : ""), last());
    }

    @ParameterizedTest
    @CsvSource({"bootstrapping,2026-11-28T10:00:00.123456Z", "disconnected,2026-11-28T10:00:00.123456Z",
            "bootstrapping,", "failed,"})
    void aTransferOnItsWayIsNotEnded(String word, String committedAt) throws IOException {
        assertEquals(7, remove(status(word, 8, committedAt)), err::toString);
        assertEquals(List.of(GET, GET), requests);
        assertEquals("mirror-bootstrap: restored, but the snapshot is still there: a successor is " + word
                + ", and its transfer would be ended, too", last());
    }

    @Test
    void oneThatWasReplacedBetweenTheQuestionAndTheRemovalStays() throws IOException {
        assertEquals(0, remove(following(), "412 Precondition Failed|{\"code\":\"not_found\"}"), err::toString);
        assertEquals(List.of(GET, GET, DELETE), requests);
        assertEquals("the snapshot that was restored is gone already", last());
    }

    @Test
    void whatIsGoneNeedNotBeRemoved() throws IOException {
        for (String gone : List.of("404 Not Found|{\"code\":\"not_found\"}",
                following().replace("following", "failed").replaceFirst("\"snapshot_path\":[^,]*",
                        "\"snapshot_path\":null"))) {
            assertEquals(0, remove(gone), err::toString);
            assertEquals("the snapshot that was restored is gone already", last());
        }
    }

    @Test
    void aSidecarThatIsBusyIsAskedAgain() throws IOException {
        String busy = "503 Busy\r\nRetry-After: 0|{\"code\":\"busy\",\"message\":\"a commit\"}";
        assertEquals(0, remove(following(), busy, following(), DONE), err::toString);
        assertEquals(List.of(GET, GET, DELETE, GET, DELETE), requests);
    }

    @ParameterizedTest
    @CsvSource({"403 Forbidden,not_owner", "503 No,transport"})
    void aRefusalIsTold(String status, String code) throws IOException {
        assertEquals(7, remove(following(), status + "\r\nRetry-After: 1000|{\"code\":\"" + code
                + "\",\"message\":\"no\\u001b\"}"));
        assertEquals(
                "mirror-bootstrap: restored, but the snapshot is still there: the sidecar does not remove it: HTTP "
                        + status.substring(0, 3) + ", " + code + ": no\\u001b",
                last());
    }

    @Test
    void ofACommandThatFailsTheSnapshotStays() throws IOException {
        assertEquals(6, restore("exit 1", "--remove-after"));
        assertEquals(List.of(GET), requests);
    }

    /** @param answers of the sidecar, from the moment on when the snapshot was restored */
    private int remove(String... answers) throws IOException {
        return restore(Stream.concat(Stream.of(following()), Stream.of(answers)).toList(), "cat > got",
                "--remove-after");
    }

    private String last() {
        return err.toString().lines().reduce("", (one, next) -> next);
    }
}
