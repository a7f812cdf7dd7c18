package io.mirrorbootstrap.access;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;

import jakarta.enterprise.context.ApplicationScoped;

import org.eclipse.microprofile.config.inject.ConfigProperty;

import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.vertx.core.http.HttpServerRequest;

/**
 * Certificates of clients, which count where the HTTPS port's configuration in Quarkus' TLS registry has a trust store.
 * They were verified by the handshake.
 */
@ApplicationScoped
class ClientCertificates {

    private final boolean used;
    private final boolean served;

    ClientCertificates(TlsConfigurationRegistry registry,
            @ConfigProperty(name = "quarkus.http.tls-configuration-name") Optional<String> name) {
        Optional<TlsConfiguration> tls = name.isPresent() ? registry.get(name.get()) : registry.getDefault();
        // who trusts all has asked for no proof
        this.used = tls.filter(each -> each.getTrustStoreOptions() != null && !each.isTrustAll()).isPresent();
        this.served = tls.filter(each -> each.getKeyStoreOptions() != null).isPresent();
    }

    /** Whether a certificate is asked for. */
    boolean isUsed() {
        return used;
    }

    /** Whether there is an HTTPS port where it can be shown. */
    boolean canBeShown() {
        return served;
    }

    /** The certificate that the client has proven to be its own. */
    static Optional<X509Certificate> of(HttpServerRequest request) {
        if (!request.isSSL()) {
            return Optional.empty();
        }
        try {
            List<Certificate> chain = request.connection().peerCertificates();
            return chain.isEmpty() ? Optional.empty() : Optional.of((X509Certificate) chain.get(0));
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }

    /** The common name of its subject, if that has exactly one. */
    static Optional<String> commonName(X509Certificate certificate) {
        try {
            List<Rdn> names = new LdapName(certificate.getSubjectX500Principal().getName()).getRdns().stream()
                    .filter(name -> name.toAttributes().get("CN") != null).toList();
            // one with several values could be read as any of them
            return names.size() == 1 && names.get(0).size() == 1 && names.get(0).getValue() instanceof String name
                    ? Optional.of(name)
                    : Optional.empty();
        } catch (InvalidNameException e) {
            return Optional.empty();
        }
    }
}
