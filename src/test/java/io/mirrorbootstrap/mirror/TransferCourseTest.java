package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.LoggedLines;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;

/** What is written of a transfer that takes its time, and what is said of all of it at its end. */
class TransferCourseTest {

    private static final DatabaseId DATABASE = new DatabaseId("d");
    private static final long MIB = 1024 * 1024;
    private static final SnapshotIdentity FILE = new SnapshotIdentity("c", DATABASE, 7, 1000 * MIB, new Crc32c(1));
    private static final SnapshotIdentity STREAM = new SnapshotIdentity("c", DATABASE, 0, 0, Crc32c.EMPTY).named("s");

    private final LoggedLines lines = new LoggedLines("io.mirrorbootstrap.transfer");
    private long now = Long.MAX_VALUE - 1; // a clock that counts may stand anywhere, and overflow
    private final TransferLog log = new TransferLog(() -> now);

    @AfterEach
    void stop() {
        lines.close();
    }

    @Test
    void eachTenthIsSaidWithItsRateAndWhatIsLeft() {
        begin(FILE, 0);
        pass(10);
        progress(FILE, 99);
        assertEquals(List.of(), progressLines());
        progress(FILE, 100);
        progress(FILE, 101);
        assertEquals(List.of("progress: database=d transfer=" + FILE.transferId()
                + " bytes=104857600 of=1048576000 percent=10 durable=64 rate=10.00MiB/s eta=1m30s"), progressLines());
        pass(10);
        progress(FILE, 250);
        assertEquals("progress: database=d transfer=" + FILE.transferId()
                + " bytes=262144000 of=1048576000 percent=25 durable=64 rate=15.00MiB/s eta=50s",
                progressLines().get(1));
    }

    @Test
    void aFastOneSaysItNotOftenerThanEveryFiveSeconds() {
        begin(FILE, 0);
        for (int mib = 1; mib < 500; mib++) {
            progress(FILE, mib);
        }
        pass(4);
        progress(FILE, 500);
        assertEquals(List.of(), progressLines());
        pass(1);
        progress(FILE, 501);
        progress(FILE, 700);
        assertEquals(1, progressLines().size(), progressLines()::toString);
    }

    @Test
    void aSlowOneSaysItOnceAMinute() {
        begin(FILE, 0);
        for (int mib = 1; mib <= 90; mib++) {
            pass(2);
            progress(FILE, mib);
        }
        assertEquals(3, progressLines().size(), progressLines()::toString);
        assertEquals("progress: database=d transfer=" + FILE.transferId()
                + " bytes=31457280 of=1048576000 percent=3 durable=64 rate=0.50MiB/s eta=32m20s",
                progressLines().get(0));
    }

    @Test
    void oneWithoutAKnownSizeSaysItOnceAMinuteAndPromisesNoEnd() {
        begin(STREAM, 0);
        pass(59);
        progress(STREAM, 900_000);
        assertEquals(List.of(), progressLines());
        pass(1);
        progress(STREAM, 900_060);
        assertEquals(List.of("progress: database=d transfer=" + STREAM.transferId()
                + " bytes=943781314560 durable=64 rate=15001.00MiB/s"), progressLines());
    }

    @Test
    void theSizesThatASourceMayClaimDoNotMatter() {
        SnapshotIdentity huge = new SnapshotIdentity("c", DATABASE, 7, Long.MAX_VALUE, new Crc32c(1));
        begin(huge, 0);
        pass(60);
        progress(huge, 60);
        assertEquals(List.of("progress: database=d transfer=" + huge.transferId()
                + " bytes=62914560 of=9223372036854775807 percent=0 durable=64 rate=1.00MiB/s eta=2443359172h49m08s"),
                progressLines());
    }

    @Test
    void whatIsCommittedSaysHowOftenItWentOnAndWhatWasSentTwice() {
        begin(STREAM, 0);
        progress(STREAM, 300);
        log.on(new TransferEvent.Kept(STREAM, 301 * MIB, 64 * MIB, KeptReason.LINK_LOST));
        begin(STREAM, 301);
        progress(STREAM, 400);
        log.on(new TransferEvent.Kept(STREAM, 364 * MIB, 364 * MIB, KeptReason.DISK_FAILED));
        log.on(new TransferEvent.Verifying(STREAM, 364 * MIB, TransferEvent.VerifyReason.LEFT, "a"));
        begin(STREAM, 364);
        commit(STREAM);
        assertSummary(STREAM, " resumes=2 resent_bytes=" + 36 * MIB);
    }

    @Test
    void whatAnEarlierProcessBeganSaysFromWhereThisOneWentOn() {
        log.on(new TransferEvent.Kept(STREAM, 64 * MIB, 64 * MIB, KeptReason.FOUND_AT_START));
        begin(STREAM, 64);
        commit(STREAM);
        assertSummary(STREAM, " resumes=0 resent_bytes=0 from_byte=" + 64 * MIB);
    }

    @Test
    void whatIsDroppedAndBeginsAgainWasSentTwice() {
        for (DropReason reason : List.of(DropReason.LINK_LOST, DropReason.REPLACED, DropReason.DAMAGED,
                DropReason.MISSING)) {
            begin(FILE, 0);
            log.on(new TransferEvent.Dropped(FILE, 3, reason));
            begin(FILE, 0);
            commit(FILE);
            assertSummary(FILE, " resumes=1 resent_bytes=3");
        }
    }

    @Test
    void whatHasEndedHasNothingToDoWithTheNext() {
        for (TransferEvent end : List.of(new TransferEvent.Dropped(FILE, 3, DropReason.ABORTED),
                new TransferEvent.Dropped(FILE, 3, DropReason.EXPIRED),
                new TransferEvent.Dropped(FILE, 3, DropReason.FORBIDDEN),
                failed(Remains.NOTHING), committed(FILE))) {
            begin(FILE, 0);
            log.on(end);
            begin(FILE, 0);
            commit(FILE);
            assertSummary(FILE, " resumes=0 resent_bytes=0");
        }
        begin(STREAM, 0);
        log.on(new TransferEvent.Dropped(STREAM, 3, DropReason.REPLACED));
        begin(FILE, 0);
        commit(FILE);
        assertSummary(FILE, " resumes=0 resent_bytes=0");
    }

    @Test
    void aCommitThatIsFinishedLaterHasTheNameOfItsTransfer() {
        begin(FILE, 0);
        log.on(failed(Remains.SNAPSHOT));
        commit(FILE);
        assertSummary(FILE, " resumes=0 resent_bytes=0");
    }

    @Test
    void whatIsFoundCommittedAndWasNotBegunHereHasNone() {
        commit(FILE);
        assertSummary(null, "");
        begin(STREAM, 0);
        log.on(new TransferEvent.Dropped(STREAM, 3, DropReason.DAMAGED));
        commit(FILE);
        assertSummary(null, "");
    }

    @Test
    void aFailureOfTheDiskHasTheNameOfTheTransferThatIsThere() {
        begin(FILE, 0);
        lines.clear();
        log.on(new TransferEvent.Refused(DATABASE, Principal.ANYBODY, new Refusal.Transport("it failed"),
                Optional.of(new IOException())));
        assertEquals(List.of("refused: database=d transfer=" + FILE.transferId() + ": it failed"), lines.all());
    }

    @Test
    void aSourceThatTriesNameAfterNameFillsNoMemory() {
        begin(FILE, 0);
        for (int round = 0; round < 2; round++) { // what is under way is not forgotten for them
            others(StatusBoard.MAX_ROWS - 1);
            progress(FILE, 1);
        }
        commit(FILE);
        assertSummary(FILE, " resumes=0 resent_bytes=0");
        begin(FILE, 0);
        others(StatusBoard.MAX_ROWS);
        commit(FILE);
        assertSummary(null, "");
    }

    private void others(int names) {
        for (int i = 0; i < names; i++) {
            SnapshotIdentity another = new SnapshotIdentity("c", new DatabaseId("d" + i), 7, 5, new Crc32c(1));
            begin(another, 0);
            log.on(new TransferEvent.Dropped(another, 3, DropReason.LINK_LOST));
        }
    }

    private void begin(SnapshotIdentity identity, long mib) {
        log.on(new TransferEvent.Began(identity, mib * MIB, 0, "10.0.0.7:41234"));
    }

    private void progress(SnapshotIdentity identity, long mib) {
        log.on(new TransferEvent.Progressed(identity, mib * MIB, 64));
    }

    private void commit(SnapshotIdentity identity) {
        lines.clear();
        log.on(committed(identity));
    }

    private static TransferEvent committed(SnapshotIdentity identity) {
        return new TransferEvent.Committed(new CommittedSnapshot("c", DATABASE, 7, 1000 * MIB, new Crc32c(1),
                Instant.EPOCH, identity.streamId(), Notes.NONE, Optional.empty()), Path.of("/data/d.snapshot"),
                Duration.ofSeconds(1));
    }

    private static TransferEvent failed(Remains remains) {
        return new TransferEvent.Failed(FILE, 3, remains, new Refusal.Transport("it failed"), Optional.empty(),
                Duration.ofSeconds(1));
    }

    /** @param begun null, where no transfer is known to have brought it */
    private void assertSummary(SnapshotIdentity begun, String summary) {
        assertEquals(List.of("committed: database=d cluster=c lsn=7 bytes=1048576000 crc32c=0x00000001 seconds=1.000"
                + (begun == null ? "" : " transfer=" + begun.transferId()) + summary + " path=/data/d.snapshot"),
                lines.all());
    }

    private void pass(long seconds) {
        now += TimeUnit.SECONDS.toNanos(seconds);
    }

    private List<String> progressLines() {
        return lines.all().stream().filter(line -> line.startsWith("progress: ")).toList();
    }
}
