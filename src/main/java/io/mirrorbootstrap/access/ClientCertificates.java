package io.mirrorbootstrap.access;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;

import jakarta.enterprise.context.ApplicationScoped;

import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.netty.util.Attribute;
import io.netty.util.AttributeKey;
import io.quarkus.tls.TlsConfiguration;
import io.vertx.core.http.HttpServerRequest;

/**
 * Certificates of clients, which count where the HTTPS port's configuration in Quarkus' TLS registry has a trust store.
 * They were verified by the handshake, and are looked at again: {@link ShownCertificates}.
 */
@ApplicationScoped
class ClientCertificates {

    /** Of the connection, so that its certificates are verified once, not for each request. */
    private static final AttributeKey<ShownCertificates> SHOWN = AttributeKey.valueOf(ClientCertificates.class,
            "shown");

    /** Where an alternative name of a certificate has its kind, and where its value. */
    private static final int KIND = 0;
    private static final int VALUE = 1;

    /** Empty where no certificate is asked for. */
    private final Optional<Authorities> authorities;
    private final boolean served;

    ClientCertificates(TlsInUse inUse) {
        Optional<TlsConfiguration> tls = inUse.configuration();
        // a service that trusts all certificates has asked for no proof
        this.authorities = tls.filter(each -> each.getTrustStoreOptions() != null && !each.isTrustAll())
                .map(each -> new Authorities(inUse::trusted));
        this.served = tls.filter(each -> each.getKeyStoreOptions() != null).isPresent();
    }

    /** Whether a certificate is asked for. */
    boolean isUsed() {
        return authorities.isPresent();
    }

    /** Whether there is an HTTPS port where a client can show a certificate. */
    boolean canBeShown() {
        return served;
    }

    /** The certificates that the client has shown; empty if none. Event loop of the connection only. */
    Optional<ShownCertificates> of(HttpServerRequest request) {
        List<X509Certificate> now = shown(request);
        if (now.isEmpty()) {
            return Optional.empty();
        }
        Attribute<ShownCertificates> known = Connections.channel(request.connection()).attr(SHOWN);
        ShownCertificates before = known.get();
        if (before == null || !before.are(now)) { // TLS 1.2 may begin again, with others
            before = new ShownCertificates(now, authorities.orElseThrow());
            known.set(before);
        }
        return Optional.of(before);
    }

    private static List<X509Certificate> shown(HttpServerRequest request) {
        if (!request.isSSL()) {
            return List.of();
        }
        try {
            return request.connection().peerCertificates().stream().map(X509Certificate.class::cast).toList();
        } catch (SSLPeerUnverifiedException e) {
            return List.of();
        }
    }

    /** A name of its holder that no other holder has; a renewed certificate has the same. */
    static String id(X509Certificate certificate) {
        return "certificate " + certificate.getSubjectX500Principal().getName() + " " + otherNames(certificate);
    }

    /** Some have no subject. A name of a kind that Java does not read is an array of bytes, which as a text is another each time. */
    private static List<String> otherNames(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names == null
                    ? List.of()
                    : names.stream().map(name -> name.get(KIND) + " " + (name.get(VALUE) instanceof byte[] encoded
                            ? HexFormat.of().formatHex(encoded)
                            : name.get(VALUE))).toList();
        } catch (CertificateParsingException e) {
            return List.of();
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
