package io.mirrorbootstrap.link;

import java.util.Optional;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.access.Caller;
import io.mirrorbootstrap.access.Connections;
import io.mirrorbootstrap.access.RefusalCounts;
import io.mirrorbootstrap.access.Standing;
import io.mirrorbootstrap.mirror.IngestRate;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.TraceContext;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.Protocol;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.quarkus.arc.ClientProxy;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/** {@code GET /v1/bootstrap}: the upgrade to a link. */
@ApplicationScoped
class BootstrapRoute {

    private static final Logger LOG = Logger.getLogger(BootstrapRoute.class);

    private final Links links;
    private final Mirrors mirrors;
    private final LinkLimits limits;
    private final IngestBudget budget;
    private final IngestRate rate;
    private final HeapRoom room;
    private final Standing standing;
    private final Turns turns;
    private final LinkMeters meters;
    private final RefusalCounts refusals;

    BootstrapRoute(Links links, Mirrors mirrors, LinkLimits limits, IngestBudget budget, IngestRate rate,
            HeapRoom room, Standing standing, Turns turns, LinkMeters meters, RefusalCounts refusals) {
        this.links = links;
        this.mirrors = mirrors;
        this.limits = limits;
        this.budget = budget;
        this.rate = rate;
        this.room = room;
        this.standing = standing;
        this.turns = turns;
        this.meters = meters;
        this.refusals = refusals;
    }

    void register(@Observes Router router) {
        router.route(Protocol.PATH).handler(this::upgrade);
    }

    /** Event loop only. */
    private void upgrade(RoutingContext request) {
        Optional<Handshake.Problem> problem = Handshake.problem(request.request().method(),
                request.request().version(), request.request().headers());
        if (problem.isPresent()) {
            if (problem.get().code() == ErrorCode.UPGRADE_REQUIRED) {
                request.response().putHeader(HttpHeaders.UPGRADE, "websocket")
                        .putHeader(HttpHeaders.CONNECTION, "Upgrade")
                        .putHeader(Handshake.VERSION_HEADER, Handshake.VERSION);
            }
            refuse(request, problem.get().status(), problem.get().code(), problem.get().message());
            return;
        }
        if (links.isEnding()) {
            refuse(request, 503, ErrorCode.SHUTTING_DOWN, "the sidecar is shutting down: come back later");
            return;
        }
        try {
            upgrade(request, links.takePlace(Caller.of(request).principal().id()));
        } catch (Links.NoPlace e) {
            refuse(request, 503, ErrorCode.TOO_MANY_LINKS, e.getMessage());
        }
    }

    private void upgrade(RoutingContext request, Links.Place place) {
        Channel channel = Connections.channel(request.request().connection());
        ChannelFutureListener gone = closed -> place.socketGone();
        channel.closeFuture().addListener(gone);
        EarlyFrames early = EarlyFrames.on(channel);
        Optional<TraceContext> trace = Handshake.trace(request.request().headers());
        Handshake.normalize(request.request().headers());
        request.request().toWebSocket()
                .onSuccess(webSocket -> {
                    Principal principal = Caller.of(request).principal();
                    start(new LinkSocket(channel, limits.idleTimeout(), limits.readByWorkers(),
                            turns.decrypting(principal), trace),
                            channel, principal, early, place);
                })
                .onFailure(failure -> {
                    channel.closeFuture().removeListener(gone); // the connection may go on, and ask again
                    place.socketGone();
                    early.leave(channel);
                    Connections.tell(channel, () -> LOG.warnf("no WebSocket with %s: %s",
                            Text.field(String.valueOf(request.request().remoteAddress())),
                            Text.readable(String.valueOf(failure.getMessage()))));
                });
    }

    private void start(LinkSocket socket, Channel channel, Principal principal, EarlyFrames early,
            Links.Place place) {
        // a link may be at work for longer than there are beans: a proxy would fail then
        Link link = new Link(socket, principal, links, ClientProxy.unwrap(mirrors), limits, budget.of(principal),
                rate.of(principal), room,
                turns.of(principal), meters);
        try {
            links.opened(link, place); // first: a connection that is gone already ends the link while it is started
            early.leave(channel);
            socket.start(link);
            link.start();
            early.flaw().ifPresent(link::ends);
            standing.endWith(channel, link::letInNoMore);
        } catch (RuntimeException | Error e) {
            // a socket that is gone has no pipeline any more to put a reader into
            Connections.tell(channel, () -> LOG.warnf("link from %s: not started, closing it (%s)", socket.remote(),
                    Text.readable(e.toString())));
            links.closed(link);
            Connections.cut(channel);
        }
    }

    private void refuse(RoutingContext request, int status, ErrorCode code, String message) {
        refusals.count(code);
        request.response().setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .end(JsonMessages.error(code, message));
    }
}
