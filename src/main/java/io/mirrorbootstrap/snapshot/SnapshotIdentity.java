package io.mirrorbootstrap.snapshot;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Tells one snapshot from another. A source stamps the same identity into every chunk of a transfer.
 *
 * @param sourceClusterId the cluster that produced the snapshot, see {@link #isValidClusterId}
 * @param database the database being mirrored
 * @param lsn the WAL position of the snapshot, 0 to 2^63-1; the mirror follows from {@code lsn + 1}. A snapshot whose rest is told at its
 *            end may leave it 0 until then
 * @param totalBytes the size of the whole snapshot in bytes, 0 to 2^63-1; 0 is a stream of unknown size, or empty
 * @param totalCrc32c the CRC-32C of the whole snapshot; one whose rest is told at its end may leave it 0 until then
 * @param streamId names these very bytes where their CRC-32C is told at the end, see {@link #isValidStreamId}; said with {@code open},
 *            not with a chunk
 * @param owner the owner of the snapshot, see {@link Principal#owner}; the sidecar knows it, a source does not send it
 */
public record SnapshotIdentity(String sourceClusterId, DatabaseId database, long lsn, long totalBytes,
        Crc32c totalCrc32c, Optional<String> streamId, Optional<String> owner) {

    /** What a source says of its snapshot, in the order in which two identities are compared. */
    public enum Part {
        CLUSTER("cluster"),
        DATABASE("database"),
        LSN("LSN"),
        SIZE("size in bytes"),
        CRC32C("CRC-32C");

        private final String words;

        Part(String words) {
            this.words = words;
        }

        /** For a sentence to a person. */
        String words() {
            return words;
        }
    }

    private static final int MAX_CLUSTER_ID_LENGTH = 256;
    private static final Pattern STREAM_ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    /** The rule for a cluster's name, in words for a person. */
    public static final String CLUSTER_ID_RULE = "at most " + MAX_CLUSTER_ID_LENGTH
            + " characters, no control character and no half of a pair of surrogates";

    /** The rule for the name of a stream, in words for a person. */
    public static final String STREAM_ID_RULE = "1 to 64 characters of A-Z a-z 0-9 _ -";

    /** Checks the values; the reader of a message has checked them before, and told the source. */
    public SnapshotIdentity {
        Objects.requireNonNull(database);
        Objects.requireNonNull(totalCrc32c);
        Objects.requireNonNull(owner);
        if (streamId.filter(name -> !isValidStreamId(name)).isPresent()) {
            throw new IllegalArgumentException("no name of a stream: " + Text.quoted(streamId.get()));
        } else if (!isValidClusterId(sourceClusterId) || lsn < 0 || totalBytes < 0) {
            throw new IllegalArgumentException(
                    "not an identity: cluster " + Text.quoted(sourceClusterId) + ", LSN " + lsn
                            + ", " + totalBytes + " bytes");
        }
    }

    /** As a source says it. */
    public SnapshotIdentity(String sourceClusterId, DatabaseId database, long lsn, long totalBytes,
            Crc32c totalCrc32c) {
        this(sourceClusterId, database, lsn, totalBytes, totalCrc32c, Optional.empty(), Optional.empty());
    }

    /** The same, whose bytes are named {@code streamId}. */
    public SnapshotIdentity named(String streamId) {
        return new SnapshotIdentity(sourceClusterId, database, lsn, totalBytes, totalCrc32c, Optional.of(streamId),
                owner);
    }

    /** The same, sent on behalf of {@code owner}. */
    SnapshotIdentity ownedBy(Optional<String> owner) {
        return owner.equals(this.owner) // as in each chunk of a source that has no name
                ? this
                : new SnapshotIdentity(sourceClusterId, database, lsn, totalBytes, totalCrc32c, streamId, owner);
    }

    /** Whether a cluster's name can be shown and stored: it keeps {@link #CLUSTER_ID_RULE}. */
    public static boolean isValidClusterId(String value) {
        return value.length() <= MAX_CLUSTER_ID_LENGTH && value.chars().noneMatch(Character::isISOControl)
                && StandardCharsets.UTF_8.newEncoder().canEncode(value);
    }

    /** Whether the name of a stream keeps {@link #STREAM_ID_RULE}. */
    public static boolean isValidStreamId(String value) {
        return STREAM_ID.matcher(value).matches();
    }

    /** Whether the size is not known before the end. */
    public boolean isStream() {
        return totalBytes == 0;
    }

    /** Whether LSN and CRC-32C, where they are 0, are told with the last chunk: of a stream, and of a file that is hashed while it is sent. */
    public boolean isToldAtEnd() {
        return isStream() || streamId.isPresent();
    }

    /**
     * The short name of its transfer in the logs of both ends, 8 hex digits: the same in every process that knows the identity as it was
     * announced. What is told at the end does not change it where the bytes have a name. Two transfers may have the same one by chance, or
     * because somebody means it: it is for eyes, and nothing is decided by it.
     */
    public String transferId() {
        String bytes = streamId.orElseGet(() -> lsn + " " + totalBytes + " " + totalCrc32c);
        String all = sourceClusterId + "\n" + database + "\n" + bytes; // none of these has a line break in it
        return String.format(Locale.ROOT, "%08x",
                Crc32c.of(ByteBuffer.wrap(all.getBytes(StandardCharsets.UTF_8))).bits());
    }

    /**
     * Whether a chunk (or an {@code open}) stamped {@code other} belongs to the transfer that began with this identity.
     * <p>
     * Only one whose rest is told at its end is given leeway, and only for its LSN and CRC: each may be left 0 until the last chunk, whose
     * value counts when the first chunk left it 0. A chunk has no name of a stream.
     *
     * @param last whether {@code other} stands on the last chunk
     * @return the first part that differs, empty when all agree
     */
    public Optional<Refusal.IdentityMismatch> mismatch(SnapshotIdentity other, boolean last) {
        if (!sourceClusterId.equals(other.sourceClusterId)) {
            return differs(Part.CLUSTER, sourceClusterId, other.sourceClusterId);
        }
        if (!database.equals(other.database)) {
            return differs(Part.DATABASE, database.value(), other.database.value());
        }
        if (lsn != other.lsn && !(isToldAtEnd() && last && lsn == 0)) {
            return differs(Part.LSN, lsn, other.lsn);
        }
        if (totalBytes != other.totalBytes) {
            return differs(Part.SIZE, totalBytes, other.totalBytes);
        }
        boolean leftOpen = isToldAtEnd() && (last ? totalCrc32c.bits() == 0 : other.totalCrc32c.bits() == 0);
        if (!leftOpen && !totalCrc32c.equals(other.totalCrc32c)) {
            return differs(Part.CRC32C, totalCrc32c, other.totalCrc32c);
        }
        return Optional.empty();
    }

    /** Whether {@code other}, as an {@code open} says it, is the same snapshot. */
    public boolean isSame(SnapshotIdentity other) {
        return streamId.equals(other.streamId) && mismatch(other, false).isEmpty();
    }

    /** Whether a chunk with this identity, perhaps the last one, belongs to a transfer that began with {@code begun}. */
    boolean mayBelongTo(SnapshotIdentity begun) {
        return begun.mismatch(this, false).isEmpty() || begun.mismatch(this, true).isEmpty();
    }

    private static Optional<Refusal.IdentityMismatch> differs(Part part, Object expected, Object actual) {
        return Optional.of(new Refusal.IdentityMismatch(part, expected, actual));
    }
}
