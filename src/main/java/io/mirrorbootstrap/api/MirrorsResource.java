package io.mirrorbootstrap.api;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;

import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;

import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;
import org.jboss.resteasy.reactive.RestStreamElementType;

import com.fasterxml.jackson.annotation.JsonProperty;

import io.mirrorbootstrap.access.Caller;
import io.mirrorbootstrap.access.RefusalCounts;
import io.mirrorbootstrap.mirror.CallerAtWork;
import io.mirrorbootstrap.mirror.CallerPlaces;
import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.Removal;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.SnapshotTag;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.smallrye.common.annotation.NonBlocking;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;

/** {@code /v1/mirrors}: the status board. What only reads it never blocks, so it is answered on the event loop. */
@Path("/v1/mirrors")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "mirrors", description = "What each mirror is doing about its first data")
public class MirrorsResource {

    /** A database may have this name. */
    static final String EVENTS = "events";

    private static final String SNAPSHOT = "snapshot";

    /** The event that tells of a mirror that has left the list. */
    private static final String REMOVED = "removed";

    private static final String LAST_EVENT_ID = "Last-Event-ID";

    private final StatusBoard board;
    private final Mirrors mirrors;
    /** A removal has a worker while it waits for the disk, and the links of all callers need some too. */
    private final CallerPlaces removals = new CallerPlaces(8, 4);
    private final Callers callers;
    private final RefusalCounts refusals;
    private final RowTexts texts;
    private final Vertx vertx;
    private final Duration silence;

    MirrorsResource(StatusBoard board, Mirrors mirrors, Callers callers,
            RefusalCounts refusals, RowTexts texts, Vertx vertx,
            @ConfigProperty(name = "quarkus.http.idle-timeout") Duration idleTimeout) {
        this.board = board;
        this.mirrors = mirrors;
        this.callers = callers;
        this.refusals = refusals;
        this.texts = texts;
        this.vertx = vertx;
        this.silence = Watch.silence(idleTimeout);
    }

    /** All mirrors that anything is known of, by name; written as fast as it is read. */
    @GET
    @Operation(operationId = "mirrors", summary = "All mirrors, by name")
    @APIResponse(responseCode = "200", content = @Content(schema = @Schema(type = SchemaType.ARRAY, implementation = MirrorView.class)))
    public Multi<MirrorView> mirrors(@Context RoutingContext request) {
        if (isHead(request)) {
            return Multi.createFrom().empty();
        }
        if (request.request().version() == HttpVersion.HTTP_1_0) { // which knows no other end of what has no length
            request.addEndHandler(done -> request.request().connection().close());
        }
        // of an answer that waits to be read, no more than names is kept: each row is made when the one before it is gone
        List<DatabaseId> names = board.mirrors().stream().map(Mirror::database).toList();
        return Multi.createFrom().iterable(names).map(board::mirror).filter(Optional::isPresent).map(Optional::get)
                .map(mirrors::now).map(MirrorView::of);
    }

    /** One mirror. */
    @GET
    @NonBlocking
    @Path("/{database}")
    @Operation(operationId = "mirror", summary = "One mirror")
    @APIResponse(responseCode = "200", content = @Content(schema = @Schema(implementation = MirrorView.class)))
    @APIResponse(responseCode = "404", description = "nothing is known of it", content = @Content(schema = @Schema(implementation = ProblemView.class)))
    public RestResponse<Object> mirror(@RestPath String database) {
        Optional<Mirror> mirror = DatabaseId.isValid(database)
                ? board.mirror(new DatabaseId(database)).map(mirrors::now)
                : Optional.empty();
        return mirror.isPresent() ? RestResponse.ok(MirrorView.of(mirror.get())) : unknown(database);
    }

    /** Ends the transfer under way, and removes the committed snapshot if that is asked for. */
    @DELETE
    @NonBlocking
    @Path("/{database}")
    @Parameter(name = SNAPSHOT, in = ParameterIn.QUERY, schema = @Schema(type = SchemaType.BOOLEAN, defaultValue = "false"))
    @Parameter(name = HttpHeaders.IF_MATCH, in = ParameterIn.HEADER, description = "ETags of the committed snapshot: if it has another, nothing changes", schema = @Schema(type = SchemaType.STRING))
    @Operation(operationId = "removeMirror", summary = "Drops the transfer under way and its partial file; the committed snapshot only with snapshot=true")
    @APIResponse(responseCode = "204", description = "nothing is under way any more")
    @APIResponse(responseCode = "400", description = "snapshot is neither true nor false: nothing has changed", content = @Content(schema = @Schema(implementation = ProblemView.class)))
    @APIResponse(responseCode = "403", description = "it is of another cluster than the caller's certificate names, or of another token, or of a database that the token is not for", content = @Content(schema = @Schema(implementation = ProblemView.class)))
    @APIResponse(responseCode = "503", description = "the disk is at work for it, as at a commit: try again; or does not let the snapshot go, or a commit be finished", content = @Content(schema = @Schema(implementation = ProblemView.class)))
    @APIResponse(responseCode = "412", description = "the committed snapshot is not one of If-Match, or there is none: nothing has changed", content = @Content(schema = @Schema(implementation = ProblemView.class)))
    @APIResponse(responseCode = "404", description = "that is no database's name", content = @Content(schema = @Schema(implementation = ProblemView.class)))
    public Uni<RestResponse<Object>> remove(@Context RoutingContext request, @RestPath String database) {
        List<String> snapshot = request.queryParam(SNAPSHOT);
        if (!DatabaseId.isValid(database)) {
            return Uni.createFrom().item(unknown(database));
        } else if (snapshot.size() > 1 || !List.of("true", "false").containsAll(snapshot)) {
            return Uni.createFrom().item(RestResponse.status(RestResponse.Status.BAD_REQUEST, problem(
                    ErrorCode.MALFORMED_REQUEST,
                    "snapshot is " + Text.quoted(String.join(", ", snapshot)) + ", it must be true or false, once")));
        }
        DatabaseId id = new DatabaseId(database);
        Principal who = Caller.of(request).principal();
        String caller = callers.now().name(who.id());
        Optional<String> meant = Optional.ofNullable(request.request().getHeader(HttpHeaders.IF_MATCH));
        if (!removals.take(caller)) { // here, not on the worker: what waits for one is kept, even when its caller is gone
            return Uni.createFrom().item(answer(id, new Removal.Busy()));
        }
        return Uni.createFrom()
                .<Removal>emitter(outcome -> removeOnWorker(who, caller, id, snapshot.contains("true"), meant, outcome))
                .map(outcome -> answer(id, outcome));
    }

    private RestResponse<Object> answer(DatabaseId id, Removal outcome) {
        if (outcome instanceof Removal.Refused refused) {
            boolean failed = refused.refusal() instanceof Refusal.Transport
                    || refused.refusal() instanceof Refusal.InsufficientStorage;
            return RestResponse.status(
                    failed ? RestResponse.Status.SERVICE_UNAVAILABLE : RestResponse.Status.FORBIDDEN,
                    problem(ErrorCode.of(refused.refusal()), refused.refusal().message()));
        }
        if (outcome instanceof Removal.Another) {
            return RestResponse.status(RestResponse.Status.PRECONDITION_FAILED, problem(ErrorCode.PRECONDITION_FAILED,
                    "the snapshot of " + id + " is not the one of If-Match: nothing has changed"));
        }
        return outcome instanceof Removal.Done
                ? RestResponse.noContent()
                : ResponseBuilder.create(RestResponse.Status.SERVICE_UNAVAILABLE, (Object) problem(
                        ErrorCode.BUSY, "the disk is at work for " + id + ": try again"))
                        .header(HttpHeaders.RETRY_AFTER, 1).build();
    }

    private void removeOnWorker(Principal who, String caller, DatabaseId database, boolean snapshot,
            Optional<String> meant, UniEmitter<? super Removal> told) {
        try {
            Infrastructure.getDefaultWorkerPool().execute(() -> CallerAtWork.run(caller, () -> {
                try {
                    told.complete(removed(who, database, snapshot, meant));
                } catch (RuntimeException | Error e) {
                    told.fail(e);
                } finally {
                    removals.giveBack(caller);
                }
            }));
        } catch (RejectedExecutionException e) { // no thread, or the process is ending
            removals.giveBack(caller);
            told.fail(e);
        }
    }

    /** @param meant which snapshot: while another is there nothing changes, and a transfer goes on where the snapshot is to go */
    private Removal removed(Principal who, DatabaseId database, boolean snapshot, Optional<String> meant) {
        if (meant.isPresent()) {
            return snapshot
                    ? mirrors.removeSnapshot(who, database, SnapshotTag.meant(meant.get()))
                    : mirrors.abort(who, database, SnapshotTag.meant(meant.get()));
        }
        return snapshot ? mirrors.removeAll(who, database) : mirrors.abort(who, database);
    }

    /** As {@link #mirror}, for a database of that name: {@link EventsOrMirror} tells it from {@link #events(Sse)}. */
    @GET
    @NonBlocking
    @Path("/events")
    @Operation(hidden = true)
    public RestResponse<Object> mirrorNamedEvents() {
        return mirror(EVENTS);
    }

    /** As {@link #remove}, for a database of that name. */
    @DELETE
    @NonBlocking
    @Path("/events")
    @Operation(hidden = true)
    public Uni<RestResponse<Object>> removeMirrorNamedEvents(@Context RoutingContext request) {
        return remove(request, EVENTS);
    }

    /** Each mirror as it is, and then as it has become whenever it has changed. */
    @GET
    @Path("/events")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @RestStreamElementType(MediaType.APPLICATION_JSON)
    @APIResponse(responseCode = "200", content = {
            @Content(mediaType = MediaType.SERVER_SENT_EVENTS, schema = @Schema(implementation = MirrorView.class)),
            @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = MirrorView.class))})
    @APIResponse(responseCode = "404", description = "JSON alone was accepted, and nothing is known of a database named events", content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = ProblemView.class)))
    @Operation(operationId = "mirrorsEvents", summary = "All mirrors as they are, then each as it changes (Server-Sent Events); to who accepts application/json and no text/event-stream, the one mirror named events")
    public Multi<OutboundSseEvent> events(@Context RoutingContext request, @Context Sse sse) {
        return changes(request, sse, any -> true);
    }

    /** One mirror as it is, if anything is known of it, and then as it has become whenever it has changed. */
    @GET
    @Path("/{database}/events")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @RestStreamElementType(MediaType.APPLICATION_JSON)
    @APIResponse(responseCode = "200", content = @Content(mediaType = MediaType.SERVER_SENT_EVENTS, schema = @Schema(implementation = MirrorView.class)))
    @Operation(operationId = "mirrorEvents", summary = "One mirror as it is, then as it changes (Server-Sent Events)")
    public Multi<OutboundSseEvent> events(@Context RoutingContext request, @Context Sse sse,
            @RestPath String database) {
        return changes(request, sse, name -> name.value().equals(database));
    }

    private Multi<OutboundSseEvent> changes(RoutingContext request, Sse sse, Predicate<DatabaseId> isWanted) {
        if (isHead(request)) {
            return Multi.createFrom().empty();
        }
        Watch.Loop loop = ContextLoop.here(vertx); // not on workers, whose queue keeps watchers that have gone
        OptionalLong lastHeard = EventId.change(board, request.request().getHeader(LAST_EVENT_ID));
        return Multi
                .createFrom().<Watch.Told>publisher(
                        watcher -> new Watch(board, isWanted, loop, silence, lastHeard, watcher).start())
                .map(told -> event(sse, told));
    }

    /** Nothing is sent to it but the head: it would set no pace, and events would have no end. */
    private static boolean isHead(RoutingContext request) {
        return request.request().method().equals(HttpMethod.HEAD);
    }

    private OutboundSseEvent event(Sse sse, Watch.Told told) {
        OutboundSseEvent.Builder event = sse.newEventBuilder();
        if (!(told instanceof Watch.Told.News news)) {
            return event.comment(told instanceof Watch.Told.Complete ? "complete" : "still here").build();
        }
        event.id(EventId.of(board, news.change())).mediaType(MediaType.APPLICATION_JSON_TYPE);
        return news.change() instanceof Mirror row
                ? event.data(String.class, texts.of(row)).build()
                : event.name(REMOVED).data(GoneView.class, new GoneView(news.change().database().value())).build();
    }

    private RestResponse<Object> unknown(String database) {
        return RestResponse.status(RestResponse.Status.NOT_FOUND, problem(ErrorCode.NOT_FOUND,
                "no snapshot of " + Text.quoted(database) + " has been received or announced"));
    }

    private ProblemView problem(ErrorCode code, String message) {
        refusals.count(code);
        return new ProblemView(code.spelling(), message);
    }

    /** An error of the HTTP API. */
    @RegisterForReflection
    @Schema(name = "Problem")
    public record ProblemView(@JsonProperty("code") String code, @JsonProperty("message") String message) {
    }
}
