package io.mirrorbootstrap.access;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.jboss.logging.Logger;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.wire.JsonMessages;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.quarkus.vertx.http.ManagementInterface;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/**
 * Comes before everything that is served on the port, and lets a request through if it is a probe or the page, or if its caller has proven what
 * is asked for. Event loop only.
 */
@ApplicationScoped
class Gate {

    private static final Logger LOG = Logger.getLogger(Gate.class);

    /** Before all else. */
    private static final int PRIORITY = 10_000;

    /** Refusals without end must not fill the log. */
    private static final long TELL_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final int OK = 200;
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;

    /** By then the token file has been read twice. */
    private static final int COME_BACK_AFTER_SECONDS = 2;

    private final Admittance admittance;
    private final Callers callers;
    private final Strangers strangers;
    private final Standing standing;
    private final Forwarding forwarding;
    private final RefusalCounts refusals;
    private final Counter refused;
    private final AtomicLong tellAgainNanos = new AtomicLong(System.nanoTime());

    Gate(Admittance admittance, Callers callers, Strangers strangers, Standing standing, Forwarding forwarding,
            RefusalCounts refusals, MeterRegistry metrics) {
        this.admittance = admittance;
        this.callers = callers;
        this.strangers = strangers;
        this.standing = standing;
        this.forwarding = forwarding;
        this.refusals = refusals;
        this.refused = Counter.builder("mirror.bootstrap.requests.refused")
                .description("requests of callers that have shown no valid token or certificate").register(metrics);
    }

    void register(@Observes Filters filters) {
        filters.register(this::check, PRIORITY);
    }

    void register(@Observes Router router) {
        bound(router);
    }

    /** The port of its own that probes and metrics may have: it serves the open paths only. */
    void register(@Observes ManagementInterface management) {
        bound(management.router());
        management.router().route().order(Integer.MIN_VALUE + 1).handler(request -> {
            request.response().headers().remove(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN); // Quarkus lets all pages read it
            if (!OpenPaths.isProbe(request)) {
                notFound(request);
            } else if (isAsked(request)) {
                request.next();
            }
        });
    }

    /** Before the filters: what Vert.x refuses by itself does not come to them, and would be logged each time. */
    private void bound(Router router) {
        router.route().order(Integer.MIN_VALUE).handler(request -> {
            Channel channel = Connections.channel(request.request().connection());
            strangers.asked(channel);
            request.addEndHandler(done -> strangers.answered(channel));
            if (Pipelining.mayAnswer(request.request())) {
                request.next();
            }
        }).failureHandler(request -> {
            if (request.statusCode() == BAD_REQUEST) {
                refused.increment();
                last(request, request.response().setStatusCode(BAD_REQUEST), "");
            } else if (!(request.failure() instanceof HttpClosedException)) { // whoever has asked has gone
                request.next();
            }
        });
    }

    private void check(RoutingContext request) {
        if (OpenPaths.isProbe(request) || OpenPaths.isOfPage(request)) {
            if (OpenPaths.isProbe(request) && !isAsked(request)) {
                return;
            }
            if (OpenPaths.isMetrics(request)) {
                find(request);
            }
            request.next();
            return;
        }
        if (OpenPaths.isNoProbe(request)) { // also of a known caller: a misspelt probe must not pass, nor be kept
            notFound(request);
            return;
        }
        Admittance.Finding finding = admittance.of(request.request());
        if (finding instanceof Admittance.LetIn letIn) {
            admit(request, letIn.caller());
        } else {
            refuse(request, (Admittance.Refused) finding);
        }
    }

    /** Who is let in is told more metrics; its connection stays one of a stranger. Who shows what does not let it in is told what strangers are. */
    private void find(RoutingContext request) {
        Admittance.Finding finding = admittance.of(request.request());
        if (finding instanceof Admittance.LetIn letIn) {
            letIn.caller().attachTo(request);
        } else if (request.request().headers().contains(HttpHeaders.AUTHORIZATION)) {
            note(request, (Admittance.Refused) finding);
        }
    }

    private void admit(RoutingContext request, Caller caller) {
        Channel channel = Connections.channel(request.request().connection());
        ToldApart apart = callers.now();
        strangers.letIn(channel, caller.principal().id(), apart);
        Connections.name(channel, forwarding.seen(request.request()).source(), apart.name(caller.principal().id()));
        standing.letIn(channel, caller);
        caller.attachTo(request);
        request.next();
    }

    /** Counts a refusal, and logs it unless others were logged just now. */
    private void note(RoutingContext request, Admittance.Refused refusal) {
        refused.increment();
        refusals.count(refusal.code());
        long now = System.nanoTime();
        long due = tellAgainNanos.get();
        if (now - due >= 0 && tellAgainNanos.compareAndSet(due, now + TELL_EVERY_NANOS)) {
            LOG.warnf("refused %s %s from %s: %s (%.0f refused so far)",
                    Text.field(request.request().method().name()), Text.quoted(request.request().path()),
                    Text.field(forwarding.seen(request.request()).source()), refusal.message(), refused.count());
        }
    }

    private void refuse(RoutingContext request, Admittance.Refused refusal) {
        note(request, refusal);
        HttpServerResponse response = request.response().setStatusCode(refusal.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
        if (refusal.status() == Admittance.UNAUTHORIZED) {
            response.putHeader(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
        } else if (refusal.status() == Admittance.UNAVAILABLE) {
            response.putHeader(HttpHeaderNames.RETRY_AFTER, String.valueOf(COME_BACK_AFTER_SECONDS));
        }
        last(request, response, JsonMessages.error(refusal.code(), refusal.message()));
    }

    /** Whether a probe is asked for; any other method is answered: Quarkus would take it for GET. */
    private static boolean isAsked(RoutingContext request) {
        HttpMethod method = request.request().method();
        if (method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD)) {
            return true;
        }
        request.response().setStatusCode(method.equals(HttpMethod.OPTIONS) ? OK : METHOD_NOT_ALLOWED)
                .putHeader(HttpHeaderNames.ALLOW, "GET, HEAD").end();
        return false;
    }

    private static void notFound(RoutingContext request) {
        HttpServerResponse response = request.response().setStatusCode(NOT_FOUND).putHeader(HttpHeaders.CONTENT_TYPE,
                "text/plain");
        last(request, response, "no such probe; there are " + OpenPaths.probes() + "\n");
    }

    /** Answers, and reads nothing more on this connection. */
    private static void last(RoutingContext request, HttpServerResponse response, String body) {
        Pipelining.end(request.request().connection());
        response.putHeader(HttpHeaders.CONNECTION, "close").end(body)
                .onComplete(done -> request.request().connection().close());
    }
}
