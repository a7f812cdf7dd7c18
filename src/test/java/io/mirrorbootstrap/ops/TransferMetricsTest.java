package io.mirrorbootstrap.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TransferEvent.Began;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Dropped;
import io.mirrorbootstrap.snapshot.TransferEvent.Failed;
import io.mirrorbootstrap.snapshot.TransferEvent.Kept;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Progressed;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;

class TransferMetricsTest {

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final TransferMetrics transfers = new TransferMetrics(metrics);

    @Test
    void aTransferThatGoesOnSavesWhatIsKept() {
        begins("orders", 0);
        assertEquals(0, count("resumes"));
        isKept("orders", 700, KeptReason.LINK_LOST);
        begins("orders", 700);
        assertEquals(1, count("resumes"));
        assertEquals(700, count("saved.bytes"));
        reaches("orders", 900);
        assertEquals(0, count("resent.bytes"));
    }

    @Test
    void whatTheDiskHasLostComesAgain() {
        begins("orders", 0);
        reaches("orders", 900);
        isKept("orders", 500, KeptReason.DISK_FAILED);
        begins("orders", 500);
        assertEquals(0, count("resent.bytes"), "nothing has come again yet");
        reaches("orders", 700);
        assertEquals(200, count("resent.bytes"));
        reaches("orders", 950);
        assertEquals(400, count("resent.bytes"), "the last 50 come for the first time");
    }

    @Test
    void whatWasDroppedOrHasFailedComesAgainEachTime() {
        begins("orders", 0);
        reaches("orders", 300);
        transfers.on(new Dropped(snapshot("orders", 1), 400, DropReason.LINK_LOST));
        begins("orders", 0);
        transfers.on(new Failed(snapshot("orders", 1), 400, Remains.NOTHING, new Refusal.Transport("broken"),
                Optional.empty(), Duration.ZERO));
        assertEquals(400, count("resent.bytes"));
        begins("orders", 0);
        isKept("orders", 100, KeptReason.LINK_LOST);
        assertEquals(500, count("resent.bytes"));
    }

    @Test
    void anotherSnapshotOrDatabaseIsNotTheSameAgain() {
        begins("orders", 0);
        reaches("orders", 300);
        begins("invoices", 0);
        reaches("invoices", 300);
        transfers.on(new Began(snapshot("orders", 2), 0, 0, "here"));
        reaches("orders", 300);
        assertEquals(0, count("resent.bytes"));
    }

    /** A source that tries name after name must not fill the memory. */
    @Test
    void onlySoManyDatabasesAreRemembered() {
        begins("orders", 0);
        reaches("orders", 300);
        for (int i = 0; i < StatusBoard.MAX_ROWS; i++) {
            begins("other-" + i, 0);
        }
        begins("orders", 0);
        reaches("orders", 300);
        assertEquals(0, count("resent.bytes"));
    }

    private void begins(String database, long bytesDone) {
        transfers.on(new Began(snapshot(database, 1), bytesDone, bytesDone, "here"));
    }

    private void reaches(String database, long bytesDone) {
        transfers.on(new Progressed(snapshot(database, 1), bytesDone, 0));
    }

    private void isKept(String database, long bytes, KeptReason reason) {
        transfers.on(new Kept(snapshot(database, 1), bytes, bytes, reason));
    }

    private double count(String name) {
        return metrics.get("mirror.bootstrap." + name).counter().count();
    }

    private static SnapshotIdentity snapshot(String database, long lsn) {
        return new SnapshotIdentity("c", new DatabaseId(database), lsn, 1000, new Crc32c(7));
    }
}
