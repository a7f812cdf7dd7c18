package io.mirrorbootstrap.access;

import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The certificates that a client has shown on a connection: its own, the first, and those that may vouch for it. Any thread.
 * <p>
 * They were good when the connection was made, which may be long ago, and the handshake of a resumed session checks nothing. So they are
 * verified as in a handshake, signatures too: a client may show certificates with the names, and even the keys, of those that vouch for
 * it. Only the clock changes the answer: they are verified once, and again when one of them, or
 * an authority, begins or ceases to be valid.
 */
final class ShownCertificates {

    /** Each may take a kilobyte as long as the connection lives, and a client may show certificates that vouch for nothing. */
    private static final int MOST_NAMES = 100;

    private final List<X509Certificate> shown;
    private final Supplier<Authorities.Trusted> authorities;
    // guarded by this
    private Instant verifyAgain = Instant.MIN;
    private Optional<String> objection = Optional.empty();

    /**
     * @param shown not empty
     * @param authorities whom to trust at the moment
     */
    ShownCertificates(List<X509Certificate> shown, Supplier<Authorities.Trusted> authorities) {
        this.shown = List.copyOf(shown);
        this.authorities = authorities;
    }

    /** Whether they are {@code others}. */
    boolean are(List<X509Certificate> others) {
        return shown.equals(others);
    }

    /** The certificate that the client has proven to be its own. */
    X509Certificate own() {
        return shown.get(0);
    }

    /** Why they let nobody in at this moment, for a person. */
    synchronized Optional<String> objection() {
        Instant now = Instant.now();
        if (!now.isBefore(verifyAgain)) {
            Authorities.Trusted trusted = authorities.get();
            objection = verify(now, trusted);
            Instant change = ValidDates.nextChange(shown.stream(), now);
            verifyAgain = change.isBefore(trusted.until()) ? change : trusted.until(); // only now: what could not be verified is not good
        }
        return objection;
    }

    private Optional<String> verify(Instant now, Authorities.Trusted trusted) {
        if (shown.stream().anyMatch(ShownCertificates::hasTooManyNames)) {
            return Optional.of("a certificate that was shown has more than " + MOST_NAMES + " alternative names");
        }
        if (!ValidDates.include(own(), now)) {
            return Optional.of("the client certificate is " + ValidDates.text(own()));
        }
        try {
            if (trusted.manager().isPresent()) {
                trusted.manager().get().checkClientTrusted(shown.toArray(X509Certificate[]::new),
                        own().getPublicKey().getAlgorithm());
                return Optional.empty();
            }
        } catch (CertificateException e) {
            // as where there is nobody
        }
        return Optional.of("nobody who is trusted here vouches for the client certificate" + shown.stream()
                .filter(each -> !ValidDates.include(each, now)).findFirst()
                .map(bad -> ": one that was shown for that is " + ValidDates.text(bad))
                .or(() -> trusted.invalid().stream().findFirst()
                        .map(bad -> ": an authority that is named here is " + ValidDates.text(bad)))
                .orElse(""));
    }

    private static boolean hasTooManyNames(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names != null && names.size() > MOST_NAMES;
        } catch (CertificateParsingException e) {
            return false; // it has none that Java has read
        }
    }
}
