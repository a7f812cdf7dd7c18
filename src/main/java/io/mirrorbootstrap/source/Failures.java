package io.mirrorbootstrap.source;

import java.io.IOException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.net.ssl.SSLException;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.Protocol;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakeException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.vertx.core.http.UpgradeRejectedException;

/** What the failure of a connection means, in words: no name of a class, no bytes, one line. Any thread. */
final class Failures {

    /** What the other side saw first is a byte of these where it speaks TLS: an alert, a handshake. */
    private static final List<Integer> TLS_RECORDS = List.of(0x15, 0x16);

    /** What Netty makes of an answer that it cannot read. */
    private static final int NO_STATUS = 999;

    /** Also of whom nothing was heard without TLS. */
    static final Obstacle TLS_THERE = new Obstacle.Unfit("what listens there speaks TLS: is https:// meant?");

    private static final Pattern ALERT = Pattern.compile("(?i)received fatal alert: (\\w+)");

    /** Also where the JDK names the alert as its own. */
    private static final Map<String, String> ALERTS = Map.of(
            "certificate_required", "it asks for a certificate: --certificate and --key",
            "bad_certificate",
            "it does not accept the certificate that it is shown, or asks for one: --certificate and --key",
            "certificate_unknown", "it does not accept the certificate that it is shown",
            "unknown_ca", "it does not trust who signed the certificate that it is shown",
            "certificate_expired", "the certificate that it is shown has expired",
            "certificate_revoked", "the certificate that it is shown has been revoked",
            "access_denied", "it does not let in whom the certificate is of",
            "handshake_failure",
            "it has no kind of TLS in common with this program, or asks for a certificate: --certificate and --key",
            "protocol_version", "it has no version of TLS in common with this program",
            "unrecognized_name", "it has no certificate for this name");

    /** An address at the end of Netty's messages, which is told before. */
    private static final Pattern ADDRESS = Pattern.compile(": \\S*/\\S+$");

    /** A message may quote as much as the other side likes; so much is more than is told of one. */
    private static final int MOST_READ = 1000;

    /** Its parts are no group that repeats: Java's stack would have to be as deep as the name is long. */
    private static final Pattern CLASS = Pattern.compile("\\b[a-z][\\w.]*\\.[A-Z]\\w*(?::\\s*|\\b)");

    private Failures() {
    }

    /**
     * What {@code failure} means.
     *
     * @param first the first byte that the other side has sent, below 0: none
     */
    static Obstacle of(Throwable failure, Endpoint endpoint, int first) {
        List<Throwable> chain = chain(failure);
        Optional<BlockedException> blocked = first(chain, BlockedException.class);
        if (blocked.isPresent()) {
            return blocked.get().obstacle();
        } else if (failure instanceof UpgradeRejectedException rejected && rejected.getStatus() != NO_STATUS) {
            return Refusals.of(rejected.getStatus(), rejected.getHeaders(), rejected.getBody(), endpoint,
                    endpoint.link());
        } else if (endpoint.tls()) {
            Optional<Obstacle> tls = tls(chain, endpoint, first);
            if (tls.isPresent()) {
                return tls.get();
            }
        } else if (isTls(first)) {
            return TLS_THERE;
        }
        if (failure instanceof IOException || first < 0 || isClosed(failure)) {
            return new Obstacle.Unreachable(network(failure));
        }
        return first(chain, WebSocketClientHandshakeException.class).map(Failures::handshake)
                .orElseGet(() -> new Obstacle.Unfit("what listens there does not speak HTTP"));
    }

    /** It has answered 101, but not as one who has understood what it was asked. */
    private static Obstacle handshake(WebSocketClientHandshakeException failure) {
        String what = String.valueOf(failure.getMessage());
        return new Obstacle.Unfit(what.startsWith("Invalid subprotocol")
                ? "it opens the link without having chosen " + Protocol.SUBPROTOCOL
                        + ": it is no sidecar, or a proxy in between has taken the header Sec-WebSocket-Protocol out"
                : "it does not open the link as a WebSocket: " + words(what));
    }

    /** Whether the other side speaks TLS, by its first byte. */
    static boolean isTls(int first) {
        return TLS_RECORDS.contains(first);
    }

    /** What ended a connection, or did not let it come about. */
    static String network(Throwable failure) {
        if (failure instanceof ConnectTimeoutException) {
            return "no connection in time";
        } else if (isClosed(failure)) {
            return "the connection was closed without an answer";
        }
        String what = failure.getMessage() == null ? "the connection failed" : failure.getMessage();
        return words(ADDRESS.matcher(what).replaceFirst(""));
    }

    private static boolean isClosed(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return failure instanceof java.nio.channels.ClosedChannelException
                || message.contains("Connection was closed") || message.contains("WebSocket connection closed")
                || message.contains("Connection closed while handshake in process")
                || message.contains("connection is closed") || message.contains("Stream was closed");
    }

    private static Optional<Obstacle> tls(List<Throwable> chain, Endpoint endpoint, int first) {
        if (first(chain, NotSslRecordException.class).isPresent()) {
            return unfit(first == 'H'
                    ? "what listens there answers in plain HTTP, without TLS: is http:// meant?"
                    : "what listens there does not speak TLS: is http:// meant?");
        }
        Optional<Obstacle> certificate = certificate(chain, endpoint);
        if (certificate.isPresent()) {
            return certificate;
        } else if (first(chain, SslHandshakeTimeoutException.class).isPresent()) {
            return Optional.of(new Obstacle.Unreachable("it did not go on with the TLS handshake in time"));
        }
        for (Throwable each : chain) {
            Matcher alert = ALERT.matcher(String.valueOf(each.getMessage()));
            if (alert.find()) {
                String name = alert.group(1);
                return name.equals("internal_error") || name.equals("close_notify") || name.equals("user_canceled")
                        ? Optional.of(new Obstacle.Unreachable("it ended the TLS handshake (" + name + ")"))
                        : unfit(ALERTS.getOrDefault(name, "it refused the TLS handshake") + " (" + name + ")");
            }
        }
        Throwable root = chain.get(chain.size() - 1);
        if (first(chain, SSLException.class).isEmpty()) {
            return Optional.empty();
        } else if (root instanceof IOException && !(root instanceof SSLException)
                || String.valueOf(root.getMessage()).matches("(?s)Connection closed.*|.*close_notify.*")) {
            return Optional.of(new Obstacle.Unreachable("it ended the connection in the TLS handshake"));
        }
        return unfit("no TLS with it: " + words(String.valueOf(root.getMessage())));
    }

    private static Optional<Obstacle> certificate(List<Throwable> chain, Endpoint endpoint) {
        Optional<CertificateExpiredException> expired = first(chain, CertificateExpiredException.class);
        if (expired.isPresent()) {
            return unfit("its certificate has expired (" + words(expired.get().getMessage()) + ")");
        }
        Optional<CertificateNotYetValidException> early = first(chain, CertificateNotYetValidException.class);
        if (early.isPresent()) {
            return unfit("its certificate is not valid yet (" + words(early.get().getMessage()) + ")");
        } else if (first(chain, CertPathBuilderException.class).isPresent()
                || chain.stream().anyMatch(each -> String.valueOf(each.getMessage())
                        .matches("(?s).*(trust anchor|signature check failed).*"))) {
            return unfit("no authority that is trusted here has signed its certificate: --ca FILE names one");
        }
        Optional<CertPathValidatorException> path = first(chain, CertPathValidatorException.class);
        if (path.isPresent()) {
            return unfit("its certificate cannot be relied on: " + words(String.valueOf(path.get().getMessage())));
        }
        return first(chain, CertificateException.class).map(wrong -> {
            String why = words(String.valueOf(wrong.getMessage()));
            return new Obstacle.Unfit(why.startsWith("No ")
                    ? "its certificate is not for " + endpoint.name() + " (" + why + ")"
                    : "its certificate cannot be relied on: " + why);
        });
    }

    private static Optional<Obstacle> unfit(String message) {
        return Optional.of(new Obstacle.Unfit(message));
    }

    /** Without names of classes, and readable, as it may quote the other side. */
    private static String words(String message) {
        String read = message.substring(0, Math.min(message.length(), MOST_READ));
        return Text.readable(CLASS.matcher(read).replaceAll("").strip());
    }

    private static List<Throwable> chain(Throwable failure) {
        List<Throwable> chain = new ArrayList<>();
        for (Throwable each = failure; each != null && !chain.contains(each); each = each.getCause()) {
            chain.add(each);
        }
        return chain;
    }

    private static <T extends Throwable> Optional<T> first(List<Throwable> chain, Class<T> type) {
        return chain.stream().filter(type::isInstance).map(type::cast).findFirst();
    }
}
