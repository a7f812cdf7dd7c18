package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import com.sun.net.httpserver.HttpServer;

import io.mirrorbootstrap.protocol.RawClient;

/** Sidecars that have nothing read what their siblings have: several at once, from one that is killed, beside a source, from one that is rotten. */
class SeedIT {

    private static final List<String> VM_OPTIONS = List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m");
    private static final TestSnapshot WHOLE = TestSnapshot.random("orders", 24 * MIB + 7);

    @TempDir
    Path directory;
    private final List<SidecarProcess> running = new ArrayList<>();

    @AfterEach
    void stop() {
        running.forEach(SidecarProcess::close);
    }

    private static ConditionFactory patiently() {
        return await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(50)).ignoreExceptions();
    }

    private SidecarProcess start(String name, Map<String, String> settings) throws Exception {
        Path data = Files.createDirectories(directory.resolve(name).resolve("data"));
        SidecarProcess sidecar = SidecarProcess.start(data, VM_OPTIONS, settings);
        running.add(sidecar);
        return sidecar;
    }

    private SidecarProcess seeded(String name, URI... siblings) throws Exception {
        return start(name, from(siblings));
    }

    private static Map<String, String> from(URI... siblings) {
        return Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders", "MIRROR_BOOTSTRAP_SEED_FROM",
                Stream.of(siblings).map(URI::toString).collect(Collectors.joining(", ")));
    }

    private static void commit(SidecarProcess sidecar, TestSnapshot snapshot) throws Exception {
        RawClient source = new RawClient(sidecar.uri());
        snapshot.opened(source);
        int bytes = snapshot.bytes().length;
        for (int at = 0; at < bytes; at += 8 * MIB) {
            source.binary(snapshot.chunk(at, Math.min(at + 8 * MIB, bytes)), 256 * 1024);
            if (at + 8 * MIB < bytes) {
                TestSnapshot.answer(source);
            }
        }
        TestSnapshot.committed(TestSnapshot.answer(source));
        source.close();
    }

    private Path file(String name, String file) {
        return directory.resolve(name).resolve("data/recv_snapshots").resolve(file);
    }

    private void assertHas(String name) throws Exception {
        assertEquals(-1, Files.mismatch(file("a", "orders.snapshot"), file(name, "orders.snapshot")), name);
    }

    private static boolean isFollowing(SidecarProcess sidecar) throws Exception {
        return sidecar.word("orders").equals("following");
    }

    @Test
    void severalSeedAtOnceThoughTheirSiblingAndOneOfThemAreKilled() throws Exception {
        int port = FreePort.take();
        SidecarProcess a = start("a", Map.of("QUARKUS_HTTP_PORT", String.valueOf(port),
                "MIRROR_BOOTSTRAP_EGRESS_RATE_BYTES_PER_SECOND", "2M")); // that takes longer than what follows
        commit(a, WHOLE);
        SidecarProcess b = seeded("b", a.uri());
        SidecarProcess c = seeded("c", a.uri());
        patiently().until(() -> b.bytesDone("orders") > 0 && c.bytesDone("orders") > 0);
        a.kill();
        c.kill();
        patiently().until(() -> b.word("orders").equals("disconnected"));
        start("a", Map.of("QUARKUS_HTTP_PORT", String.valueOf(port)));
        SidecarProcess again = seeded("c", a.uri());
        patiently().until(() -> isFollowing(b) && isFollowing(again));
        assertHas("b");
        assertHas("c");
        b.assertLogged("seeded: database=orders lsn=42");
        assertFalse(b.log().contains("bytes=" + WHOLE.bytes().length + ", from byte 0 by"), "it has begun anew");
        assertEquals(
                Files.readString(file("a", "orders.manifest.json"))
                        .replaceAll("\"(committed_at|file_mark)\":\"[^\"]*\"", ""),
                Files.readString(file("b", "orders.manifest.json"))
                        .replaceAll("\"(committed_at|file_mark)\":\"[^\"]*\"", ""));
    }

    @Test
    void anotherSiblingGoesOnWhereOneHasDied() throws Exception {
        Map<String, String> slow = Map.of("MIRROR_BOOTSTRAP_EGRESS_RATE_BYTES_PER_SECOND", "4M");
        SidecarProcess a = start("a", slow);
        SidecarProcess b = start("b", slow);
        commit(a, WHOLE);
        commit(b, WHOLE);
        SidecarProcess c = seeded("c", a.uri(), b.uri());
        patiently().until(() -> c.bytesDone("orders") > 8 * MIB);
        boolean isFromA = a.metric("mirror_bootstrap_downloads_open") > 0;
        (isFromA ? a : b).kill();
        patiently().until(() -> isFollowing(c));
        assertHas("c");
        c.assertLogged("seeding: database=orders cut at byte");
        c.assertLogged("by the sibling at 127.0.0.1:" + (isFromA ? b : a).uri().getPort());
    }

    @Test
    void aSourceThatComesWins() throws Exception {
        SidecarProcess a = start("a", Map.of("MIRROR_BOOTSTRAP_EGRESS_RATE_BYTES_PER_SECOND", "2M"));
        commit(a, WHOLE);
        SidecarProcess b = seeded("b", a.uri());
        patiently().until(() -> b.bytesDone("orders") > 0);
        TestSnapshot other = TestSnapshot.of("orders", 77, TestSnapshot.random("orders", 3 * MIB).bytes());
        commit(b, other);
        assertEquals(3L * MIB, Files.size(file("b", "orders.snapshot")));
        assertTrue(Files.readString(file("b", "orders.manifest.json")).contains("77"));
        patiently().until(() -> a.metric("mirror_bootstrap_downloads_open") == 0);
    }

    @Test
    void whatWasRemovedOnRequestDoesNotComeBack() throws Exception {
        SidecarProcess a = start("a", Map.of());
        commit(a, WHOLE);
        Map<String, String> settings = new HashMap<>(from(a.uri()));
        settings.put("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders, later");
        SidecarProcess b = start("b", settings);
        patiently().until(() -> isFollowing(b));
        assertEquals(204, b.delete("/v1/mirrors/orders?snapshot=true").join().statusCode());
        commit(a, TestSnapshot.random("later", MIB));
        patiently().until(() -> b.word("later").equals("following")); // a round that has looked at both
        assertEquals("", b.word("orders"));
        assertEquals(1, b.logged("seeded: database=orders").size());
    }

    @Test
    void whatIsRemovedWhileItComesDoesNotComeBack() throws Exception {
        SidecarProcess a = start("a", Map.of("MIRROR_BOOTSTRAP_EGRESS_RATE_BYTES_PER_SECOND", "2M"));
        commit(a, WHOLE);
        Map<String, String> settings = new HashMap<>(from(a.uri()));
        settings.put("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders, later");
        SidecarProcess b = start("b", settings);
        patiently().until(() -> b.bytesDone("orders") > 0);
        assertEquals(204, b.delete("/v1/mirrors/orders").join().statusCode());
        commit(a, TestSnapshot.random("later", MIB));
        patiently().until(() -> b.word("later").equals("following")); // a round that has looked at both
        assertEquals("", b.word("orders"));
        commit(b, WHOLE); // a source may still
    }

    @Test
    void anOlderSnapshotIsTakenWhereNobodyGivesAByteOfTheNewest() throws Exception {
        Map<String, String> port = Map.of("QUARKUS_HTTP_PORT", String.valueOf(FreePort.take()));
        SidecarProcess b = start("b", port);
        commit(b, WHOLE);
        HttpServer busy = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try {
            byte[] manifest = b.get("/v1/mirrors/orders/manifest").replace("\"lsn\":42", "\"lsn\":43").getBytes(UTF_8);
            busy.createContext("/", request -> {
                boolean isManifest = request.getRequestURI().getPath().endsWith("/manifest");
                request.sendResponseHeaders(isManifest ? 200 : 503, isManifest ? manifest.length : -1);
                request.getResponseBody().write(isManifest ? manifest : new byte[0]);
                request.close();
            });
            busy.start();
            assertEquals(143, b.terminate());
            SidecarProcess c = seeded("c", URI.create("http://127.0.0.1:" + busy.getAddress().getPort()), b.uri());
            c.assertLogged("cut at byte 0 of");
            start("b", port);
            patiently().until(() -> isFollowing(c));
            assertEquals(-1, Files.mismatch(file("b", "orders.snapshot"), file("c", "orders.snapshot")));
        } finally {
            busy.stop(0);
        }
    }

    @Test
    void aRottenSiblingDoesNotSpread() throws Exception {
        SidecarProcess rotten = start("rotten", Map.of());
        commit(rotten, WHOLE);
        Path file = file("rotten", "orders.snapshot");
        FileTime written = Files.getLastModifiedTime(file);
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(9 * MIB);
            int old = bytes.read();
            bytes.seek(9 * MIB);
            bytes.write(old ^ 1);
        }
        Files.setLastModifiedTime(file, written); // as a disk would do it
        int port = FreePort.take();
        SidecarProcess b = seeded("b", rotten.uri(), URI.create("http://127.0.0.1:" + port));
        patiently().until(() -> !b.logged("is not taken").isEmpty());
        assertFalse(isFollowing(b));
        assertFalse(Files.exists(file("b", "orders.snapshot")));
        SidecarProcess a = start("a", Map.of("QUARKUS_HTTP_PORT", String.valueOf(port)));
        commit(a, WHOLE);
        patiently().until(() -> isFollowing(b));
        assertHas("b");
    }

    @Test
    void tokensAndCertificatesAreShown() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        Map<String, String> settings = new HashMap<>(authority.serviceWithoutTrust());
        Path tokens = Files.writeString(directory.resolve("tokens"), "secret = sources\nother = seeds: orders\n");
        settings.put("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString());
        SidecarProcess a = start("a", settings);
        RawClient source = new RawClient(a.uri(), "secret");
        TestSnapshot small = TestSnapshot.random("orders", MIB);
        small.committed(source);
        settings.putAll(from(URI.create("https://localhost:" + a.secureUri().getPort())));
        SidecarProcess without = start("without", settings);
        patiently().until(() -> !without.logged("cannot be asked").isEmpty());
        settings.put("MIRROR_BOOTSTRAP_SEED_CA", authority.file().toString());
        settings.put("MIRROR_BOOTSTRAP_SEED_TOKEN_FILE",
                Files.writeString(directory.resolve("seed-token"), "other\n").toString());
        SidecarProcess b = start("b", settings);
        patiently().until(() -> !b.logged("seeded: database=orders").isEmpty());
        assertHas("b");
        assertTrue(Files.readString(file("b", "orders.manifest.json")).contains("\"owner\":\"sources\""));
    }

    @Test
    void itEndsInTimeWhileItSeeds() throws Exception {
        SidecarProcess a = start("a", Map.of("MIRROR_BOOTSTRAP_EGRESS_RATE_BYTES_PER_SECOND", "1M"));
        commit(a, WHOLE);
        SidecarProcess b = seeded("b", a.uri());
        patiently().until(() -> b.bytesDone("orders") > 0);
        assertEquals(143, b.terminate());
        assertTrue(b.log().contains("are kept until the source comes back"), b.log());
    }
}
