package io.mirrorbootstrap.api;

import java.time.Instant;
import java.util.OptionalLong;

import org.eclipse.microprofile.openapi.annotations.media.Schema;

import com.fasterxml.jackson.annotation.JsonProperty;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.MirrorState;
import io.mirrorbootstrap.mirror.MirrorState.Bootstrapping;
import io.mirrorbootstrap.mirror.MirrorState.Disconnected;
import io.mirrorbootstrap.mirror.MirrorState.Failed;
import io.mirrorbootstrap.mirror.MirrorState.Following;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.Fields;
import io.quarkus.runtime.annotations.RegisterForReflection;

/** A mirror as the HTTP API shows it. */
@RegisterForReflection
@Schema(name = "Mirror", description = "What one mirror is doing about its first data; all sizes are in bytes")
public record MirrorView(
        @JsonProperty(Fields.SOURCE_DATABASE_ID) String sourceDatabaseId,
        @JsonProperty(Fields.SOURCE_CLUSTER_ID) String sourceClusterId,
        @JsonProperty(Fields.STATUS) @Schema(enumeration = {
                "bootstrapping", "disconnected", "following",
                "failed"}) String status,
        @JsonProperty(Fields.BYTES_DONE) @Schema(description = "received and accepted") long bytesDone,
        @JsonProperty(Fields.BYTES_TOTAL) @Schema(description = "0: a stream of unknown size, or empty") long bytesTotal,
        @JsonProperty(Fields.DURABLE_BYTES) @Schema(description = "sure to survive a power cut") long durableBytes,
        @JsonProperty(Fields.SNAPSHOT_LSN) @Schema(description = "the mirror follows from snapshot_lsn + 1") long snapshotLsn,
        @JsonProperty(Fields.CRC32C) @Schema(description = "CRC-32C, 0x and 8 hex digits; of a stream only once it is committed", nullable = true) String crc32c,
        @JsonProperty(Fields.SNAPSHOT_PATH) @Schema(description = "once it is committed", nullable = true) String snapshotPath,
        @JsonProperty(Fields.POSITION) @Schema(description = "from where to follow, in the database's own words, where the source has said it; once it is committed", nullable = true) String position,
        @JsonProperty(Fields.SOURCE_ADDRESS) @Schema(description = "where the source is, or was when it began its last transfer; unless that was in an earlier process", nullable = true) String sourceAddress,
        @JsonProperty(Fields.COMMITTED_AT) @Schema(description = "of the snapshot at snapshot_path", nullable = true) Instant committedAt,
        @JsonProperty(Fields.RATE_BYTES_PER_SECOND) @Schema(description = "over the last seconds") long rateBytesPerSecond,
        @JsonProperty(Fields.ETA_SECONDS) @Schema(description = "until the last byte, if that can be told", nullable = true) Long etaSeconds,
        @JsonProperty(Fields.UPDATED_AT) Instant updatedAt,
        @JsonProperty(Fields.LAST_ERROR) @Schema(nullable = true) ErrorView lastError){

    /** What was last refused; a commit clears it. */
    @RegisterForReflection
    @Schema(name = "MirrorError")
    public record ErrorView(@JsonProperty(Fields.CODE) String code, @JsonProperty(Fields.MESSAGE) String message,
            @JsonProperty(Fields.AT) Instant at) {
    }

    static MirrorView of(Mirror mirror) {
        if (mirror.state() instanceof Following following) {
            CommittedSnapshot snapshot = following.snapshot();
            return new MirrorView(snapshot.database().value(), snapshot.sourceClusterId(), following.word(),
                    snapshot.bytes(), snapshot.bytes(), snapshot.bytes(), snapshot.lsn(), snapshot.crc32c().toString(),
                    following.path().toString(), snapshot.notes().position().orElse(null),
                    mirror.sourceAddress().orElse(null), snapshot.committedAt(), 0, null, mirror.updatedAt(),
                    error(mirror));
        } else if (mirror.state() instanceof Bootstrapping now) {
            long rest = now.identity().totalBytes() - now.bytesDone();
            boolean isCommitting = !now.identity().isStream() && rest == 0; // for as long as the disk takes
            OptionalLong eta = now.identity().isStream() || isCommitting
                    ? OptionalLong.empty()
                    : now.rate().secondsFor(rest);
            return underWay(mirror, now, now.bytesDone(), now.durableBytes(),
                    isCommitting ? 0 : now.rate().now(), eta);
        } else if (mirror.state() instanceof Disconnected gone) {
            return underWay(mirror, gone, gone.bytesKept(), gone.durableBytes(), 0,
                    OptionalLong.empty());
        }
        Failed failed = (Failed) mirror.state();
        return underWay(mirror, failed, failed.bytesDone(), 0, 0, OptionalLong.empty());
    }

    private static MirrorView underWay(Mirror mirror, MirrorState.OfTransfer state, long bytesDone,
            long durableBytes, long rate, OptionalLong eta) {
        SnapshotIdentity identity = state.identity();
        boolean crcKnown = !identity.isToldAtEnd() || identity.totalCrc32c().bits() != 0;
        return new MirrorView(identity.database().value(), identity.sourceClusterId(), state.word(), bytesDone,
                identity.totalBytes(), durableBytes, identity.lsn(),
                crcKnown ? identity.totalCrc32c().toString() : null,
                mirror.committed().map(done -> done.path().toString()).orElse(null), null,
                mirror.sourceAddress().orElse(null),
                mirror.committed().map(done -> done.snapshot().committedAt()).orElse(null),
                rate, eta.isPresent() ? eta.getAsLong() : null, mirror.updatedAt(), error(mirror));
    }

    private static ErrorView error(Mirror mirror) {
        return mirror.lastError().map(error -> new ErrorView(ErrorCode.of(error.refusal()).spelling(),
                error.refusal().message(), error.at())).orElse(null);
    }
}
