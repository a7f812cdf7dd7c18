package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.wire.Answer;

/**
 * That the packaged program calls its kernels as they are to be called: payload in frames of every length, beginning anywhere in
 * the memory in which it came, which is an array where it was encrypted and lies outside the heap where it was not.
 */
class KernelsIT extends WithSidecar {

    private static final int LONGEST = 80_000;

    @Test
    void payloadInFramesOfEveryLengthArrivesAsItWasSentEncryptedOrNot() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service());
        arrives(new RawClient(sidecar.secureUri(), authority.client(authority.issue("source", "CN=c"))), "secure");
        sidecar.close();
        start();
        arrives(new RawClient(sidecar.uri()), "plain");
    }

    /** Each chunk's CRC-32C is compared by the service, and what it stores is compared here. */
    private static void arrives(RawClient client, String database) throws Exception {
        Random random = new Random(4);
        TestSnapshot snapshot = TestSnapshot.random(database, 8 * MIB);
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
