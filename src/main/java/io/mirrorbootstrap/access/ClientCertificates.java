package io.mirrorbootstrap.access;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.security.auth.x500.X500Principal;

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
     * Why {@code chain} lets nobody in at this moment. It was good when the connection was made, which may be long ago, and the handshake
     * of a resumed session checks nothing. The first certificate counts, and of the others, in whatever order they come, those that have
     * issued it, or have issued one that did; one of several with the same name is enough.
     */
    static Optional<String> objection(List<X509Certificate> chain) {
        Instant now = Instant.now();
        List<X509Certificate> left = new ArrayList<>(chain);
        List<X509Certificate> candidates = left.stream().limit(1).toList();
        boolean isIssuer = false;
        while (!candidates.isEmpty()) { // at most as often as there are certificates
            left.removeAll(candidates);
            Optional<X509Certificate> good = candidates.stream().filter(each -> isInDates(each, now)).findFirst();
            if (good.isEmpty()) {
                X509Certificate bad = candidates.get(0);
                return Optional.of((isIssuer ? "the client certificate's issuer" : "the client certificate")
                        + " is valid from " + bad.getNotBefore().toInstant() + " until "
                        + bad.getNotAfter().toInstant() + " only");
            }
            X500Principal issuer = good.get().getIssuerX500Principal();
            candidates = left.stream().filter(each -> each.getSubjectX500Principal().equals(issuer)
                    && !each.getIssuerX500Principal().equals(issuer)).toList(); // what the authority is says the operator
            isIssuer = true;
        }
        return Optional.empty();
    }

    private static boolean isInDates(X509Certificate certificate, Instant now) {
        return !now.isAfter(certificate.getNotAfter().toInstant())
                && !now.isBefore(certificate.getNotBefore().toInstant());
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
