package io.mirrorbootstrap.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TransferEvent;

/** What a mirror is shown as. */
class MirrorViewTest {

    private static final SnapshotIdentity IDENTITY = new SnapshotIdentity("c", new DatabaseId("db"), 7, 1L << 40,
            new Crc32c(1));

    private final StatusBoard board = new StatusBoard();

    @Test
    void nobodyCanTellHowLongACommitTakes() {
        board.on(new TransferEvent.Began(IDENTITY, 0, 0, "192.0.2.1:1"));
        MirrorView before = progressed(IDENTITY.totalBytes() - 1);
        assertTrue(before.rateBytesPerSecond() > 0, before::toString);
        assertNotNull(before.etaSeconds());

        MirrorView committing = progressed(IDENTITY.totalBytes());

        assertEquals(0, committing.rateBytesPerSecond());
        assertNull(committing.etaSeconds());
    }

    private MirrorView progressed(long bytesDone) {
        board.on(new TransferEvent.Progressed(IDENTITY, bytesDone, 0));
        return MirrorView.of(board.mirror(IDENTITY.database()).orElseThrow());
    }
}
