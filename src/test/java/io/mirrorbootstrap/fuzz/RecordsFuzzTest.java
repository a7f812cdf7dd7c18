package io.mirrorbootstrap.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;

import com.code_intelligence.jazzer.junit.FuzzTest;

import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.JsonRecords;

/**
 * Whatever is found on disk: it is no record, or one with numbers in range that is the same again when it is written and
 * read.
 */
class RecordsFuzzTest {

    private static final JsonRecords RECORDS = new JsonRecords();

    @FuzzTest
    void isARecordOrNone(byte[] file) {
        RECORDS.manifest(file).ifPresent(RecordsFuzzTest::assertManifest);
        RECORDS.checkpoint(file).ifPresent(RecordsFuzzTest::assertCheckpoint);
    }

    private static void assertManifest(Manifest manifest) {
        CommittedSnapshot snapshot = manifest.snapshot();
        assertTrue(snapshot.lsn() >= 0 && snapshot.bytes() >= 0, snapshot::toString);
        assertTrue(SnapshotIdentity.isValidClusterId(snapshot.sourceClusterId()), snapshot::toString);
        assertEquals(Optional.of(manifest), RECORDS.manifest(RECORDS.manifest(manifest)));
    }

    private static void assertCheckpoint(Checkpoint checkpoint) {
        long all = checkpoint.identity().isStream() ? Long.MAX_VALUE : checkpoint.identity().totalBytes();
        assertTrue(checkpoint.bytes() >= 0 && checkpoint.bytes() <= all, checkpoint::toString);
        assertEquals(Optional.of(checkpoint), RECORDS.checkpoint(RECORDS.checkpoint(checkpoint)));
    }
}
