package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Date;

import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.OtherName;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;

/** By which name the holder of a certificate is counted. */
class ClientCertificatesTest {

    /** As directories give it to people; Java has no text for it. */
    private static final ASN1ObjectIdentifier PRINCIPAL_NAME = new ASN1ObjectIdentifier("1.3.6.1.4.1.311.20.2.3");

    private final KeyPair keys = keys();

    @Test
    void aHolderIsTheSameEachTimeAndNoOtherIsWhateverTheKindOfItsName() throws Exception {
        byte[] a = certificate("a@corp");
        assertEquals(ClientCertificates.id(parsed(a)), ClientCertificates.id(parsed(a)));
        assertEquals(ClientCertificates.id(parsed(a)), ClientCertificates.id(parsed(certificate("a@corp"))), "renewed");
        assertNotEquals(ClientCertificates.id(parsed(a)), ClientCertificates.id(parsed(certificate("b@corp"))));
    }

    private byte[] certificate(String principalName) throws Exception {
        X500Name subject = new X500Name("CN=source");
        long now = System.currentTimeMillis();
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(subject, BigInteger.valueOf(now),
                new Date(now), new Date(now + 60_000), subject, keys.getPublic());
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[]{
                new GeneralName(GeneralName.dNSName, "source.example"),
                new GeneralName(GeneralName.otherName,
                        new OtherName(PRINCIPAL_NAME, new DERUTF8String(principalName)))}));
        return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())).getEncoded();
    }

    private static X509Certificate parsed(byte[] encoded) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(encoded));
    }

    private static KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(256);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
