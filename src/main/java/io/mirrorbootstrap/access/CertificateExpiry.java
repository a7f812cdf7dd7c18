package io.mirrorbootstrap.access;

import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collections;
import java.util.Optional;

import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

import org.eclipse.microprofile.config.inject.ConfigProperty;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;

/** Tells until when the certificate of the HTTPS port is valid: the one in use now, also after a reload. Any thread. */
@Singleton
class CertificateExpiry {

    private final Optional<TlsConfiguration> tls;
    private final MeterRegistry metrics;

    CertificateExpiry(TlsConfigurationRegistry registry,
            @ConfigProperty(name = "quarkus.http.tls-configuration-name") Optional<String> name,
            MeterRegistry metrics) {
        this.tls = (name.isPresent() ? registry.get(name.get()) : registry.getDefault())
                .filter(each -> each.getKeyStoreOptions() != null);
        this.metrics = metrics;
    }

    /** There is no such meter where there is no certificate. */
    void start(@Observes StartupEvent event) {
        tls.ifPresent(any -> Gauge
                .builder("mirror.bootstrap.certificate.expiry.timestamp", this, CertificateExpiry::seconds)
                .description("when the server's certificate ends to be valid, in seconds since 1970")
                .baseUnit("seconds").register(metrics));
    }

    private double seconds() {
        return tls.flatMap(each -> first(each.getKeyStore())).map(Instant::getEpochSecond).map(Long::doubleValue)
                .orElse(Double.NaN);
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
