package io.mirrorbootstrap;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Signs certificates, and writes them and their keys as PEM files. */
public final class TestAuthority {

    private static final X500Name NAME = new X500Name("CN=test authority");
    private static final char[] NO_PASSWORD = {};
    private static final Duration VALIDITY = Duration.ofDays(1);

    /** A certificate and its key. */
    public record Identity(KeyPair keys, X509Certificate certificate, Path certificateFile, Path keyFile) {
    }

    private final Path directory;
    private final KeyPair keys = keys();
    private final X509Certificate certificate;
    private final Path file;
    private long serial = 1;

    /** @param directory gets the authority's own certificate */
    public TestAuthority(Path directory, String name) throws Exception {
        this.directory = directory;
        this.certificate = sign(NAME, keys, true, Instant.now().plus(VALIDITY));
        this.file = Files.writeString(directory.resolve(name + ".pem"), pem("CERTIFICATE", certificate.getEncoded()));
    }

    /** Its own certificate. */
    public Path file() {
        return file;
    }

    /** A certificate for {@code subject}, valid for this machine; files of the same name are replaced. */
    public Identity issue(String name, String subject) throws Exception {
        return issue(name, subject, Instant.now().plus(VALIDITY));
    }

    /** A certificate for {@code subject} that is good until {@code until}, to the second. */
    Identity issue(String name, String subject, Instant until) throws Exception {
        return issue(name, subject, until, keys());
    }

    /** A certificate for these keys. */
    Identity issue(String name, String subject, Instant until, KeyPair own) throws Exception {
        X509Certificate signed = sign(new X500Name(subject), own, false, until);
        return new Identity(own, signed,
                Files.writeString(directory.resolve(name + ".pem"), pem("CERTIFICATE", signed.getEncoded())),
                Files.writeString(directory.resolve(name + ".key"), pem("PRIVATE KEY", own.getPrivate().getEncoded())));
    }

    /** The same as a key store (PKCS#12) in a file. */
    static byte[] store(Identity own, String password) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        store.setKeyEntry("own", own.keys().getPrivate(), password.toCharArray(),
                new X509Certificate[]{own.certificate()});
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        store.store(content, password.toCharArray());
        return content.toByteArray();
    }

    /** A list, in a file of that name, that takes this certificate back. */
    Path revoke(String name, Identity revoked) throws Exception {
        Instant now = Instant.now();
        X509v2CRLBuilder list = new X509v2CRLBuilder(NAME, Date.from(now));
        list.setNextUpdate(Date.from(now.plus(VALIDITY)));
        list.addCRLEntry(revoked.certificate().getSerialNumber(), Date.from(now), CRLReason.keyCompromise);
        byte[] signed = list.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
                .getEncoded();
        return Files.writeString(directory.resolve(name), pem("X509 CRL", signed));
    }

    /** The environment of a service with a certificate of this authority, {@code server}, that asks its clients for one. */
    public Map<String, String> service() throws Exception {
        Identity server = issue("server", "CN=localhost");
        return Map.of("QUARKUS_TLS_KEY_STORE_PEM__0__CERT", server.certificateFile().toString(),
                "QUARKUS_TLS_KEY_STORE_PEM__0__KEY", server.keyFile().toString(),
                "QUARKUS_TLS_TRUST_STORE_PEM_CERTS", file.toString(), "QUARKUS_HTTP_SSL_PORT", "0");
    }

    /** The same, that asks nobody for one. */
    public Map<String, String> serviceWithoutTrust() throws Exception {
        Map<String, String> environment = new HashMap<>(service());
        environment.remove("QUARKUS_TLS_TRUST_STORE_PEM_CERTS");
        return environment;
    }

    /** What a client believes, this authority, and shows, which may be nothing. */
    public SSLContext client(Identity own) throws GeneralSecurityException, IOException {
        return client(certificate, own);
    }

    /** What a client believes, the authority whose certificate is in {@code file}; it shows nothing. */
    public static SSLContext clientThatTrusts(Path file) throws GeneralSecurityException, IOException {
        try (InputStream certificate = Files.newInputStream(file)) {
            return client(CertificateFactory.getInstance("X.509").generateCertificate(certificate), null);
        }
    }

    private static SSLContext client(Certificate authority, Identity own) throws GeneralSecurityException, IOException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, NO_PASSWORD);
        trusted.setCertificateEntry("authority", authority);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        KeyStore shown = KeyStore.getInstance("PKCS12");
        shown.load(null, NO_PASSWORD);
        if (own != null) {
            shown.setKeyEntry("own", own.keys().getPrivate(), NO_PASSWORD, new X509Certificate[]{own.certificate()});
        }
        KeyManagerFactory show = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        show.init(shown, NO_PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(show.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private X509Certificate sign(X500Name subject, KeyPair of, boolean authority, Instant until)
            throws OperatorCreationException, GeneralSecurityException, IOException {
        Instant now = Instant.now();
        X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(NAME, BigInteger.valueOf(serial++),
                Date.from(now.minus(Duration.ofHours(1))), Date.from(until), subject,
                of.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[]{
                new GeneralName(GeneralName.dNSName, "localhost"),
                new GeneralName(GeneralName.iPAddress, "127.0.0.1")}));
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    }

    private static KeyPair keys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return generator.generateKeyPair();
    }

    private static String pem(String what, byte[] der) {
        return "-----BEGIN " + what + "-----\n" + Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(der)
                + "\n-----END " + what + "-----\n";
    }
}
