package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.wire.Answer;

/**
 * That the packaged program calls its kernels as they are to be called: payload in frames of every length, beginning anywhere in
 * the memory in which it came, which is an array where it was encrypted and lies outside the heap where it was not.
 */
class KernelsIT extends WithSidecar {

    private static final int LONGEST = 80_000;

    /** A JVM has no kernels: there it is another cipher, and each way of masking, once more. */
    private static final int BYTES = SidecarProcess.isNative() ? 8 * MIB : 2 * MIB;

    @ParameterizedTest
    @ValueSource(strings = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"})
    void payloadInFramesOfEveryLengthArrivesAsItWasEncrypted(String cipher) throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service(), Map.of("QUARKUS_TLS_PROTOCOLS", "TLSv1.2,TLSv1.3"));
        SSLContext tls = authority.client(authority.issue("source", "CN=c"));
        SSLParameters session = tls.getDefaultSSLParameters();
        session.setCipherSuites(new String[]{cipher});
        session.setProtocols(new String[]{cipher.startsWith("TLS_ECDHE") ? "TLSv1.2" : "TLSv1.3"});
        arrives(new RawClient(sidecar.secureUri(), tls, session), "secure");
    }

    @Test
    void payloadInFramesOfEveryLengthArrivesAsItWasSent() throws Exception {
        start();
        arrives(new RawClient(sidecar.uri()), "plain");
    }

    /** Each chunk's CRC-32C is compared by the service, and what it stores is compared here. */
    private static void arrives(RawClient client, String database) throws Exception {
        Random random = new Random(4);
        TestSnapshot snapshot = TestSnapshot.random(database, BYTES);
        snapshot.opened(client);
        Answer answer = null;
        for (int at = 0; at < snapshot.bytes().length;) {
            int to = Math.min(at + 1 + random.nextInt(LONGEST), snapshot.bytes().length);
            client.binary(snapshot.chunk(at, to), 1 + random.nextInt(1 << 4 + random.nextInt(14)));
            answer = TestSnapshot.answer(client);
            at = to;
            assertTrue(answer instanceof Answer.Pending pending && pending.bytesDone() == at
                    || answer instanceof Answer.Committed, String.valueOf(answer));
        }
        assertArrayEquals(snapshot.bytes(),
                Files.readAllBytes(Path.of(TestSnapshot.committed(answer).snapshotPath())));
        client.close();
    }
}
