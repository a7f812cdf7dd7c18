package io.mirrorbootstrap.wire;

import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;

/**
 * The names of fields, in envelopes, in JSON messages and in the records on disk: what is the same has the same name in all of
 * them. Their meaning is in docs/protocol.md.
 */
public final class Fields {

    public static final String SOURCE_CLUSTER_ID = "source_cluster_id";
    public static final String SOURCE_ADDRESS = "source_address";
    public static final String SOURCE_DATABASE_ID = "source_database_id";
    public static final String SNAPSHOT_LSN = "snapshot_lsn";
    static final String TOTAL_BYTES = "total_bytes";
    static final String TOTAL_CRC32C = "total_crc32c";
    static final String OFFSET = "offset";
    static final String DATA = "data";
    static final String DONE = "done";
    static final String CHUNK_CRC32C = "chunk_crc32c";
    static final String ENCODING = "encoding";
    static final String DATA_BYTES = "data_bytes";
    static final String COMPRESSION = "compression";
    /** The one compression there is. */
    static final String ZSTD = "zstd";
    static final String STREAM_ID = "stream_id";
    static final String REPLACE = "replace";
    public static final String POSITION = "position";
    static final String LABELS = "labels";

    static final String TYPE = "type";
    public static final String CODE = "code";
    public static final String MESSAGE = "message";

    public static final String BYTES_DONE = "bytes_done";
    public static final String BYTES_TOTAL = "bytes_total";
    public static final String DURABLE_BYTES = "durable_bytes";
    static final String DURABLE_CRC32C = "durable_crc32c";
    static final String MAX_CHUNK_BYTES = "max_chunk_bytes";
    static final String WINDOW_BYTES = "window_bytes";
    static final String WINDOW_MESSAGES = "window_messages";
    static final String CHECKPOINT_BYTES = "checkpoint_bytes";
    public static final String RATE_BYTES_PER_SECOND = "rate_bytes_per_second";

    static final String BYTES = "bytes";
    public static final String CRC32C = "crc32c";
    public static final String SNAPSHOT_PATH = "snapshot_path";
    public static final String COMMITTED_AT = "committed_at";
    static final String OWNER = "owner";
    static final String FILE_MARK = "file_mark";
    public static final String STATUS = "status";
    public static final String LAST_ERROR = "last_error";
    public static final String ETA_SECONDS = "eta_seconds";
    public static final String UPDATED_AT = "updated_at";
    public static final String AT = "at";

    /** The largest value of a CRC-32C that is written as a number. */
    static final long MAX_CRC32C = 0xFFFF_FFFFL;

    private Fields() {
    }

    /** What is said of a {@code source_cluster_id} that {@link SnapshotIdentity#isValidClusterId} does not take. */
    static String wrongClusterId(String value) {
        return SOURCE_CLUSTER_ID + " " + Text.quoted(value) + " must have " + SnapshotIdentity.CLUSTER_ID_RULE;
    }

    /** What is said of a {@code position} that {@link Notes#isValidPosition} does not take. */
    static String wrongPosition(String value) {
        return POSITION + " " + Text.quoted(value) + " must have " + Notes.POSITION_RULE;
    }
}
