package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Handshakes of TLS, which anyone can make, are not remembered without end. */
class TlsSessionsIT {

    /** Without tickets it is the service that has to remember a session. */
    private static final String TICKETS = "jdk.tls.client.enableSessionTicketExtension";

    /** More than the service remembers. */
    private static final int HANDSHAKES = 300;

    @TempDir
    Path temp;

    @Test
    void theOldestSessionIsForgotten() throws Exception {
        TestAuthority authority = new TestAuthority(temp, "authority");
        Map<String, String> environment = new HashMap<>(authority.service());
        environment.put("QUARKUS_TLS_PROTOCOLS", "TLSv1.2,TLSv1.3"); // of 1.3, the client holds what is remembered
        System.setProperty(TICKETS, "false");
        try (SidecarProcess sidecar = SidecarProcess.start(temp.resolve("data"), List.of("-Xmx64m"), environment)) {
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

    /** Which session it is: one that was resumed has the id that it had. */
    private static byte[] handshake(SSLContext client, int port) throws Exception {
        try (SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket("localhost", port)) {
            socket.setEnabledProtocols(new String[]{"TLSv1.2"});
            socket.startHandshake();
            return socket.getSession().getId();
        }
    }
}
