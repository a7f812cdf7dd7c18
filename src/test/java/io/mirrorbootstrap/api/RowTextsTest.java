package io.mirrorbootstrap.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;

import org.junit.jupiter.api.Test;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** Texts of rows, whose second a test lets pass by hand. */
class RowTextsTest {

    private static final String CLUSTER = "\u6f22" + "\"".repeat(255);

    private final StatusBoard board = new StatusBoard();
    private final ObjectMapper json = new ObjectMapper().findAndRegisterModules();
    private final Queue<Runnable> afterAWhile = new ArrayDeque<>();
    private final RowTexts texts = new RowTexts(json, afterAWhile::add);

    @Test
    void aTextIsMadeOnceUntilASecondIsOverAndThenNothingIsKept() throws Exception {
        Mirror row = row("a");
        String text = texts.of(row);
        assertEquals(CLUSTER, json.readTree(text).path("source_cluster_id").asText());
        assertEquals(text.getBytes(StandardCharsets.UTF_8).length, texts.bytes());
        assertEquals(text, texts.of(row));
        assertEquals(text.getBytes(StandardCharsets.UTF_8).length, texts.bytes());
        assertEquals(1, afterAWhile.size());
        afterAWhile.remove().run();
        assertEquals(0, texts.bytes());
        assertEquals(text, texts.of(row));
        assertEquals(1, afterAWhile.size());
    }

    @Test
    void aRowThatHasChangedHasAnotherText() {
        assertNotEquals(texts.of(row("a")), texts.of(row("a")));
    }

    @Test
    void whatIsKeptIsBoundedInBytes() {
        long made = 0;
        for (int i = 0; made < 3 * RowTexts.MAX_BYTES; i++) {
            made += texts.of(row("db" + i % StatusBoard.MAX_ROWS)).length();
            assertTrue(texts.bytes() <= RowTexts.MAX_BYTES, () -> texts.bytes() + " bytes");
        }
        assertTrue(texts.bytes() > 0);
        assertEquals(1, afterAWhile.size());
    }

    private Mirror row(String database) {
        DatabaseId id = new DatabaseId(database);
        board.on(new TransferEvent.Kept(new SnapshotIdentity(CLUSTER, id, 42, 10_000, Crc32c.EMPTY),
                board.lastChange(), 0, KeptReason.LINK_LOST));
        return board.mirror(id).orElseThrow();
    }
}
