package io.mirrorbootstrap.download;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.access.Caller;
import io.mirrorbootstrap.access.Connections;
import io.mirrorbootstrap.access.RefusalCounts;
import io.mirrorbootstrap.mirror.CallerAtWork;
import io.mirrorbootstrap.mirror.CallerPlaces;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.CommittedFile;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.Protocol;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/**
 * {@code /v1/mirrors/{database}/snapshot} and {@code .../manifest}. They stand beside the API, whose answers are made in one piece, or by
 * workers that wait for who reads them. Event loop only.
 */
@ApplicationScoped
class DownloadRoute {

    private static final Logger LOG = Logger.getLogger(DownloadRoute.class);

    private static final String DATABASE = "database";

    /** Before the API, behind what lets callers in. */
    private static final int ORDER = -1;

    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int UNAVAILABLE = 503;

    /** A download that is under way takes longer than a look. */
    private static final int COME_BACK_AFTER_SECONDS = 5;

    private static final long CLOSE_AGAIN_AFTER_MILLIS = 1000;

    private static final Executor POOL = work -> Infrastructure.getDefaultWorkerPool().execute(work);

    private final Mirrors mirrors;
    private final Downloads downloads;
    private final Callers callers;
    private final RefusalCounts refusals;
    private final Set<String> readers;
    private final Executor workers;
    private final Closer closer;

    /** A look has a worker while it waits for the disk, and the links of all callers need some too. */
    private final CallerPlaces looks = new CallerPlaces(8, 4);

    @Inject
    DownloadRoute(Mirrors mirrors, Downloads downloads, Callers callers, RefusalCounts refusals,
            MirrorSettings settings, Vertx vertx) {
        this(mirrors, downloads, callers, refusals, settings, POOL,
                new Closer(POOL, work -> vertx.setTimer(CLOSE_AGAIN_AFTER_MILLIS, any -> work.run())));
    }

    /** @param workers do what may wait for the disk; they may refuse what they are given */
    DownloadRoute(Mirrors mirrors, Downloads downloads, Callers callers, RefusalCounts refusals,
            MirrorSettings settings, Executor workers, Closer closer) {
        this.mirrors = mirrors;
        this.downloads = downloads;
        this.callers = callers;
        this.refusals = refusals;
        this.readers = Set.copyOf(settings.readerClusters().orElse(List.of()));
        this.workers = workers;
        this.closer = closer;
    }

    void register(@Observes Router router) {
        router.route("/v1/mirrors/:" + DATABASE + "/snapshot").order(ORDER).handler(request -> {
            if (request.request().method().equals(HttpMethod.GET)) {
                database(request).ifPresent(database -> download(request, database));
            } else {
                database(request).ifPresent(database -> look(request, database,
                        file -> new SnapshotAnswer(request, file.snapshot()).head()));
            }
        });
        router.route("/v1/mirrors/:" + DATABASE + "/manifest").order(ORDER)
                .handler(request -> database(request).ifPresent(
                        database -> look(request, database, file -> request.response()
                                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                                .putHeader(Protocol.DOWNLOADS_HEADER, String.valueOf(downloads.now()))
                                .end(Buffer.buffer(file.manifest())))));
    }

    /** Empty where the answer has been given. */
    private Optional<DatabaseId> database(RoutingContext request) {
        String name = request.pathParam(DATABASE);
        if (!request.request().method().equals(HttpMethod.GET)) { // no answer to it is long
            Connections.holdFew(Connections.channel(request.request().connection()));
        }
        if (!Set.of(HttpMethod.GET, HttpMethod.HEAD).contains(request.request().method())) {
            request.response().setStatusCode(METHOD_NOT_ALLOWED).putHeader(HttpHeaderNames.ALLOW, "GET, HEAD").end();
        } else if (DatabaseId.isValid(name)) {
            return Optional.of(new DatabaseId(name));
        } else {
            notFound(request, name);
        }
        return Optional.empty();
    }

    private void look(RoutingContext request, DatabaseId database, Consumer<CommittedFile> answer) {
        String caller = callers.now().name(Caller.of(request).principal().id());
        if (looks.take(caller)) {
            open(request, database, () -> looks.giveBack(caller), file -> {
                looks.giveBack(caller);
                try {
                    answer.accept(file);
                } finally {
                    closer.close(file);
                }
            });
        } else {
            comeBack(request, ErrorCode.BUSY, "the disk is at work for others: try again", 1);
        }
    }

    private void download(RoutingContext request, DatabaseId database) {
        Optional<Downloads.Place> taken = downloads.begin(Caller.of(request).principal());
        if (taken.isEmpty()) {
            comeBack(request, ErrorCode.TOO_MANY_DOWNLOADS,
                    "as many snapshots are being downloaded as may be, " + downloads.most() + ": try again",
                    COME_BACK_AFTER_SECONDS);
            return;
        }
        Downloads.Place place = taken.get();
        open(request, database, place::leave, file -> {
            try {
                new SnapshotAnswer(request, file.snapshot()).send(file, place, workers, () -> closer.close(file));
            } catch (RuntimeException | Error e) { // as where the connection is gone in the very middle: nobody else gives the place back
                place.leave();
                closer.close(file);
                Connections.cut(Connections.channel(request.request().connection()));
                throw e;
            }
        });
    }

    /**
     * Opens the snapshot on a worker.
     *
     * @param leave is called where it comes to nothing: then the answer has been given
     */
    private void open(RoutingContext request, DatabaseId database, Runnable leave, Consumer<CommittedFile> then) {
        Principal who = Caller.of(request).principal();
        String caller = callers.now().name(who.id());
        Context loop = Vertx.currentContext();
        Uni.createFrom().<Optional<CommittedFile>>emitter(outcome -> CallerAtWork.run(caller, () -> {
            try {
                closer.closeWaiting(); // before another is opened: as many as can be opened at once are the most that wait
                outcome.complete(mirrors.openSnapshot(database));
            } catch (Exception | Error e) {
                outcome.fail(e);
            }
        })).runSubscriptionOn(workers).emitOn(action -> loop.runOnContext(any -> action.run())).subscribe()
                .with(found -> {
                    Optional<Refusal> refusal = found
                            .flatMap(file -> who.refuseReading(file.snapshot(), readers));
                    if (refusal.isEmpty() && found.isPresent()) {
                        then.accept(found.get());
                        return;
                    }
                    leave.run();
                    found.ifPresent(closer::close);
                    refusal.ifPresentOrElse(
                            reason -> refuse(request, FORBIDDEN, ErrorCode.of(reason), reason.message()),
                            () -> notFound(request, database.value()));
                }, failure -> {
                    leave.run();
                    LOG.errorf("%s: its snapshot cannot be read: %s", database, Reason.of(failure));
                    comeBack(request, ErrorCode.TRANSPORT, "the sidecar cannot read the snapshot now, its log says why",
                            COME_BACK_AFTER_SECONDS);
                });
    }

    private void notFound(RoutingContext request, String name) {
        refuse(request, NOT_FOUND, ErrorCode.NOT_FOUND, "there is no committed snapshot of " + Text.quoted(name));
    }

    private void comeBack(RoutingContext request, ErrorCode code, String message, int seconds) {
        request.response().putHeader(HttpHeaderNames.RETRY_AFTER, String.valueOf(seconds));
        refuse(request, UNAVAILABLE, code, message);
    }

    private void refuse(RoutingContext request, int status, ErrorCode code, String message) {
        refusals.count(code);
        Connections.holdFew(Connections.channel(request.request().connection()));
        if (!request.response().closed()) {
            request.response().setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                    .end(JsonMessages.error(code, message));
        }
    }
}
