package io.mirrorbootstrap.source;

import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/**
 * What the bytes alone do not say about a snapshot.
 *
 * @param sourceClusterId the cluster that produced it, see {@link SnapshotIdentity#isValidClusterId}
 * @param database the database it is of
 * @param lsn its WAL position, 0 to 2^63-1; empty: it is looked for in the head of the snapshot ({@link SnapshotHead})
 * @param isMeant whether it is to replace what speaks against it at the sidecar: a later snapshot, one of another cluster, a transfer under way
 * @param notes for those who come after it
 * @param positionFile where the program that writes the snapshot leaves its position at its end
 */
public record Origin(String sourceClusterId, DatabaseId database, OptionalLong lsn, boolean isMeant, Notes notes,
        Optional<PositionFile> positionFile) {

    /** With nothing else to say. */
    public Origin(String sourceClusterId, DatabaseId database, long lsn) {
        this(sourceClusterId, database, OptionalLong.of(lsn), false, Notes.NONE, Optional.empty());
    }
}
