package io.mirrorbootstrap.api;

import java.util.List;

import org.eclipse.microprofile.openapi.annotations.media.Schema;

import com.fasterxml.jackson.annotation.JsonProperty;

import io.quarkus.runtime.annotations.RegisterForReflection;

/** The sidecar itself as the HTTP API shows it. */
@RegisterForReflection
@Schema(name = "Sidecar", description = "The sidecar itself; all sizes are in bytes")
public record SidecarView(
        @JsonProperty("version") String version,
        @JsonProperty("disk_free_bytes") @Schema(description = "of the volume of the data directory, a second ago or, while the disk hangs, earlier", nullable = true) Long diskFreeBytes,
        @JsonProperty("disk_total_bytes") @Schema(nullable = true) Long diskTotalBytes,
        @JsonProperty("disk_reserve_bytes") @Schema(description = "so much is left for the mirror") long diskReserveBytes,
        @JsonProperty("links") @Schema(description = "open now") int links,
        @JsonProperty("max_links") int maxLinks,
        @JsonProperty("downloads") @Schema(description = "of snapshots, under way now") int downloads,
        @JsonProperty("max_downloads") int maxDownloads,
        @JsonProperty("ingest_rate_bytes_per_second") @Schema(description = "the most that all links together may bring; 0: as fast as they can") long ingestRateBytesPerSecond,
        @JsonProperty("expected_databases") @Schema(description = "those that the health group mirror waits for") List<String> expectedDatabases) {
}
