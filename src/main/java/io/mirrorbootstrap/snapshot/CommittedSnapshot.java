package io.mirrorbootstrap.snapshot;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * The content of a {@code .snapshot} file, as its manifest tells.
 *
 * @param sourceClusterId the cluster that produced it
 * @param database the database mirrored
 * @param lsn the WAL position of the snapshot; the mirror follows from {@code lsn + 1}
 * @param bytes its size, 0 or more
 * @param crc32c the CRC-32C of all of it, verified
 * @param committedAt when it was committed
 * @param owner its owner, see {@link Principal#owner}
 */
public record CommittedSnapshot(String sourceClusterId, DatabaseId database, long lsn, long bytes, Crc32c crc32c,
        Instant committedAt, Optional<String> owner) {

    /** Checks the values. */
    public CommittedSnapshot {
        Objects.requireNonNull(owner);
        if (!SnapshotIdentity.isValidClusterId(sourceClusterId) || lsn < 0 || bytes < 0) {
            throw new IllegalArgumentException("no snapshot: cluster " + Text.quoted(sourceClusterId) + ", LSN " + lsn
                    + ", " + bytes + " bytes");
        }
    }

    /** A snapshot without an owner. */
    public CommittedSnapshot(String sourceClusterId, DatabaseId database, long lsn, long bytes, Crc32c crc32c,
            Instant committedAt) {
        this(sourceClusterId, database, lsn, bytes, crc32c, committedAt, Optional.empty());
    }

    /** Whether this is the very snapshot that {@code identity} announces; a stream is never recognized. */
    public boolean is(SnapshotIdentity identity) {
        return !identity.isStream() && sourceClusterId.equals(identity.sourceClusterId())
                && database.equals(identity.database()) && lsn == identity.lsn() && bytes == identity.totalBytes()
                && crc32c.equals(identity.totalCrc32c());
    }
}
