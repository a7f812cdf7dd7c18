package io.mirrorbootstrap.source;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/**
 * What the bytes alone do not say about a snapshot.
 *
 * @param sourceClusterId the cluster that produced it, see {@link SnapshotIdentity#isValidClusterId}
 * @param database the database it is of
 * @param lsn its WAL position, 0 to 2^63-1
 */
public record Origin(String sourceClusterId, DatabaseId database, long lsn) {

    /** Together with what the bytes say. */
    SnapshotIdentity identity(long totalBytes, Crc32c totalCrc32c) {
        return new SnapshotIdentity(sourceClusterId, database, lsn, totalBytes, totalCrc32c);
    }
}
