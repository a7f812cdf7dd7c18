package io.mirrorbootstrap.access;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.stream.Stream;

/** From when until when a certificate is valid. Any thread. */
final class ValidDates {

    private ValidDates() {
    }

    /** Whether it is valid at that time, as far as its dates go. */
    static boolean include(X509Certificate certificate, Instant time) {
        return !time.isAfter(certificate.getNotAfter().toInstant())
                && !time.isBefore(certificate.getNotBefore().toInstant());
    }

    /** When it begins to be valid, and when it ceases. */
    static Stream<Instant> changes(X509Certificate certificate) {
        return Stream.of(certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant().plusMillis(1));
    }

    /** The first of these changes that is still to come; the end of time: none is. */
    static Instant nextChange(Stream<X509Certificate> certificates, Instant now) {
        return certificates.flatMap(ValidDates::changes).filter(now::isBefore).min(Instant::compareTo)
                .orElse(Instant.MAX);
    }

    /** For a person. */
    static String text(X509Certificate certificate) {
        return "valid from " + certificate.getNotBefore().toInstant() + " until "
                + certificate.getNotAfter().toInstant() + " only";
    }
}
