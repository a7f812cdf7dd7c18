package io.mirrorbootstrap.api;

import java.util.List;
import java.util.Optional;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;

import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

import io.mirrorbootstrap.mirror.DiskSpace;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.OpenDownloads;
import io.mirrorbootstrap.mirror.OpenLinks;
import io.smallrye.common.annotation.NonBlocking;

/** {@code /v1/sidecar}: how the sidecar itself is. Only what is known is told, so it is answered on the event loop. */
@Path("/v1/sidecar")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "sidecar", description = "How the sidecar itself is")
public class SidecarResource {

    private final DiskSpace space;
    private final OpenLinks links;
    private final OpenDownloads downloads;
    private final MirrorSettings settings;
    private final String version;

    SidecarResource(DiskSpace space, OpenLinks links, OpenDownloads downloads, MirrorSettings settings,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.space = space;
        this.links = links;
        this.downloads = downloads;
        this.settings = settings;
        this.version = version;
    }

    /** The room on its disk, its links, its limits. */
    @GET
    @NonBlocking
    @Operation(operationId = "sidecar", summary = "The sidecar itself: room on its disk, links, limits, version")
    public SidecarView sidecar() {
        Optional<DiskSpace.Found> found = space.last();
        return new SidecarView(version, found.map(DiskSpace.Found::free).orElse(null),
                found.map(DiskSpace.Found::total).filter(total -> total < Long.MAX_VALUE).orElse(null),
                settings.diskReserveBytes(), links.now(), settings.maxLinks(), downloads.now(), downloads.most(),
                settings.ingestRateBytesPerSecond(),
                settings.expectedDatabases().orElse(List.of()));
    }
}
