package io.mirrorbootstrap.api;

import java.util.List;
import java.util.Optional;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;

import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestResponse;

import com.fasterxml.jackson.annotation.JsonProperty;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.ErrorCode;
import io.quarkus.runtime.annotations.RegisterForReflection;

/** {@code /v1/mirrors}: the status board. Never blocks, so it is answered on the event loop. */
@Path("/v1/mirrors")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "mirrors", description = "What each mirror is doing about its first data")
public class MirrorsResource {

    private final StatusBoard board;

    MirrorsResource(StatusBoard board) {
        this.board = board;
    }

    /** All mirrors that anything is known of, by name. */
    @GET
    @Operation(operationId = "mirrors", summary = "All mirrors, by name")
    public List<MirrorView> mirrors() {
        return board.mirrors().stream().map(MirrorView::of).toList();
    }

    /** One mirror. */
    @GET
    @Path("/{database}")
    @Operation(operationId = "mirror", summary = "One mirror")
    @APIResponse(responseCode = "200", content = @Content(schema = @Schema(implementation = MirrorView.class)))
    @APIResponse(responseCode = "404", description = "nothing is known of it", content = @Content(schema = @Schema(implementation = ProblemView.class)))
    public RestResponse<Object> mirror(@RestPath String database) {
        Optional<Mirror> mirror = DatabaseId.isValid(database)
                ? board.mirror(new DatabaseId(database))
                : Optional.empty();
        return mirror.isPresent()
                ? RestResponse.ok(MirrorView.of(mirror.get()))
                : RestResponse.status(RestResponse.Status.NOT_FOUND, new ProblemView(ErrorCode.NOT_FOUND.spelling(),
                        "no snapshot of " + Text.quoted(database) + " has been received or announced"));
    }

    /** An error of the HTTP API. */
    @RegisterForReflection
    @Schema(name = "Problem")
    public record ProblemView(@JsonProperty("code") String code, @JsonProperty("message") String message) {
    }
}
