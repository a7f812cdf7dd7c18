package io.mirrorbootstrap.wire;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/**
 * The error codes of the protocol: the one place where a {@link Refusal} gets its spelling, its own fields and what
 * becomes of the link.
 */
public enum ErrorCode {
    MALFORMED_ENVELOPE(1007),
    MALFORMED_CONTROL(1007),
    INVALID_DATABASE_ID(1008),
    CLUSTER_ID_MISMATCH(1008),
    CHUNK_TOO_LARGE(1009),
    SNAPSHOT_OFFSET_REGRESSION,
    ENVELOPE_MISMATCH,
    CHUNK_CRC_MISMATCH,
    SNAPSHOT_CRC_MISMATCH,
    SNAPSHOT_SIZE_MISMATCH,
    STALE_SNAPSHOT,
    TRANSFER_IN_PROGRESS,
    /** Of {@code abort} and {@code DELETE}: another token owns the transfer or snapshot. Of a download: another cluster. */
    NOT_OWNER,
    /** The token is not for this database. */
    DATABASE_NOT_ALLOWED(1008),
    INSUFFICIENT_STORAGE(1013),
    TOO_MANY_BOOTSTRAPS(1013),
    SUPERSEDED(4409),
    /** Before the upgrade, and in the HTTP API, as HTTP 503: a fault of the sidecar's own disk or files. */
    TRANSPORT(1011),
    /** Before the upgrade only, as HTTP 400: the client offers only subprotocols that the sidecar does not know. */
    PROTOCOL_VERSION_MISMATCH,
    /** Before the upgrade only, as HTTP 400: the request is no opening handshake of a WebSocket. */
    MALFORMED_HANDSHAKE,
    /** Before the upgrade only, as HTTP 426: a plain request where a WebSocket is opened, or another version of it. */
    UPGRADE_REQUIRED,
    /** Before the upgrade only, as HTTP 503: no link is taken any more. */
    SHUTTING_DOWN,
    /** Before the upgrade, and in the HTTP API, as HTTP 401: no token, or no certificate, that is known here. */
    UNAUTHORIZED,
    /** Before the upgrade, and in the HTTP API, as HTTP 403: a browser asks for a page of another site. */
    ORIGIN_NOT_ALLOWED,
    /** Before the upgrade only, as HTTP 503: all links that may be open are open. */
    TOO_MANY_LINKS,
    /** In the HTTP API only, as 400: a parameter has a value that says nothing. */
    MALFORMED_REQUEST,
    /** In the HTTP API only, as 404. */
    NOT_FOUND,
    /** In the HTTP API only, as 412: the committed snapshot is not one that the request names. */
    PRECONDITION_FAILED,
    /** In the HTTP API only, as 503: all downloads that may be under way are. */
    TOO_MANY_DOWNLOADS,
    /** In the HTTP API only, as 503: another request or a link holds this database while the disk is at work. */
    BUSY;

    private final int closes;

    ErrorCode() {
        this(0);
    }

    ErrorCode(int closes) {
        this.closes = closes;
    }

    /** The code as it stands on the wire. */
    public String spelling() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The WebSocket close code that follows the error object, empty when the link stays open. */
    public OptionalInt closes() {
        return closes == 0 ? OptionalInt.empty() : OptionalInt.of(closes);
    }

    /** The code of a refusal. */
    public static ErrorCode of(Refusal refusal) {
        if (refusal instanceof Refusal.MalformedChunk) {
            return MALFORMED_ENVELOPE;
        } else if (refusal instanceof Refusal.MalformedControl) {
            return MALFORMED_CONTROL;
        } else if (refusal instanceof Refusal.InvalidDatabaseId || refusal instanceof Refusal.IndistinctName) {
            return INVALID_DATABASE_ID;
        } else if (refusal instanceof Refusal.ClusterIdMismatch) {
            return CLUSTER_ID_MISMATCH;
        } else if (refusal instanceof Refusal.ChunkTooLarge) {
            return CHUNK_TOO_LARGE;
        } else if (refusal instanceof Refusal.OffsetRegression) {
            return SNAPSHOT_OFFSET_REGRESSION;
        } else if (refusal instanceof Refusal.IdentityMismatch) {
            return ENVELOPE_MISMATCH;
        } else if (refusal instanceof Refusal.ChunkCrcMismatch) {
            return CHUNK_CRC_MISMATCH;
        } else if (refusal instanceof Refusal.SnapshotCrcMismatch) {
            return SNAPSHOT_CRC_MISMATCH;
        } else if (refusal instanceof Refusal.SnapshotSizeMismatch) {
            return SNAPSHOT_SIZE_MISMATCH;
        } else if (refusal instanceof Refusal.StaleSnapshot) {
            return STALE_SNAPSHOT;
        } else if (refusal instanceof Refusal.TransferInProgress) {
            return TRANSFER_IN_PROGRESS;
        } else if (refusal instanceof Refusal.NotOwner || refusal instanceof Refusal.NotReadable) {
            return NOT_OWNER;
        } else if (refusal instanceof Refusal.DatabaseNotAllowed) {
            return DATABASE_NOT_ALLOWED;
        } else if (refusal instanceof Refusal.InsufficientStorage) {
            return INSUFFICIENT_STORAGE;
        } else if (refusal instanceof Refusal.LimitReached) {
            return TOO_MANY_BOOTSTRAPS;
        } else if (refusal instanceof Refusal.Superseded) {
            return SUPERSEDED;
        } else if (refusal instanceof Refusal.Transport || refusal instanceof Refusal.LinkEnded) {
            return TRANSPORT;
        }
        throw new IllegalStateException("no error code for " + refusal.getClass().getName());
    }

    /**
     * The refusal's own fields in their order on the wire. The values are {@link String}, {@link Long}, {@link Integer},
     * {@link io.mirrorbootstrap.snapshot.Crc32c} or a list of strings.
     */
    static Map<String, Object> fields(Refusal refusal) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (refusal instanceof Refusal.ClusterIdMismatch r) {
            fields.put("declared", r.declared());
            fields.put("allowed", r.allowed());
        } else if (refusal instanceof Refusal.ChunkTooLarge r) {
            fields.put("limit", r.limit());
        } else if (refusal instanceof Refusal.OffsetRegression r) {
            fields.put("expected", r.expected());
            fields.put("actual", r.actual());
        } else if (refusal instanceof Refusal.IdentityMismatch r) {
            fields.put("field", key(r.part()));
            fields.put("expected", r.expected());
            fields.put("actual", r.actual());
        } else if (refusal instanceof Refusal.ChunkCrcMismatch r) {
            fields.put(Fields.OFFSET, r.offset());
            fields.put("stored", r.stored());
            fields.put("computed", r.computed());
        } else if (refusal instanceof Refusal.SnapshotCrcMismatch r) {
            fields.put("stored", r.stored());
            fields.put("computed", r.computed());
        } else if (refusal instanceof Refusal.SnapshotSizeMismatch r) {
            fields.put("expected", r.expected());
            fields.put("actual", r.actual());
        } else if (refusal instanceof Refusal.StaleSnapshot r) {
            fields.put("declared_lsn", r.declaredLsn());
            fields.put("committed_lsn", r.committedLsn());
            fields.put("declared_cluster", r.declaredCluster());
            fields.put("committed_cluster", r.committedCluster());
        } else if (refusal instanceof Refusal.TransferInProgress r) {
            fields.put(Fields.SOURCE_CLUSTER_ID, r.sourceClusterId());
            fields.put(Fields.SNAPSHOT_LSN, r.snapshotLsn());
            fields.put(Fields.BYTES_DONE, r.bytesDone());
            fields.put(Fields.BYTES_TOTAL, r.bytesTotal());
        } else if (refusal instanceof Refusal.NotOwner r) {
            fields.put(Fields.OWNER, r.owner());
        } else if (refusal instanceof Refusal.NotReadable r) {
            fields.put(Fields.OWNER, r.sourceClusterId());
        } else if (refusal instanceof Refusal.DatabaseNotAllowed r) {
            fields.put("allowed", r.allowed());
        } else if (refusal instanceof Refusal.InsufficientStorage r) {
            fields.put("needed", r.needed());
            fields.put("available", r.available());
        } else if (refusal instanceof Refusal.LimitReached r) {
            fields.put("limit", (long) r.limit());
        }
        return fields;
    }

    private static String key(SnapshotIdentity.Part part) {
        return switch (part) {
            case CLUSTER -> Fields.SOURCE_CLUSTER_ID;
            case DATABASE -> Fields.SOURCE_DATABASE_ID;
            case LSN -> Fields.SNAPSHOT_LSN;
            case SIZE -> Fields.TOTAL_BYTES;
            case CRC32C -> Fields.TOTAL_CRC32C;
        };
    }
}
