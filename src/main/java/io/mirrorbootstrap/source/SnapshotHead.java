package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What the first bytes of a snapshot say of where to follow from, where its kind is known.
 *
 * @param lsn its WAL position, or what the database has in its place, 0 to 2^63-1
 * @param position the same in the database's own words, where those are others
 * @param words what was found, and in what, as a sentence for a person
 */
public record SnapshotHead(long lsn, Optional<String> position, String words) {

    /** So many first bytes are enough, in bytes. */
    public static final int BYTES = 8 * 1024;

    /**
     * Reads the head of a snapshot.
     *
     * @param head its first {@link #BYTES} bytes, or all where it has fewer; not consumed
     * @return empty where nothing is known of such a snapshot
     */
    public static Optional<SnapshotHead> of(ByteBuffer head) {
        return Optional.empty();
    }
}
