package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * That the packaged program calls its kernels as they are to be called: payload in frames of every length, beginning anywhere in
 * the memory in which it came, which is an array where it was encrypted and lies outside the heap where it was not.
 */
class KernelsIT {

    private static final int LONGEST = 80_000;

    @TempDir
    Path directory;

    @Test
    void payloadInFramesOfEveryLengthArrivesAsItWasSentEncryptedOrNot() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        try (SidecarProcess sidecar = SidecarProcess.start(directory.resolve("data"), List.of("-Xmx64m"),
                authority.service())) {
            arrives(new RawClient(sidecar.secureUri(), authority.client(authority.issue("source", "CN=c"))), "secure");
        }
        try (SidecarProcess sidecar = SidecarProcess.start(directory.resolve("data"), List.of("-Xmx64m"),
                Map.of())) {
            arrives(new RawClient(sidecar.uri()), "plain");
        }
    }

    /** Each chunk's CRC-32C is compared by the service, and what it stores is compared here. */
    private static void arrives(RawClient client, String database) throws Exception {
        Random random = new Random(4);
        byte[] whole = new byte[8 << 20];
        random.nextBytes(whole);
        SnapshotIdentity identity = new SnapshotIdentity("c", new DatabaseId(database), 1, whole.length,
                Crc32c.of(ByteBuffer.wrap(whole)));
        client.text(JsonMessages.write(new Control.Open(identity)));
        assertEquals("opened", client.answer().path("type").asText());
        JsonNode answer = null;
        for (int at = 0; at < whole.length;) {
            int length = Math.min(1 + random.nextInt(LONGEST), whole.length - at);
            byte[] head = ChunkEncoder.head(identity, at, length, Crc32c.of(ByteBuffer.wrap(whole, at, length)),
                    at + length == whole.length);
            byte[] message = ByteBuffer.allocate(head.length + length).put(head).put(whole, at, length).array();
            client.binary(message, 1 + random.nextInt(1 << 4 + random.nextInt(14)));
            at += length;
            answer = client.answer();
            JsonNode said = answer;
            assertEquals(at == whole.length ? "committed" : "pending", answer.path("type").asText(), said::toString);
        }
        assertArrayEquals(whole, Files.readAllBytes(Path.of(answer.path("snapshot_path").asText())));
        client.close();
    }
}
