package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.protocol.Upgrade;

/** What TLS lets a client ask for: nothing of it is kept, or answered, without end. */
class TlsSessionsIT extends WithSidecar {

    /** Without tickets it is the service that has to remember a session. */
    private static final String TICKETS = "jdk.tls.client.enableSessionTicketExtension";

    /** More than the service remembers. */
    private static final int HANDSHAKES = 300;

    @Test
    void theOldestSessionIsForgotten() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        // of 1.3, the client holds what is remembered
        start(authority.service(), Map.of("QUARKUS_TLS_PROTOCOLS", "TLSv1.2,TLSv1.3"));
        System.setProperty(TICKETS, "false");
        try {
            int port = sidecar.secureUri().getPort();
            SSLContext first = authority.client(null);
            byte[] session = handshake(first, port);
            assertArrayEquals(session, handshake(first, port), "it is not resumed at all");
            for (int i = 0; i < HANDSHAKES; i++) {
                handshake(authority.client(null), port);
            }
            assertFalse(Arrays.equals(session, handshake(first, port)),
                    "it is resumed after " + HANDSHAKES + " others");
        } finally {
            System.clearProperty(TICKETS);
        }
    }

    /**
     * Each of these has to be answered, and the client does not read. The answers to its requests are short enough to be written all the
     * same: a service that waits for them to be read asks for nothing more, and hears of no new keys.
     *
     * @param byName the service has several certificates
     */
    @ParameterizedTest
    @CsvSource({"true, false", "false, false", "false, true"})
    void newKeysAreNotAskedForWithoutEnd(boolean isLetIn, boolean byName) throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service(), byName
                ? byName(authority.issue("other", "CN=other"))
                : Map.of());
        SSLContext source = authority.client(isLetIn ? authority.issue("source", "CN=cluster-a") : null);
        try (SSLSocket socket = narrow(source)) {
            socket.getOutputStream()
                    .write(("GET " + (isLetIn ? "/v1/mirrors" : "/q/metrics") + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                            .repeat(2).getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 2; i++) { // nothing is read of who does not read
                assertEquals(200, HttpAnswer.read(socket.getInputStream(), true).status());
            }
            assertThrows(IOException.class, () -> {
                for (int i = 0; i < 100_000; i++) {
                    socket.startHandshake(); // of TLS 1.3: asks for new keys, and waits for nothing
                }
            });
        }
        assertLogged("asks for new keys");
    }

    /** What is in one cannot be counted before it is read. */
    @Test
    void noRecordBeforeALinkIsLongerThanARequest() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service());
        SSLContext source = authority.client(authority.issue("source", "CN=cluster-a"));
        for (int bytes : new int[]{4_000, 6_000}) {
            try (SSLSocket socket = (SSLSocket) source.getSocketFactory().createSocket("localhost",
                    sidecar.secureUri().getPort())) {
                String head = "DELETE /v1/mirrors/none HTTP/1.1\r\nHost: localhost\r\nContent-Length: ";
                byte[] request = Arrays.copyOf((head + bytes + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII),
                        bytes + 200);
                socket.getOutputStream().write(request);
                assertEquals(bytes < 5_000 ? 'H' : -1, socket.getInputStream().read());
            }
        }
        assertLogged("a TLS record of 6");
    }

    /** A worker decrypts what comes on a link, and the event loop answers. */
    @Test
    void newKeysOfALinkAreAnsweredAndNotAskedForWithoutEnd() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service());
        SSLContext source = authority.client(authority.issue("source", "CN=cluster-a"));
        try (SSLSocket socket = narrow(source)) {
            socket.getOutputStream().write(Upgrade.request(""));
            assertTrue(Upgrade.response(socket.getInputStream()).startsWith("HTTP/1.1 101 "));
            for (int i = 0; i < 60; i++) {
                socket.startHandshake(); // of TLS 1.3: asks for new keys, and waits for nothing
                socket.getOutputStream().write(new Frame(Frame.PING, new byte[]{(byte) i}).bytes());
                Frame answer = Frame.read(socket.getInputStream());
                assertEquals(Frame.PONG, answer.head());
                assertArrayEquals(new byte[]{(byte) i}, answer.payload());
            }
            assertThrows(IOException.class, () -> {
                while (true) {
                    socket.startHandshake();
                    socket.getOutputStream().write(new Frame(Frame.PONG, new byte[0]).bytes());
                }
            });
        }
        assertLogged("TLS: it asks for new keys again and again");
    }

    /** A connection that has room for little that it does not read. */
    private SSLSocket narrow(SSLContext source) throws IOException {
        SSLSocket socket = (SSLSocket) source.getSocketFactory().createSocket();
        socket.setReceiveBufferSize(16 * 1024); // both answers fit, however they are cut, and not all that is owed for new keys
        socket.connect(new InetSocketAddress("127.0.0.1", sidecar.secureUri().getPort()));
        socket.setEnabledProtocols(new String[]{"TLSv1.3"});
        return socket;
    }

    private static Map<String, String> byName(TestAuthority.Identity other) {
        return Map.of("QUARKUS_TLS_KEY_STORE_SNI", "true", "QUARKUS_HTTP_SSL_SNI", "true",
                "QUARKUS_TLS_KEY_STORE_PEM__1__CERT", other.certificateFile().toString(),
                "QUARKUS_TLS_KEY_STORE_PEM__1__KEY", other.keyFile().toString());
    }

    /** Nothing would read these bytes, and something has to hold them. */
    @Test
    void nothingIsKeptThatComesBehindTheEndOfASession() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service());
        SSLContext source = authority.client(authority.issue("source", "CN=cluster-a"));
        try (Socket socket = new Socket("127.0.0.1", sidecar.secureUri().getPort());
                SSLSocket session = (SSLSocket) source.getSocketFactory().createSocket(socket, "localhost",
                        socket.getPort(), false)) {
            session.getOutputStream()
                    .write("GET /v1/mirrors HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertEquals('H', session.getInputStream().read());
            session.shutdownOutput();
            byte[] record = new byte[5 + 4 * 1024];
            System.arraycopy(new byte[]{0x17, 3, 3, 0x10, 0}, 0, record, 0, 5);
            assertThrows(IOException.class, () -> {
                for (int i = 0; i < 10_000; i++) {
                    socket.getOutputStream().write(record);
                }
            });
        }
        assertLogged("has ended its TLS session");
    }

    /** Java would take them, of TLS 1.2. */
    @ParameterizedTest
    @CsvSource({"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, false",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true"})
    void noSuiteIsTakenThatIsWeak(String suite, boolean isTaken) throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.serviceWithoutTrust(), Map.of("QUARKUS_TLS_PROTOCOLS", "TLSv1.3,TLSv1.2"));
        try (SSLSocket socket = (SSLSocket) authority.client(null).getSocketFactory().createSocket("localhost",
                sidecar.secureUri().getPort())) {
            socket.setEnabledProtocols(new String[]{"TLSv1.2"});
            socket.setEnabledCipherSuites(new String[]{suite});
            if (isTaken) {
                socket.startHandshake();
            } else {
                assertThrows(SSLHandshakeException.class, socket::startHandshake);
            }
        }
    }

    /** Which session it is: one that was resumed has the id that it had. */
    private static byte[] handshake(SSLContext client, int port) throws Exception {
        try (SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket("localhost", port)) {
            socket.setEnabledProtocols(new String[]{"TLSv1.2"});
            socket.startHandshake();
            return socket.getSession().getId();
        }
    }
}
