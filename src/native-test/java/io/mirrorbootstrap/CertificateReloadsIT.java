package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Outcome;

/** What becomes of a service whose TLS files are wrong when they are read again. */
class CertificateReloadsIT extends WithSidecar {

    private static final String RIGHT_AGAIN = "the TLS files of quarkus.tls are right again, and taken";
    private static final String STAYS = ": what was read of quarkus.tls before stays in use until that is mended";

    @Test
    void whatIsWrongIsNotTakenAndToldOnceAndWhatIsRightAgainIsTaken() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        Path other = Files.copy(authority.file(), directory.resolve("other.pem"));
        start(authority.service(), Map.of("QUARKUS_TLS_RELOAD_PERIOD", "1S", "QUARKUS_TLS__OTHER__RELOAD_PERIOD", "1S",
                "QUARKUS_TLS__OTHER__TRUST_STORE_PEM_CERTS", other.toString()));
        SSLContext client = authority.client(authority.issue("source", "CN=cluster-a"));
        long first = serial(client);
        double expiry = sidecar.metric("mirror_bootstrap_certificate_expiry_timestamp_seconds");

        assertToldOnce("authority.pem", new byte[0], " is empty: it must have a certificate (PEM)");
        assertToldOnce("authority.pem", new byte[3 * 1024 * 1024],
                " has more than 2097152 bytes, which no PEM file has");
        assertToldOnce("server.key", null, " cannot be read: there is no such file");
        Instant later = Instant.ofEpochSecond(Instant.now().getEpochSecond()).plus(Duration.ofDays(3));
        TestAuthority.Identity next = authority.issue("next", "CN=localhost", later);
        String mismatch = "TLS files are not taken: QUARKUS_TLS_KEY_STORE_PEM__0__KEY: the key in "
                + directory.resolve("server.key") + " is not that of the certificate in "
                + directory.resolve("server.pem") + STAYS;
        put("server.pem", Files.readAllBytes(next.certificateFile()));
        assertLogged(mismatch);
        awaitReloads(other);
        assertEquals(first, serial(client));
        assertEquals(expiry, sidecar.metric("mirror_bootstrap_certificate_expiry_timestamp_seconds"));

        put("server.key", Files.readAllBytes(next.keyFile()));
        awaitRightAgain("quarkus.tls", 4);
        awaitOverTls(client, next.certificate().getSerialNumber().longValue());
        patiently().until(() -> sidecar
                .metric("mirror_bootstrap_certificate_expiry_timestamp_seconds") == later.getEpochSecond());
        assertEquals(1, sidecar.logged(mismatch).size());
        assertTrue(sidecar.logged(mismatch).get(0).contains(" WARN "), sidecar.log());
        assertFalse(sidecar.log().contains("IllegalStateException"), sidecar.log());
    }

    @Test
    void whoWasRevokedStaysOutWhileTheListIsEmpty() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        Path other = Files.copy(authority.file(), directory.resolve("other.pem"));
        TestAuthority.Identity source = authority.issue("source", "CN=cluster-a");
        TestAuthority.Identity revoked = authority.issue("revoked", "CN=cluster-b");
        Path list = authority.revoke("revoked.crl", revoked);
        byte[] whole = Files.readAllBytes(list);
        start(authority.service(), Map.of("QUARKUS_TLS_RELOAD_PERIOD", "1S",
                "QUARKUS_TLS_CERTIFICATE_REVOCATION_LIST", list.toString(), "QUARKUS_TLS__OTHER__RELOAD_PERIOD", "1S",
                "QUARKUS_TLS__OTHER__TRUST_STORE_PEM_CERTS", other.toString()));
        awaitLetIn(authority.client(source));
        awaitRefused(authority.client(revoked));

        for (String damaged : new String[]{"", "nothing"}) {
            put("revoked.crl", damaged.getBytes(StandardCharsets.US_ASCII));
            awaitReloads(other);
            awaitLetIn(authority.client(source));
            awaitRefused(authority.client(revoked));
        }
        put("revoked.crl", whole);
        awaitRightAgain("quarkus.tls", 1);
        assertEquals(1, count(list + " is empty: it must have a list of revoked certificates (CRL)" + STAYS));
        assertEquals(1, count(list + " has no list of revoked certificates (CRL), or one that is damaged" + STAYS));
        Files.copy(authority.revoke("next.crl", source), list, StandardCopyOption.REPLACE_EXISTING);
        awaitRefused(authority.client(source));
        awaitLetIn(authority.client(revoked));
    }

    @Test
    void storesDirectoriesAndListsOfRevokedAreToldToo() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        Path list = authority.revoke("revoked.crl", authority.issue("revoked", "CN=cluster-b"));
        byte[] whole = Files.readAllBytes(list);
        Path authorities = Files.createDirectory(directory.resolve("authorities"));
        Files.copy(authority.file(), authorities.resolve("one.pem"));
        put("server.p12", TestAuthority.store(authority.issue("server", "CN=localhost"), "changeit"));
        String store = directory.resolve("server.p12").toString();
        start(Map.of("QUARKUS_TLS_KEY_STORE_P12_PATH", store, "QUARKUS_TLS_KEY_STORE_P12_PASSWORD", "changeit",
                "QUARKUS_TLS_TRUST_STORE_PEM_CERT_DIRS", authorities.toString(),
                "QUARKUS_TLS_CERTIFICATE_REVOCATION_LIST", list.toString(), "QUARKUS_TLS_RELOAD_PERIOD", "1S",
                "QUARKUS_HTTP_SSL_PORT", "0"));
        SSLContext client = authority.client(authority.issue("source", "CN=cluster-a"));
        long first = serial(client);
        double expiry = sidecar.metric("mirror_bootstrap_certificate_expiry_timestamp_seconds");
        Instant later = Instant.ofEpochSecond(Instant.now().getEpochSecond()).plus(Duration.ofDays(3));
        TestAuthority.Identity next = authority.issue("next", "CN=localhost", later);
        byte[] renewed = TestAuthority.store(next, "changeit");

        put("server.p12", Arrays.copyOf(renewed, renewed.length / 2));
        assertLogged("TLS files are not taken: QUARKUS_TLS_KEY_STORE_P12_PATH: " + store
                + " cannot be read as a key store (PKCS12): it is damaged, or of another kind, or its password is another"
                + STAYS);
        put("revoked.crl", "nothing".getBytes(StandardCharsets.US_ASCII)); // before the certificate that is not to be taken then
        put("server.p12", renewed);
        assertLogged("TLS files are not taken: QUARKUS_TLS_CERTIFICATE_REVOCATION_LIST: " + list
                + " has no list of revoked certificates (CRL), or one that is damaged" + STAYS);
        put("revoked.crl", null);
        assertLogged("TLS files are not taken: QUARKUS_TLS_CERTIFICATE_REVOCATION_LIST: " + list
                + " cannot be read: there is no such file" + STAYS);
        Files.createFile(authorities.resolve("two.pem"));
        put("revoked.crl", whole);
        assertLogged("TLS files are not taken: QUARKUS_TLS_TRUST_STORE_PEM_CERT_DIRS: " + authorities.resolve("two.pem")
                + " is empty: it must have a certificate (PEM)" + STAYS);
        assertEquals(first, serial(client));
        assertEquals(expiry, sidecar.metric("mirror_bootstrap_certificate_expiry_timestamp_seconds"));

        Files.delete(authorities.resolve("two.pem"));
        awaitRightAgain("quarkus.tls", 1);
        awaitOverTls(client, next.certificate().getSerialNumber().longValue());
        assertEquals(later.getEpochSecond(),
                sidecar.metric("mirror_bootstrap_certificate_expiry_timestamp_seconds"));
    }

    @Test
    void filesThatDoNotAnswerKeepNoWorker() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        Path other = Files.copy(authority.file(), directory.resolve("other.pem"));
        start(Map.of("QUARKUS_THREAD_POOL_MAX_THREADS", "4", "QUARKUS_TLS__OTHER__RELOAD_PERIOD", "1S",
                "QUARKUS_TLS__OTHER__TRUST_STORE_PEM_CERTS", other.toString()));
        Files.delete(other);
        assertEquals(0, new ProcessBuilder("mkfifo", other.toString()).start().waitFor());
        assertLogged("quarkus.tls.other: its files have not answered for 10 seconds: what was read of "
                + "quarkus.tls.other before stays in use");
        assertInstanceOf(Outcome.Committed.class, TestSender.send(sidecar.uri(), "cluster-a",
                new Credentials(Optional.empty(), Optional.empty(), Optional.empty())));
    }

    private void awaitLetIn(SSLContext client) {
        patiently().until(() -> refusal(client).isEmpty());
    }

    private void awaitRefused(SSLContext client) {
        patiently().until(() -> refusal(client).contains("certificate_unknown"));
    }

    /** What a client is told whose connection is ended in its handshake: of TLS 1.3, when it reads. */
    private String refusal(SSLContext client) throws IOException {
        try (SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket("localhost",
                sidecar.secureUri().getPort())) {
            socket.getOutputStream()
                    .write("GET /v1/mirrors HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return socket.getInputStream().read() == 'H' ? "" : "closed";
        } catch (SSLException e) {
            return String.valueOf(e.getMessage());
        } catch (SocketException e) {
            return "closed"; // and what it was told before is lost
        }
    }

    /** @param content null: there is no such file */
    private void assertToldOnce(String name, byte[] content, String rule) throws Exception {
        byte[] right = Files.readAllBytes(directory.resolve(name));
        int before = count(RIGHT_AGAIN);
        put(name, content);
        assertLogged(directory.resolve(name) + rule + STAYS);
        put(name, right);
        awaitRightAgain("quarkus.tls", before + 1);
        assertEquals(1, count(directory.resolve(name) + rule));
    }

    /** Until another configuration, with the same period, has been read with a fault and without, twice. */
    private void awaitReloads(Path other) throws Exception {
        byte[] right = Files.readAllBytes(other);
        String nothing = other + " has no certificate: no line in it is -----BEGIN";
        int before = count(nothing);
        for (int i = 1; i <= 2; i++) {
            int told = before + i;
            put("other.pem", "nothing".getBytes(StandardCharsets.US_ASCII));
            patiently().until(() -> count(nothing) >= told);
            put("other.pem", right);
            awaitRightAgain("quarkus.tls.other", told);
        }
    }

    private void awaitRightAgain(String configuration, int times) {
        patiently().until(() -> count("the TLS files of " + configuration + " are right again, and taken") >= times);
    }

    /** In the moment of a reload, a handshake is ended. */
    private void awaitOverTls(SSLContext client, long serial) {
        patiently().ignoreExceptionsInstanceOf(SSLException.class).until(() -> certificate(client) == serial);
    }

    private long serial(SSLContext client) {
        return patiently().ignoreExceptionsInstanceOf(SSLException.class).until(() -> certificate(client),
                any -> true);
    }

    private long certificate(SSLContext client) throws IOException {
        try (SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket("localhost",
                sidecar.secureUri().getPort())) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber().longValue();
        }
    }

    private int count(String part) throws IOException {
        return (int) sidecar.log().lines().filter(line -> line.contains(part)).count();
    }

    /** Whole, or not there: what is half written may be told in other words. */
    private void put(String name, byte[] content) throws IOException {
        if (content == null) {
            Files.delete(directory.resolve(name));
            return;
        }
        Path written = Files.write(directory.resolve("written"), content);
        Files.move(written, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }
}
