package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;

/** What somebody reads who is called at night. */
class LogIT extends WithSidecar {

    private static final int ENDED_BY_SIGTERM = 143;

    private final TestSnapshot snapshot = TestSnapshot.random("orders", 100);
    private static final String ADDRESS = "127\\.0\\.0\\.1:[0-9]+";

    @Test
    void itSaysFromWhereATransferComesAndWhoHasTakenItOver() throws Exception {
        start();
        RawClient first = new RawClient(sidecar.uri());
        snapshot.opened(first);
        RawClient second = new RawClient(sidecar.uri());
        snapshot.opened(second);
        TestSnapshot.refused(ErrorCode.SUPERSEDED, TestSnapshot.answer(first));
        List<String> begun = sidecar.logged(": begun: ");
        assertEquals(2, begun.size(), begun.toString());
        String one = addressIn(begun.get(0), ".*by the source at (" + ADDRESS + ")$");
        String two = addressIn(begun.get(1), ".*by the source at (" + ADDRESS + ")$");
        List<String> takenOver = sidecar.logged("has taken over");
        assertEquals(1, takenOver.size(), takenOver.toString());
        assertTrue(takenOver.get(0).endsWith("link from " + one + ": the source at " + two
                + " has taken over orders, closing this link"), takenOver.get(0));
    }

    @Test
    void aSourceThatDoesTheSameWithoutEndDoesNotFillIt() throws Exception {
        start();
        RawClient source = new RawClient(sidecar.uri());
        for (int i = 0; i < 2000; i++) {
            assertInstanceOf(Answer.Pending.class, snapshot.send(source, 0, 1)); // each begins again
        }
        List<String> begun = sidecar.logged(": begun: ");
        assertTrue(begun.size() < 1000, () -> begun.size() + " lines");
        for (String told : List.of("of lines like this, at most 10 a second follow",
                "[0-9]+ lines like this before it were left out")) {
            assertTrue(begun.stream().anyMatch(line -> line.matches(".*\\[" + told + "]")), told);
        }
    }

    @Test
    void whoReadsItHoldsUpNobody() throws Exception {
        Path hangs = directory.resolve("hangs");
        start(Preloaded.disk("HANGING_LOG_WHILE", hangs));
        Files.createFile(hangs);
        for (int i = 0; i < 20; i++) {
            assertEquals(403, status("/v1/mirrors", "Host: localhost", "Origin: http://evil.example"));
            assertEquals(200, sidecar.status("/q/health/live"));
        }
        assertEquals(List.of(), lines("evil.example"));
        Files.delete(hangs);
        patiently().until(() -> !lines("evil.example").isEmpty());
        assertEquals(ENDED_BY_SIGTERM, sidecar.terminate());
        assertEquals(1, lines(" stopped in ").size(), sidecar.log());
    }

    @Test
    void whoDoesNotReadItDoesNotHoldUpTheEnd() throws Exception {
        Path hangs = directory.resolve("hangs");
        start(Preloaded.disk("HANGING_LOG_WHILE", hangs));
        Files.createFile(hangs);
        assertEquals(403, status("/v1/mirrors", "Host: localhost", "Origin: http://a.example"));
        assertEquals(ENDED_BY_SIGTERM, sidecar.terminate());
    }

    private List<String> lines(String about) throws IOException {
        return sidecar.log().lines().filter(line -> line.contains(about)).toList();
    }

    private static String addressIn(String line, String pattern) {
        assertTrue(line.matches(pattern), line);
        return line.replaceAll(pattern, "$1");
    }
}
