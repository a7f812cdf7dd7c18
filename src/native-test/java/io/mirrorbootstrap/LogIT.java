package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/** What somebody reads who is called at night. */
class LogIT extends WithSidecar {

    private static final SnapshotIdentity SNAPSHOT = new SnapshotIdentity("pg-main", new DatabaseId("orders"), 7, 100,
            Crc32c.EMPTY);
    private static final String ADDRESS = "127\\.0\\.0\\.1:[0-9]+";

    @Test
    void itSaysFromWhereATransferComesAndWhoHasTakenItOver() throws Exception {
        sidecar = SidecarProcess.start(directory.resolve("data"), List.of(), Map.of());
        RawClient first = new RawClient(sidecar.uri());
        open(first);
        RawClient second = new RawClient(sidecar.uri());
        open(second);
        assertEquals("superseded", first.answer().path("code").asText());
        List<String> begun = lines(": begun: ");
        assertEquals(2, begun.size(), begun.toString());
        String one = addressIn(begun.get(0), ".*by the source at (" + ADDRESS + ")$");
        String two = addressIn(begun.get(1), ".*by the source at (" + ADDRESS + ")$");
        List<String> takenOver = lines("has taken over");
        assertEquals(1, takenOver.size(), takenOver.toString());
        assertTrue(takenOver.get(0).endsWith("link from " + one + ": the source at " + two
                + " has taken over orders, closing this link"), takenOver.get(0));
    }

    @Test
    void aSourceThatDoesTheSameWithoutEndDoesNotFillIt() throws Exception {
        sidecar = SidecarProcess.start(directory.resolve("data"), List.of(), Map.of());
        RawClient source = new RawClient(sidecar.uri());
        Crc32c crc = Crc32c.of(ByteBuffer.wrap(new byte[1]));
        byte[] head = ChunkEncoder.head(SNAPSHOT, 0, 1, crc, false);
        byte[] chunk = ByteBuffer.allocate(head.length + 1).put(head).array();
        for (int i = 0; i < 2000; i++) {
            source.binary(chunk, chunk.length); // at offset 0: each begins again
            assertEquals("pending", source.answer().path("type").asText());
        }
        List<String> begun = lines(": begun: ");
        assertTrue(begun.size() < 1000, () -> begun.size() + " lines");
        for (String told : List.of("of lines like this, at most 10 a second follow",
                "[0-9]+ lines like this before it were left out")) {
            assertTrue(begun.stream().anyMatch(line -> line.matches(".*\\[" + told + "]")), told);
        }
    }

    private static void open(RawClient source) throws Exception {
        source.text(JsonMessages.write(new Control.Open(SNAPSHOT)));
        assertEquals("opened", source.answer().path("type").asText());
    }

    private List<String> lines(String about) throws IOException {
        return sidecar.log().lines().filter(line -> line.contains(about)).toList();
    }

    private static String addressIn(String line, String pattern) {
        assertTrue(line.matches(pattern), line);
        return line.replaceAll(pattern, "$1");
    }
}
