package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.cert.CertificateParsingException;

import javax.net.ssl.SSLHandshakeException;

import org.junit.jupiter.api.Test;

/** What is said of failures that quote the other side. */
class FailuresTest {

    private static final Endpoint ENDPOINT = Endpoint.parse("https://localhost:1");
    private static final int HANDSHAKE = 0x16;

    @Test
    void aCertificateMayHaveANameOfAnyLength() {
        for (String part : new String[]{"a.", "a. ", "a.A:", "a"}) { // each is parsed before anybody asks whether it is trusted
            String message = ofCertificate("invalid URI name:" + part.repeat(20_000) + "A^");
            assertTrue(message.startsWith("its certificate cannot be relied on: invalid URI name:"), message);
            assertTrue(message.length() < 600, message);
        }
    }

    @Test
    void noNameOfAClassIsTold() {
        assertEquals("its certificate cannot be relied on: too long for a , of a.b",
                ofCertificate("java.io.IOException: too long for a java.util.Map.Entry, of a.b"));
    }

    private static String ofCertificate(String why) {
        SSLHandshakeException failure = new SSLHandshakeException(why);
        failure.initCause(new CertificateParsingException(why));
        return assertInstanceOf(Obstacle.Unfit.class, Failures.of(failure, ENDPOINT, HANDSHAKE)).message();
    }
}
