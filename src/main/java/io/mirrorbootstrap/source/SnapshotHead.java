package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What the first bytes of a snapshot say of where to follow from, where its kind is known. Of one that is compressed nothing is.
 *
 * @param lsn its WAL position, or what the database has in its place, 0 to 2^63-1
 * @param position the same in the database's own words, where those are others
 * @param words what was found, and in what, as a sentence for a person
 */
public record SnapshotHead(long lsn, Optional<String> position, String words) {

    /** So many first bytes are enough, in bytes. */
    public static final int BYTES = 8 * 1024;

    private static final String SQLITE = "SQLite format 3\0";

    /** Where SQLite counts the changes of the file: 4 bytes, the highest first. */
    private static final int CHANGE_COUNTER = 24;

    /**
     * Reads the head of a snapshot. No bytes make it fail.
     *
     * @param head its first {@link #BYTES} bytes, or all where it has fewer; not consumed
     * @return empty where nothing is known of such a snapshot
     */
    public static Optional<SnapshotHead> of(ByteBuffer head) {
        ByteBuffer bytes = head.slice(); // the highest first, whatever the order of the head's bytes is
        return BackupLabel.head(bytes.duplicate()).or(() -> RedisDump.head(bytes.duplicate())).or(() -> sqlite(bytes));
    }

    private static Optional<SnapshotHead> sqlite(ByteBuffer bytes) {
        if (!text(bytes, 0, SQLITE.length()).equals(SQLITE) || bytes.limit() < CHANGE_COUNTER + Integer.BYTES) {
            return Optional.empty();
        }
        long counter = Integer.toUnsignedLong(bytes.getInt(CHANGE_COUNTER));
        return Optional.of(new SnapshotHead(counter, Optional.empty(),
                "this is a database of SQLite, whose change counter is " + counter));
    }

    /** So many bytes from {@code from} on, or as many as there are, each as one character. */
    static String text(ByteBuffer bytes, int from, int length) {
        int start = Math.min(from, bytes.limit());
        byte[] text = new byte[Math.min(length, bytes.limit() - start)];
        bytes.get(start, text);
        return new String(text, StandardCharsets.ISO_8859_1);
    }
}
