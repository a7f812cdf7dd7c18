package io.mirrorbootstrap.snapshot;

import java.time.Instant;

/**
 * What a {@code .snapshot} file is, as its manifest tells.
 *
 * @param sourceClusterId the cluster that produced it
 * @param database the database mirrored
 * @param lsn the WAL position of the snapshot; the mirror follows from {@code lsn + 1}
 * @param bytes its size, 0 or more
 * @param crc32c the CRC-32C of all of it, verified
 * @param committedAt when it was committed
 */
public record CommittedSnapshot(String sourceClusterId, DatabaseId database, long lsn, long bytes, Crc32c crc32c,
        Instant committedAt) {

    /** Checks what the types do not say. */
    public CommittedSnapshot {
        if (!SnapshotIdentity.isValidClusterId(sourceClusterId) || lsn < 0 || bytes < 0) {
            throw new IllegalArgumentException("no snapshot: cluster " + Text.quoted(sourceClusterId) + ", LSN " + lsn
                    + ", " + bytes + " bytes");
        }
    }

    /** Whether this is the very snapshot that {@code identity} announces; a stream is never recognized. */
    public boolean is(SnapshotIdentity identity) {
        return !identity.isStream() && sourceClusterId.equals(identity.sourceClusterId())
                && database.equals(identity.database()) && lsn == identity.lsn() && bytes == identity.totalBytes()
                && crc32c.equals(identity.totalCrc32c());
    }
}
