package io.mirrorbootstrap.access;

import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collections;
import java.util.Optional;

import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;

/** Tells until when the certificate of the HTTPS port is valid: the one in use now, also after a reload. Any thread. */
@Singleton
class CertificateExpiry {

    private final TlsInUse inUse;
    private final MeterRegistry metrics;

    CertificateExpiry(TlsInUse inUse, MeterRegistry metrics) {
        this.inUse = inUse;
        this.metrics = metrics;
    }

    /** There is no such meter where there is no certificate. */
    void start(@Observes StartupEvent event) {
        inUse.configuration().filter(each -> each.getKeyStoreOptions() != null).ifPresent(any -> Gauge
                .builder("mirror.bootstrap.certificate.expiry.timestamp", this, CertificateExpiry::seconds)
                .description("when the server's certificate ends to be valid, in seconds since 1970")
                .baseUnit("seconds").register(metrics));
    }

    private double seconds() {
        return first(inUse.keys()).map(Instant::getEpochSecond).map(Long::doubleValue).orElse(Double.NaN);
    }

    /** Of several certificates, the one that ends first. */
    private static Optional<Instant> first(KeyStore keys) {
        try {
            Optional<Instant> first = Optional.empty();
            for (String alias : Collections.list(keys.aliases())) {
                if (keys.isKeyEntry(alias) && keys.getCertificate(alias) instanceof X509Certificate certificate) {
                    Instant end = certificate.getNotAfter().toInstant();
                    first = Optional.of(first.filter(end::isAfter).orElse(end));
                }
            }
            return first;
        } catch (KeyStoreException e) {
            return Optional.empty();
        }
    }
}
