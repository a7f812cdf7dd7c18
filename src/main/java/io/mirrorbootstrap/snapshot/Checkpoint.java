package io.mirrorbootstrap.snapshot;

/**
 * A point in a transfer that survives a power cut: the first {@code bytes} bytes of the partial file are forced, and
 * have the CRC-32C {@code crc32c}.
 *
 * @param identity the transfer's
 * @param bytes 0 or more; at most all bytes of the snapshot, unless it is a stream
 * @param crc32c of these bytes
 * @param notes what its source has said
 */
public record Checkpoint(SnapshotIdentity identity, long bytes, Crc32c crc32c, Notes notes) {

    /** Checks the values. */
    public Checkpoint {
        if (bytes < 0 || !identity.isStream() && bytes > identity.totalBytes()) {
            throw new IllegalArgumentException("a checkpoint at " + bytes + " of " + identity.totalBytes() + " bytes");
        }
    }

    /** A point of which nothing is said. */
    public Checkpoint(SnapshotIdentity identity, long bytes, Crc32c crc32c) {
        this(identity, bytes, crc32c, Notes.NONE);
    }

    /** The same point of the same transfer, which has another owner and other notes now. */
    Checkpoint of(SnapshotIdentity now, Notes said) {
        return new Checkpoint(now, bytes, crc32c, said);
    }

    /** Whether it is of {@code snapshot}, but for its owner. */
    boolean isOf(SnapshotIdentity snapshot) {
        return identity.ownedBy(snapshot.owner()).equals(snapshot);
    }

    /** The database it is about. */
    public DatabaseId database() {
        return identity.database();
    }
}
