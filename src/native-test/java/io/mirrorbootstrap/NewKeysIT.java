package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.protocol.Upgrade;

/**
 * Records of TLS 1.3 with thousands of requests for new keys, for each of which Java makes and keeps ciphers: by strangers in their
 * handshake, by sources on a link. And records that look like them, and are not.
 */
class NewKeysIT extends WithSidecar {

    private static final byte[] PROBE = get("/q/health/live");

    private TestAuthority authority;

    /** As in a pod without a limit of processors, which sees those of its node. */
    @Override
    List<String> vmOptions() {
        return List.of("-Xmx64m", "-XX:ActiveProcessorCount=64");
    }

    private static byte[] get(String path) {
        return ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    private void start(boolean asksForCertificates) throws Exception {
        authority = new TestAuthority(directory, "authority");
        start(asksForCertificates ? authority.service() : authority.serviceWithoutTrust(),
                Map.of("QUARKUS_TLS_HANDSHAKE_TIMEOUT", "30S")); // the first of this client takes long
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aHandshakeThatEndsWithThemIsCut(boolean asksForCertificates) throws Exception {
        start(asksForCertificates);
        URI uri = sidecar.secureUri();
        assertThrows(IOException.class, () -> {
            try (TlsByHand client = new TlsByHand(uri, Optional.empty(), 3000)) {
                client.write(PROBE);
                client.readHead();
            }
        });
        patiently().until(() -> sidecar.log().contains("a TLS record of 15"));
        try (TlsByHand client = new TlsByHand(uri, Optional.empty(), 0)) {
            client.write(PROBE);
            assertTrue(client.readHead().startsWith("HTTP/1.1 200 "));
        }
    }

    @Test
    void aBeginningThatIsLongIsNotRead() throws Exception {
        start(false);
        try (Socket stranger = new Socket(InetAddress.getLoopbackAddress(), sidecar.secureUri().getPort())) {
            stranger.setSoTimeout(20_000);
            stranger.getOutputStream().write(new byte[]{22, 3, 1, 0x2E, (byte) 0xE0, 1, 0, 0x2E, (byte) 0xDC});
            assertEquals(-1, stranger.getInputStream().read());
        }
        patiently()
                .until(() -> sidecar.log().contains("a TLS record of 12000 bytes, where at most 10240 are expected"));
    }

    @Test
    void aSourceWhoseProofIsARecordOfItsOwnIsLetIn() throws Exception {
        start(true);
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(4096);
        KeyPair keys = generator.generateKeyPair();
        TestAuthority.Identity own = authority.issue("source", "CN=c", Instant.now().plus(Duration.ofDays(1)), keys);
        try (TlsByHand client = new TlsByHand(sidecar.secureUri(), Optional.of(own), 0)) {
            client.write(get("/v1/mirrors"));
            assertTrue(client.readHead().startsWith("HTTP/1.1 200 "));
        }
    }

    @Test
    void manyLinksThatBringThemEndAndNobodyElseDoes() throws Exception {
        start(false);
        URI uri = sidecar.secureUri();
        List<TlsByHand> links = new ArrayList<>();
        for (int i = 0; i < 48; i++) {
            TlsByHand link = new TlsByHand(uri, Optional.empty(), 0);
            links.add(link);
            link.write(Upgrade.request(""));
            String head = link.readHead();
            assertTrue(head.startsWith("HTTP/1.1 101 "), head);
        }
        for (TlsByHand link : links) {
            link.askForNewKeys(3200);
        }
        for (TlsByHand link : links) {
            assertThrows(IOException.class, link::readHead, "it is closed");
            link.close();
        }
        assertEquals(200, sidecar.status("/q/health/live"));
        TestSnapshot.random("db", 1000).committed(new RawClient(sidecar.uri()));
    }
}
