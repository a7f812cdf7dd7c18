package io.mirrorbootstrap.access;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.jboss.logging.Logger;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.quarkus.vertx.http.ManagementInterface;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.HostAndPort;
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

    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int UNAVAILABLE = 503;

    /** By then the token file has been read twice. */
    private static final int COME_BACK_AFTER_SECONDS = 2;

    private final TokenFile tokens;
    private final ClientCertificates certificates;
    private final Callers callers;
    private final Exposure exposure;
    private final Strangers strangers;
    private final Standing standing;
    private final Forwarding forwarding;
    private final boolean clusterIdFromCertificate;
    private final boolean removedTokenEndsLinks;

    private final Counter refused;
    private final AtomicLong tellAgainNanos = new AtomicLong(System.nanoTime());

    Gate(TokenFile tokens, ClientCertificates certificates, Callers callers, Exposure exposure, Strangers strangers,
            Standing standing, Forwarding forwarding, AccessSettings settings, MeterRegistry metrics) {
        this.tokens = tokens;
        this.certificates = certificates;
        this.callers = callers;
        this.exposure = exposure;
        this.strangers = strangers;
        this.standing = standing;
        this.forwarding = forwarding;
        this.clusterIdFromCertificate = settings.clusterIdFromCertificate();
        this.removedTokenEndsLinks = settings.removedTokenEndsLinks();
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
            if (OpenPaths.isProbe(request)) {
                request.next();
            } else {
                notFound(request);
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
            } else {
                request.next();
            }
        });
    }

    private void check(RoutingContext request) {
        if (OpenPaths.isProbe(request) || OpenPaths.isOfPage(request)) {
            request.next();
            return;
        }
        if (OpenPaths.isNoProbe(request)) { // also of a known caller: a misspelt probe must not pass, nor be kept
            notFound(request);
            return;
        }
        Optional<String> stranger = exposure.isGuarded() ? Optional.empty() : foreignPage(request.request());
        if (stranger.isPresent()) {
            refuse(request, FORBIDDEN, ErrorCode.ORIGIN_NOT_ALLOWED, stranger.get());
        } else {
            checkToken(request);
        }
    }

    private void checkToken(RoutingContext request) {
        TokenReadings.Known known = tokens.known();
        Optional<String> shown = shownToken(request.request());
        Optional<Tokens.Token> token = shown.flatMap(known.tokens()::accept);
        Principal who = token.map(Tokens::principal).orElse(Principal.ANYBODY);
        if (tokens.isUsed() && token.isEmpty() && shown.isPresent() && known.doubt().isPresent()) {
            refuse(request, UNAVAILABLE, ErrorCode.TRANSPORT, known.doubt().get()); // no fault of the caller's: it may come back
        } else if (tokens.isUsed() && token.isEmpty()) {
            refuse(request, UNAUTHORIZED, ErrorCode.UNAUTHORIZED,
                    "the header Authorization must be Bearer and a token that is known here");
        } else if (certificates.isUsed()) {
            checkCertificate(request, who, token);
        } else {
            admit(request, new Caller(who, () -> objection(token)));
        }
    }

    private void checkCertificate(RoutingContext request, Principal who, Optional<Tokens.Token> token) {
        Optional<ShownCertificates> shown = certificates.of(request.request());
        Optional<String> name = shown.map(ShownCertificates::own).flatMap(ClientCertificates::commonName);
        Optional<String> objection = shown.flatMap(ShownCertificates::objection);
        if (shown.isEmpty()) {
            refuse(request, UNAUTHORIZED, ErrorCode.UNAUTHORIZED, "a client certificate is asked for, over HTTPS");
        } else if (objection.isPresent()) {
            refuse(request, UNAUTHORIZED, ErrorCode.UNAUTHORIZED, objection.get());
        } else if (clusterIdFromCertificate && name.isEmpty()) {
            refuse(request, UNAUTHORIZED, ErrorCode.UNAUTHORIZED,
                    "the client certificate's subject must have one common name: the id of the source's cluster");
        } else {
            Optional<String> cluster = name.filter(any -> clusterIdFromCertificate);
            String id = cluster.map(only -> "cluster " + only)
                    .orElseGet(() -> ClientCertificates.id(shown.get().own()));
            admit(request, new Caller(new Principal(who.id().with(id), cluster, who.owner(),
                    who.respectsOwners(), who.databases()),
                    () -> shown.get().objection().or(() -> objection(token))));
        }
    }

    private Optional<String> objection(Optional<Tokens.Token> token) {
        Optional<Tokens.Token> now = token.flatMap(tokens::now);
        if (now.equals(token)) {
            return Optional.empty();
        } else if (now.isPresent()) { // what the caller has begun cannot learn its new rights
            return Optional.of("in auth-token-file its token has another name, or other databases, by now");
        }
        return removedTokenEndsLinks
                ? Optional.of("its token is not in auth-token-file any more")
                : Optional.empty();
    }

    private void admit(RoutingContext request, Caller caller) {
        Channel channel = Connections.channel(request.request().connection());
        strangers.letIn(channel,
                Optional.of(callers.now().name(caller.principal().id())).filter(name -> !name.isEmpty()));
        Connections.name(channel, forwarding.seen(request.request()).source());
        standing.letIn(channel, caller);
        caller.attachTo(request);
        request.next();
    }

    private static Optional<String> shownToken(HttpServerRequest request) {
        List<String> given = request.headers().getAll(HttpHeaders.AUTHORIZATION);
        return Optional.of(given).filter(all -> all.size() == 1).map(all -> all.get(0)).filter(Tokens::isShown);
    }

    /**
     * The sign that a page of another site makes a browser send this request: its origin; or, where only being on this machine lets
     * a caller in, a host name that is not this machine's, which such a page may have made to point here. It matters where neither
     * token nor certificate is asked for: a page cannot show a token, and programs behind proxies name origins of other hosts.
     */
    private Optional<String> foreignPage(HttpServerRequest request) {
        Forwarding.Seen seen = forwarding.seen(request);
        Optional<HostAndPort> host = seen.host();
        List<String> origins = request.headers().getAll(HttpHeaders.ORIGIN);
        if (!origins.isEmpty() && !(origins.size() == 1 && host.isPresent()
                && isSame(origins.get(0), seen.tls(), host.get()))) {
            return Optional.of("pages of another origin, " + Text.quoted(String.join(", ", origins))
                    + ", may not speak to the sidecar");
        }
        // also the name without what a proxy says: a page may set that header itself
        return Stream.of(host, Optional.ofNullable(request.authority())).flatMap(Optional::stream)
                .map(HostAndPort::host)
                .filter(name -> exposure.isLoopbackOnly() && !Loopback.isSpelledBy(name)).findFirst()
                .map(name -> "the sidecar is open to this machine only, as localhost, not as " + Text.quoted(name));
    }

    private static boolean isSame(String origin, boolean tls, HostAndPort host) {
        try {
            URI uri = new URI(origin);
            int standard = tls ? 443 : 80;
            return (tls ? "https" : "http").equalsIgnoreCase(uri.getScheme())
                    && host.host().equalsIgnoreCase(uri.getHost())
                    && (uri.getPort() < 0 ? standard : uri.getPort()) == (host.port() < 0 ? standard : host.port());
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private void refuse(RoutingContext request, int status, ErrorCode code, String message) {
        refused.increment();
        long now = System.nanoTime();
        long due = tellAgainNanos.get();
        if (now - due >= 0 && tellAgainNanos.compareAndSet(due, now + TELL_EVERY_NANOS)) {
            LOG.warnf("refused %s %s from %s: %s (%.0f refused so far)",
                    Text.field(request.request().method().name()), Text.quoted(request.request().path()),
                    Text.field(forwarding.seen(request.request()).source()), message, refused.count());
        }
        HttpServerResponse response = request.response().setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
        if (status == UNAUTHORIZED) {
            response.putHeader(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
        } else if (status == UNAVAILABLE) {
            response.putHeader(HttpHeaderNames.RETRY_AFTER, String.valueOf(COME_BACK_AFTER_SECONDS));
        }
        last(request, response, JsonMessages.error(code, message));
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
