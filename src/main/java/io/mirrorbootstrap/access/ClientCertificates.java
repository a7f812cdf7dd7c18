package io.mirrorbootstrap.access;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;

import jakarta.enterprise.context.ApplicationScoped;

import org.eclipse.microprofile.config.inject.ConfigProperty;

import io.mirrorbootstrap.snapshot.SnapshotIdentity;
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
        // a service that trusts all certificates has asked for no proof
        this.used = tls.filter(each -> each.getTrustStoreOptions() != null && !each.isTrustAll()).isPresent();
        this.served = tls.filter(each -> each.getKeyStoreOptions() != null).isPresent();
    }

    /** Whether a certificate is asked for. */
    boolean isUsed() {
        return used;
    }

    /** Whether there is an HTTPS port where a client can show a certificate. */
    boolean canBeShown() {
        return served;
    }

    /** The certificate that the client has proven to be its own, the first, and those that vouch for it; empty if none. */
    static List<X509Certificate> of(HttpServerRequest request) {
        if (!request.isSSL()) {
            return List.of();
        }
        try {
            return request.connection().peerCertificates().stream().map(X509Certificate.class::cast).toList();
        } catch (SSLPeerUnverifiedException e) {
            return List.of();
        }
    }

    /**
     * Why {@code chain}, as far as each certificate vouches for the one before, lets nobody in at this moment. It was good when the
     * connection was made, which may be long ago, and the handshake of a resumed session checks nothing.
     */
    static Optional<String> objection(List<X509Certificate> chain) {
        Instant now = Instant.now();
        Optional<X509Certificate> issued = Optional.empty();
        for (X509Certificate each : chain) {
            boolean vouches = issued.isEmpty()
                    || each.getSubjectX500Principal().equals(issued.get().getIssuerX500Principal())
                            && !each.getSubjectX500Principal().equals(each.getIssuerX500Principal());
            if (!vouches) {
                break; // the client sent more than the chain: the operator says what the authority is
            }
            Instant from = each.getNotBefore().toInstant();
            Instant until = each.getNotAfter().toInstant();
            if (now.isAfter(until) || now.isBefore(from)) {
                return Optional.of((issued.isEmpty() ? "the client certificate" : "the client certificate's issuer")
                        + " is valid from " + from + " until " + until + " only");
            }
            issued = Optional.of(each);
        }
        return Optional.empty();
    }

    /** A name of its holder that no other holder has; a renewed certificate has the same. */
    static String id(X509Certificate certificate) {
        try { // some have no subject
            return "certificate " + certificate.getSubjectX500Principal().getName() + " "
                    + certificate.getSubjectAlternativeNames();
        } catch (CertificateParsingException e) {
            return "certificate " + certificate.getSubjectX500Principal().getName();
        }
    }

    /** The common name of its subject, if there is exactly one and a cluster may have that name. */
    static Optional<String> commonName(X509Certificate certificate) {
        try {
            List<Rdn> names = new LdapName(certificate.getSubjectX500Principal().getName()).getRdns().stream()
                    .filter(name -> name.toAttributes().get("CN") != null).toList();
            // one with several values could be read as any of them
            return names.size() == 1 && names.get(0).size() == 1 && names.get(0).getValue() instanceof String name
                    && SnapshotIdentity.isValidClusterId(name)
                            ? Optional.of(name)
                            : Optional.empty();
        } catch (InvalidNameException e) {
            return Optional.empty();
        }
    }
}
