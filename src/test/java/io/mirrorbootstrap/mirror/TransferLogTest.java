package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.LoggedLines;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.SnapshotIdentity.Part;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;
import io.mirrorbootstrap.snapshot.TransferEvent.VerifyReason;

/** What is written of transfers, when the names in them are meant to lead a reader astray. */
class TransferLogTest {

    private static final DatabaseId DATABASE = new DatabaseId("d");
    private static final String EVIL = "c lsn=9\u202e\u2028";
    private static final String SHOWN = "\"c lsn=9\\u202e\\u2028\"";

    private static final String FACTS = "database=d cluster=c lsn=7 bytes=5 crc32c=0x00000001 transfer="
            + identity("c").transferId();

    private static final String NAME = "io.mirrorbootstrap.transfer";

    private final LoggedLines lines = new LoggedLines(NAME);

    @AfterEach
    void stop() {
        lines.close();
    }

    @Test
    void anOrdinaryClusterIsReadAsItIs() {
        assertEquals(
                "begun: database=d cluster=größe-1 lsn=7 bytes=5 crc32c=0x00000001 transfer="
                        + identity("größe-1").transferId() + ", from byte 0, by the source at 10.0.0.7:41234",
                logged(new TransferEvent.Began(identity("größe-1"), 0, 0, "10.0.0.7:41234")));
    }

    @Test
    void noClusterForgesALineOrAField() {
        CommittedSnapshot snapshot = new CommittedSnapshot(EVIL, DATABASE, 7, 5, new Crc32c(1), Instant.EPOCH);
        String facts = "database=d cluster=" + SHOWN + " lsn=7 bytes=5";
        String name = " transfer=" + identity(EVIL).transferId();
        assertEquals("begun: " + facts + " crc32c=0x00000001" + name + ", from byte 0, by the source at 10.0.0.7:41234",
                logged(new TransferEvent.Began(identity(EVIL), 0, 0, "10.0.0.7:41234")));
        assertEquals("committed: " + facts + " crc32c=0x00000001 seconds=1.000 path=/data/d.snapshot",
                logged(new TransferEvent.Committed(snapshot, Path.of("/data/d.snapshot"), Duration.ofSeconds(1))));
        assertEquals("removed on request: the snapshot of " + facts, logged(new TransferEvent.Removed(snapshot)));
        assertEquals(
                "failed: " + facts + " crc32c=0x00000001" + name
                        + ", after 3 bytes and 1.000 seconds, nothing of it is kept: "
                        + "the snapshot's cluster is " + SHOWN + " in this chunk, but c in the transfer's first",
                logged(new TransferEvent.Failed(identity(EVIL), 3, Remains.NOTHING,
                        new Refusal.IdentityMismatch(Part.CLUSTER, "c", EVIL), Optional.empty(),
                        Duration.ofSeconds(1))));
        assertEquals("Progressed[identity=SnapshotIdentity[sourceClusterId=c lsn=9\\u202e\\u2028, database=d, lsn=7, "
                + "totalBytes=5, totalCrc32c=0x00000001, streamId=Optional.empty, owner=Optional.empty], bytesDone=1, durableBytes=0]",
                logged(new TransferEvent.Progressed(identity(EVIL), 1, 0)));
    }

    @Test
    void whatBeginsAtZeroThoughBytesWereKeptSaysWhy() {
        String facts = FACTS + ", ";
        assertEquals("verifying: " + facts + "3 bytes are read back from the first, because somebody has changed or "
                + "replaced their file while they were kept, for the source at 10.0.0.7:41234",
                logged(new TransferEvent.Verifying(identity("c"), 3, VerifyReason.TOUCHED, "10.0.0.7:41234")));
        assertEquals("dropped (damaged): " + facts
                + "after 3 bytes: its partial file has other bytes than were accepted, or could twice not be read or "
                + "opened to write, it begins at 0",
                logged(new TransferEvent.Dropped(identity("c"), 3, DropReason.DAMAGED)));
        assertEquals("dropped (missing): " + facts
                + "after 3 bytes: its partial file is gone or has fewer bytes than were accepted, it begins at 0",
                logged(new TransferEvent.Dropped(identity("c"), 3, DropReason.MISSING)));
        assertEquals("dropped (forbidden): " + facts
                + "after 3 bytes: a snapshot is there that its source may not replace, or has not said that it means to, "
                + "and that somebody has put there since it began",
                logged(new TransferEvent.Dropped(identity("c"), 3, DropReason.FORBIDDEN)));
        assertEquals("dropped (aborted): " + facts + "after 3 bytes",
                logged(new TransferEvent.Dropped(identity("c"), 3, DropReason.ABORTED)));
    }

    @Test
    void ofAPublishedFileItIsNotSaidThatNothingIsKept() {
        assertEquals(
                "failed: " + FACTS + ", after 5 bytes and 1.000 seconds, its "
                        + "file is in place, and its commit is finished later: it failed",
                logged(failed(Remains.SNAPSHOT)));
        assertEquals(
                "failed: " + FACTS + ", after 5 bytes and 1.000 seconds, nothing "
                        + "of it is kept, nor of an earlier snapshot, as another file is in their place: it failed",
                logged(failed(Remains.ANOTHER_FILE)));
    }

    private static TransferEvent failed(Remains remains) {
        return new TransferEvent.Failed(identity("c"), 5, remains, new Refusal.Transport("it failed"),
                Optional.empty(), Duration.ofSeconds(1));
    }

    @Test
    void whatTheDiskHasFailedIsSaidToBeKeptUpToItsLastCheckpoint() {
        assertEquals(
                "disk failed, what came behind the last checkpoint is given up: " + FACTS
                        + ", 3 bytes are kept until the source comes back",
                logged(new TransferEvent.Kept(identity("c"), 3, 3, KeptReason.DISK_FAILED)));
        assertEquals(
                "verifying: " + FACTS + ", 3 bytes are read back first, because "
                        + "their process has ended or their disk has failed since, for the source at 10.0.0.7:41234",
                logged(new TransferEvent.Verifying(identity("c"), 3, VerifyReason.LEFT, "10.0.0.7:41234")));
    }

    private static SnapshotIdentity identity(String cluster) {
        return new SnapshotIdentity(cluster, DATABASE, 7, 5, new Crc32c(1));
    }

    private String logged(TransferEvent event) {
        lines.clear();
        new TransferLog().on(event);
        assertEquals(1, lines.all().size(), () -> lines.all().toString());
        return lines.all().get(0);
    }
}
