package io.mirrorbootstrap.access;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import jakarta.enterprise.context.ApplicationScoped;

import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.ErrorCode;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;

/** Finds out whether the caller of a request has proven what is asked for; does nothing about it. Event loop only. */
@ApplicationScoped
class Admittance {

    static final int UNAUTHORIZED = 401;
    static final int UNAVAILABLE = 503;
    private static final int FORBIDDEN = 403;

    private final TokenFile tokens;
    private final ClientCertificates certificates;
    private final Exposure exposure;
    private final Forwarding forwarding;
    private final boolean clusterIdFromCertificate;
    private final boolean removedTokenEndsLinks;

    Admittance(TokenFile tokens, ClientCertificates certificates, Exposure exposure, Forwarding forwarding,
            AccessSettings settings) {
        this.tokens = tokens;
        this.certificates = certificates;
        this.exposure = exposure;
        this.forwarding = forwarding;
        this.clusterIdFromCertificate = settings.clusterIdFromCertificate();
        this.removedTokenEndsLinks = settings.removedTokenEndsLinks();
    }

    /** What is found. */
    sealed interface Finding {
    }

    /** The caller may go on. */
    record LetIn(Caller caller) implements Finding {
    }

    /**
     * The caller has not proven it.
     *
     * @param status of HTTP
     */
    record Refused(int status, ErrorCode code, String message) implements Finding {
    }

    /** Whether the caller of {@code request} is let in. */
    Finding of(HttpServerRequest request) {
        Optional<String> stranger = tokens.isUsed() ? Optional.empty() : foreignPage(request);
        return stranger.isPresent()
                ? new Refused(FORBIDDEN, ErrorCode.ORIGIN_NOT_ALLOWED, stranger.get())
                : ofToken(request);
    }

    private Finding ofToken(HttpServerRequest request) {
        TokenReadings.Known known = tokens.known();
        Optional<String> shown = shownToken(request);
        Optional<Tokens.Token> token = shown.flatMap(known.tokens()::accept);
        Principal who = token.map(Tokens::principal).orElse(Principal.ANYBODY);
        if (tokens.isUsed() && token.isEmpty() && shown.isPresent() && known.doubt().isPresent()) {
            return new Refused(UNAVAILABLE, ErrorCode.TRANSPORT, known.doubt().get()); // no fault of the caller's: it may come back
        } else if (tokens.isUsed() && token.isEmpty()) {
            return new Refused(UNAUTHORIZED, ErrorCode.UNAUTHORIZED,
                    "the header Authorization must be Bearer and a token that is known here");
        } else if (certificates.isUsed()) {
            return ofCertificate(request, who, token);
        } else {
            return new LetIn(new Caller(who, () -> objection(token)));
        }
    }

    private Finding ofCertificate(HttpServerRequest request, Principal who, Optional<Tokens.Token> token) {
        Optional<ShownCertificates> shown = certificates.of(request);
        Optional<String> name = shown.map(ShownCertificates::own).flatMap(ClientCertificates::commonName);
        Optional<String> objection = shown.flatMap(ShownCertificates::objection);
        if (shown.isEmpty()) {
            return new Refused(UNAUTHORIZED, ErrorCode.UNAUTHORIZED, "a client certificate is asked for, over HTTPS");
        } else if (objection.isPresent()) {
            return new Refused(UNAUTHORIZED, ErrorCode.UNAUTHORIZED, objection.get());
        } else if (clusterIdFromCertificate && name.isEmpty()) {
            return new Refused(UNAUTHORIZED, ErrorCode.UNAUTHORIZED,
                    "the client certificate's subject must have one common name: the id of the source's cluster");
        } else {
            Optional<String> cluster = name.filter(any -> clusterIdFromCertificate);
            String id = cluster.map(only -> "cluster " + only)
                    .orElseGet(() -> ClientCertificates.id(shown.get().own()));
            return new LetIn(new Caller(new Principal(who.id().with(id), cluster, who.owner(),
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

    private static Optional<String> shownToken(HttpServerRequest request) {
        List<String> given = request.headers().getAll(HttpHeaders.AUTHORIZATION);
        return Optional.of(given).filter(all -> all.size() == 1).map(all -> all.get(0)).filter(Tokens::isShown);
    }

    /**
     * The sign that a page of another site makes a browser send this request: its origin; or, where only being on this machine lets
     * a caller in, a host name that is not this machine's, which such a page may have made to point here. It matters where no token is asked
     * for: a page cannot show one, but a browser shows the certificate that its user has chosen for this sidecar to whichever page speaks to
     * it. With a token, programs behind proxies may name origins of other hosts.
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
            // names as Docker and Compose give them have underscores, which URI takes for no host
            HostAndPort own = uri.getRawAuthority() == null
                    ? null
                    : HostAndPort.parseAuthority(uri.getRawAuthority(), -1);
            int standard = tls ? 443 : 80;
            return own != null && (tls ? "https" : "http").equalsIgnoreCase(uri.getScheme())
                    && host.host().equalsIgnoreCase(own.host())
                    && (own.port() < 0 ? standard : own.port()) == (host.port() < 0 ? standard : host.port());
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
