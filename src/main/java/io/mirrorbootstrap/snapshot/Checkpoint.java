package io.mirrorbootstrap.snapshot;

/**
 * A point in a transfer that survives a power cut: the first {@code bytes} bytes of the partial file are forced, and
 * have the CRC-32C {@code crc32c}.
 *
 * @param identity the transfer's
 * @param bytes 0 or more; at most all bytes of the snapshot, unless it is a stream
 * @param crc32c of these bytes
 */
public record Checkpoint(SnapshotIdentity identity, long bytes, Crc32c crc32c) {

    /** Checks the values. */
    public Checkpoint {
        if (bytes < 0 || !identity.isStream() && bytes > identity.totalBytes()) {
            throw new IllegalArgumentException("a checkpoint at " + bytes + " of " + identity.totalBytes() + " bytes");
        }
    }

    /** The same point of the same transfer, which has another identity now: that of another owner. */
    Checkpoint of(SnapshotIdentity now) {
        return new Checkpoint(now, bytes, crc32c);
    }

    /** Whether it is of {@code snapshot}, but for its owner. */
    boolean isOfAnotherOwner(SnapshotIdentity snapshot) {
        return !identity.equals(snapshot) && identity.ownedBy(snapshot.owner()).equals(snapshot);
    }

    /** The database it is about. */
    public DatabaseId database() {
        return identity.database();
    }
}
