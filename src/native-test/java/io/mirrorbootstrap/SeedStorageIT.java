package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.source.StorageServer;

/** Sidecars that have nothing read an object in storage: whatever its server, others and the configuration do. */
@Timeout(180)
class SeedStorageIT extends WithSidecar {

    private static final String SECRET = "0123456789abcdef";
    private static final String SIGNED = "/backups/orders.tar?X-Signature=" + SECRET;

    /** Where its first request for all bytes is: behind two looks. */
    private static final int READ = 3;

    private final byte[] whole = RandomBytes.random(24 * MIB + 7, 1);
    private final CountDownLatch over = new CountDownLatch(1);
    private StorageServer storage;

    @BeforeEach
    void serve() throws IOException {
        storage = new StorageServer(whole);
    }

    @AfterEach
    void stopServing() throws IOException {
        over.countDown();
        storage.close();
    }

    @Override
    List<String> vmOptions() {
        return List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m");
    }

    private Map<String, String> from(String url) {
        return Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders", "MIRROR_BOOTSTRAP_SEED_FROM", url,
                "MIRROR_BOOTSTRAP_SEED_CLUSTER", "prod-eu", "MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "4M");
    }

    private static Map<String, String> key(String name, String value) {
        return Map.of("MIRROR_BOOTSTRAP_SEED_" + name, value);
    }

    private void untilFollowing() {
        patiently().until(() -> sidecar.word("orders").equals("following"));
    }

    private void assertHas(byte[] expected) throws IOException {
        assertArrayEquals(expected, Files.readAllBytes(file("orders.snapshot")));
    }

    /** Sends so much, and then nothing. */
    private void stall(Socket client, int bytes) throws IOException, InterruptedException {
        storage.part(client, bytes);
        over.await();
    }

    @Test
    void itIsCommittedAsTheConfigurationSaysThoughItsConnectionsEnd() throws Exception {
        storage.cuts(READ, 10 * MIB).cuts(READ + 1, 5 * MIB);
        Path headers = Files.writeString(directory.resolve("headers"), "X-Vault: " + SECRET + "\n");
        Path token = Files.writeString(directory.resolve("token"), "of-siblings\n");
        start(from(storage.url(SIGNED)), key("LSN", "16/B374D848"), key("HEADER_FILE", headers.toString()),
                key("TOKEN_FILE", token.toString()));
        untilFollowing();
        assertHas(whole);
        String manifest = Files.readString(file("orders.manifest.json"));
        for (String part : List.of("\"prod-eu\"", "97500059720", "\"position\":\"16/B374D848\"",
                Crc32c.of(ByteBuffer.wrap(whole)).toString())) {
            assertTrue(manifest.contains(part), manifest);
        }
        assertLogged("seeded: database=orders lsn=97500059720 bytes=" + whole.length
                + ", from byte 0 by the object at " + storage.url("/backups/orders.tar?…"));
        List<Long> asked = storage.asked();
        assertTrue(asked.get(READ) > 0 && asked.get(READ + 1) > asked.get(READ), asked::toString);
        assertTrue(storage.heads().stream().allMatch(head -> head.contains("x-vault: " + SECRET)));
        assertTrue(storage.heads().stream().noneMatch(head -> head.toLowerCase(Locale.ROOT).contains("authorization")));
        assertFalse((sidecar.log() + manifest + sidecar.get("/v1/mirrors")).contains(SECRET), sidecar.log());
    }

    @Test
    void aSidecarThatIsKilledGoesOnAtTheSameByteAndSoDoesASibling() throws Exception {
        storage.on(READ, client -> stall(client, 20 * MIB));
        SidecarProcess killed = start(from(storage.url(SIGNED)));
        patiently().until(() -> killed.bytesDone("orders") >= 16 * MIB);
        killed.kill();
        start(from(storage.url("/backups/orders.tar?X-Signature=another")));
        untilFollowing();
        assertHas(whole);
        List<Long> asked = storage.asked();
        long again = asked.get(READ + 2); // behind its own two looks
        assertTrue(again >= 8 * MIB, () -> "checkpoints are each 4 MiB: " + asked);
        assertLogged("from byte " + again + " by the object");

        SidecarProcess sibling = sidecar;
        Path other = Files.createDirectories(directory.resolve("other/data"));
        int next = storage.asked().size();
        storage.on(next + READ, client -> stall(client, 20 * MIB));
        Map<String, String> alone = from(storage.url(SIGNED));
        try (SidecarProcess begun = SidecarProcess.start(other, vmOptions(), alone)) {
            patiently().until(() -> begun.bytesDone("orders") >= 16 * MIB);
            begun.kill();
        }
        Map<String, String> both = new HashMap<>(alone);
        both.put("MIRROR_BOOTSTRAP_SEED_FROM", storage.url(SIGNED) + ", " + sibling.uri());
        try (SidecarProcess helped = SidecarProcess.start(other, vmOptions(), both)) {
            patiently().until(() -> helped.word("orders").equals("following"));
            String seeded = helped.logged("seeded: database=orders").get(0);
            assertTrue(seeded.contains("by the sibling at 127.0.0.1:" + sibling.uri().getPort()), seeded);
            assertFalse(seeded.contains("from byte 0 "), seeded);
        }
        assertArrayEquals(whole, Files.readAllBytes(other.resolve("recv_snapshots/orders.snapshot")));
    }

    @Test
    void whatBecomesAnotherInTheMiddleBeginsAnew() throws Exception {
        byte[] other = RandomBytes.random(whole.length, 2);
        storage.on(READ, client -> {
            storage.part(client, 10 * MIB);
            storage.replace(other);
            storage.with("ETag: \"two\"");
        });
        start(from(storage.url(SIGNED)));
        untilFollowing();
        assertHas(other);
        assertLogged("has become another while it was read, and what had come is dropped: its ETag was \"one\"");
        assertLogged("it is read again in 10 seconds");
        assertEquals(1, sidecar.logged("committed: database=orders").size());
    }

    @Test
    void whatIsWrongWithAnAnswerIsSaidOnceAndOthersAreServed() throws Exception {
        storage.on(1, "200 OK", "all of it").on(2, "206 Partial Content", "x", "Content-Encoding: gzip");
        storage.on(3, "200 OK", "all of it").on(4, "302 Found", "", "Location: https://elsewhere/?s=" + SECRET);
        start(from(storage.url("/{database}.tar?X-Signature=" + SECRET)),
                Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders, bills"));
        untilFollowing();
        patiently().until(() -> sidecar.word("bills").equals("following"));
        assertHas(whole);
        assertEquals(1, sidecar.logged("/orders.tar?… cannot be read: it knows no ranges").size());
        assertEquals(1, sidecar.logged("/bills.tar?… cannot be read: it answers with bytes that are encoded").size());
        assertFalse(sidecar.log().contains(" ERROR "), sidecar.log());
        assertEquals(1, sidecar.logged("a redirect to https://elsewhere/?…, which is not followed").size());
        assertFalse(sidecar.log().contains(SECRET), sidecar.log());
    }

    @Test
    void anotherCrcThanIsMeantIsNeverPublishedNorReadAgainAndAgain() throws Exception {
        start(from(storage.url(SIGNED)), key("CRC32C", "0x00000001"));
        assertLogged("is not taken: the snapshot received has CRC-32C " + Crc32c.of(ByteBuffer.wrap(whole))
                + ", but its source says 0x00000001: it was dropped; it is not read again for 10 minutes");
        int requests = storage.heads().size();
        patiently().until(() -> storage.heads().size() >= requests + 2); // it is looked at in each round
        assertEquals(1, storage.heads().stream().filter(head -> head.contains("bytes=0-\r\n")).count());
        assertEquals("failed", sidecar.word("orders"));
        assertFalse(Files.exists(file("orders.snapshot")));
        assertTrue(sidecar.get("/v1/mirrors/orders").contains("snapshot_crc_mismatch"));
    }

    @Test
    void aSourceThatComesWins() throws Exception {
        storage.on(READ, client -> stall(client, 10 * MIB));
        start(from(storage.url(SIGNED)));
        patiently().until(() -> sidecar.bytesDone("orders") > 0);
        TestSnapshot other = TestSnapshot.of("orders", 77, RandomBytes.random(3 * MIB, 3));
        RawClient source = new RawClient(sidecar.uri());
        other.opened(source);
        other.committed(source);
        source.close();
        assertHas(other.bytes());
    }

    @Test
    void itEndsInTimeWhileStorageIsSilent() throws Exception {
        storage.on(READ, client -> stall(client, 10 * MIB));
        start(from(storage.url(SIGNED)));
        patiently().until(() -> sidecar.bytesDone("orders") > 0);
        assertEquals(143, sidecar.terminate());
        assertTrue(sidecar.log().contains("are kept until the source comes back"), sidecar.log());
    }
}
