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
 * @param streamId the name of its bytes, where their CRC-32C was told at the end
 * @param notes what its source has said
 * @param owner its owner, see {@link Principal#owner}
 */
public record CommittedSnapshot(String sourceClusterId, DatabaseId database, long lsn, long bytes, Crc32c crc32c,
        Instant committedAt, Optional<String> streamId, Notes notes, Optional<String> owner) {

    /** Checks the values. */
    public CommittedSnapshot {
        Objects.requireNonNull(streamId);
        Objects.requireNonNull(notes);
        Objects.requireNonNull(owner);
        if (!SnapshotIdentity.isValidClusterId(sourceClusterId) || lsn < 0 || bytes < 0) {
            throw new IllegalArgumentException("no snapshot: cluster " + Text.quoted(sourceClusterId) + ", LSN " + lsn
                    + ", " + bytes + " bytes");
        }
    }

    /** A snapshot without an owner, of which nothing is said. */
    public CommittedSnapshot(String sourceClusterId, DatabaseId database, long lsn, long bytes, Crc32c crc32c,
            Instant committedAt) {
        this(sourceClusterId, database, lsn, bytes, crc32c, committedAt, Optional.empty(), Notes.NONE,
                Optional.empty());
    }

    /** The same, of which more has been said. */
    CommittedSnapshot noted(Notes now) {
        return new CommittedSnapshot(sourceClusterId, database, lsn, bytes, crc32c, committedAt, streamId, now, owner);
    }

    /**
     * Whether this is the very snapshot that {@code identity} announces: by the name of its bytes, apart from what is told at their end
     * only, or by size and CRC-32C. A stream without a name is never recognized.
     */
    public boolean is(SnapshotIdentity identity) {
        boolean isNamed = identity.streamId().isPresent();
        if (!sourceClusterId.equals(identity.sourceClusterId()) || !database.equals(identity.database())
                || isNamed && !identity.streamId().equals(streamId)) {
            return false;
        }
        return (lsn == identity.lsn() || isNamed && identity.lsn() == 0)
                && (bytes == identity.totalBytes() ? !identity.isStream() || isNamed : isNamed && identity.isStream())
                && (crc32c.equals(identity.totalCrc32c()) || isNamed && identity.totalCrc32c().bits() == 0);
    }
}
