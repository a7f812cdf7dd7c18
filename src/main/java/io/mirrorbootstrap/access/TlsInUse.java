package io.mirrorbootstrap.access;

import java.security.KeyStore;
import java.util.Optional;

import jakarta.inject.Singleton;

import org.eclipse.microprofile.config.inject.ConfigProperty;

import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;

/**
 * What the HTTPS port has of its configuration in Quarkus' TLS registry. The registry itself has what was read last, also before
 * {@link CertificateReloads} lets the port take it, and where it does not. Any thread.
 */
@Singleton
class TlsInUse {

    /** Empty where the port has none. */
    private final Optional<TlsConfiguration> tls;
    /** What was taken last; null: the port has none. */
    private volatile Stores taken;

    /** Each may be null: there is none. */
    private record Stores(KeyStore keys, KeyStore trusted) {

        private static Stores of(TlsConfiguration tls) {
            return new Stores(tls.getKeyStore(), tls.getTrustStore());
        }
    }

    TlsInUse(TlsConfigurationRegistry registry,
            @ConfigProperty(name = "quarkus.http.tls-configuration-name") Optional<String> name) {
        this.tls = name.isPresent() ? registry.get(name.get()) : registry.getDefault();
        this.taken = tls.map(Stores::of).orElse(null);
    }

    /** The configuration; only what cannot change may be asked of it. */
    Optional<TlsConfiguration> configuration() {
        return tls;
    }

    /** The certificates that are shown, with their keys; null: none. There is a configuration. */
    KeyStore keys() {
        return taken.keys();
    }

    /** The authorities that are trusted; null: none are named. There is a configuration. */
    KeyStore trusted() {
        return taken.trusted();
    }

    /** What was read last is taken, if it is of the port. */
    void take(TlsConfiguration read) {
        if (tls.filter(own -> own == read).isPresent()) {
            taken = Stores.of(read);
        }
    }
}
