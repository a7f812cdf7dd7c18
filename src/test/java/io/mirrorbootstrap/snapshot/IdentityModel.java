package io.mirrorbootstrap.snapshot;

import java.util.Optional;

import io.mirrorbootstrap.snapshot.SnapshotIdentity.Part;

/**
 * Which snapshots are one to docs/protocol.md. Where that page is silent this follows the product: an {@code open} and a chunk before
 * the last may leave out a CRC-32C that was told, but not an LSN that was told.
 */
final class IdentityModel {

    private IdentityModel() {
    }

    /** By the name of its bytes, where the rest may be told at their end, or else by all of its identity. */
    static boolean isCommitted(SnapshotIdentity committed, SnapshotIdentity wanted) {
        boolean isNamed = wanted.streamId().isPresent();
        boolean sameLsn = wanted.lsn() == committed.lsn() || isNamed && wanted.lsn() == 0;
        boolean sameSize = wanted.totalBytes() == committed.totalBytes() || isNamed && wanted.totalBytes() == 0;
        boolean sameCrc = wanted.totalCrc32c().equals(committed.totalCrc32c())
                || isNamed && wanted.totalCrc32c().equals(Crc32c.EMPTY);
        boolean sameBytes = isNamed ? wanted.streamId().equals(committed.streamId()) : wanted.totalBytes() > 0;
        return wanted.sourceClusterId().equals(committed.sourceClusterId()) && sameLsn && sameSize && sameCrc
                && sameBytes;
    }

    /** Whether an {@code open} goes on with a transfer. */
    static boolean isSame(SnapshotIdentity begun, SnapshotIdentity wanted) {
        return begun.streamId().equals(wanted.streamId()) && mismatch(begun, wanted, false).isEmpty();
    }

    /** Whether a chunk may be one of a transfer, perhaps its last. */
    static boolean belongs(SnapshotIdentity begun, SnapshotIdentity stamped) {
        return mismatch(begun, stamped, false).isEmpty() || mismatch(begun, stamped, true).isEmpty();
    }

    /** Rule 3: the answer, if a chunk is not one of the transfer. */
    static Optional<String> mismatch(SnapshotIdentity begun, SnapshotIdentity stamped, boolean last) {
        boolean isToldAtEnd = begun.totalBytes() == 0 || begun.streamId().isPresent();
        boolean lsnIsTold = isToldAtEnd && last && begun.lsn() == 0;
        boolean crcIsOpen = isToldAtEnd && Crc32c.EMPTY.equals((last ? begun : stamped).totalCrc32c());
        return differ(Part.CLUSTER, begun.sourceClusterId(), stamped.sourceClusterId())
                .or(() -> lsnIsTold ? Optional.empty() : differ(Part.LSN, begun.lsn(), stamped.lsn()))
                .or(() -> differ(Part.SIZE, begun.totalBytes(), stamped.totalBytes()))
                .or(() -> crcIsOpen
                        ? Optional.empty()
                        : differ(Part.CRC32C, begun.totalCrc32c(), stamped.totalCrc32c()));
    }

    private static Optional<String> differ(Part part, Object expected, Object actual) {
        return expected.equals(actual)
                ? Optional.empty()
                : Optional.of(new Refusal.IdentityMismatch(part, expected, actual).toString());
    }
}
