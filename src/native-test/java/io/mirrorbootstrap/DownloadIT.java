package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.protocol.RawClient;

/** Snapshots that are downloaded from the packaged service, plain and by TLS: by whom, how fast, in how much memory. */
class DownloadIT extends WithSidecar {

    private static final int BYTES = 48 * 1024 * 1024 + 5;
    private static final int MIB = TestSnapshot.MIB;
    private static final String PATH = "GET /v1/mirrors/orders/snapshot";

    private final TestSnapshot whole = TestSnapshot.random("orders", BYTES);

    @Override
    List<String> vmOptions() {
        return List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m");
    }

    private void commit(RawClient source) throws Exception {
        commit(source, whole);
    }

    private static void commit(RawClient source, TestSnapshot snapshot) throws Exception {
        snapshot.opened(source);
        for (int at = 0; at < snapshot.bytes().length; at += 4 * MIB) {
            source.binary(snapshot.chunk(at, Math.min(at + 4 * MIB, snapshot.bytes().length)), 256 * 1024);
            if (at + 4 * MIB < snapshot.bytes().length) {
                TestSnapshot.answer(source);
            }
        }
        TestSnapshot.committed(TestSnapshot.answer(source));
    }

    private static PlainSocket asked(PlainSocket socket, int status, String... headers) throws IOException {
        String[] all = Arrays.copyOf(headers, headers.length + 1);
        all[headers.length] = "Host: localhost";
        HttpAnswer head = HttpAnswer.read(socket.write(PlainSocket.request(PATH, all)).in(), false);
        assertEquals(status, head.status(), head.head());
        return socket;
    }

    private void assertComes(InputStream in, int from) throws IOException {
        byte[] part = new byte[MIB];
        for (int at = from; at < BYTES; at += part.length) {
            int length = in.readNBytes(part, 0, Math.min(part.length, BYTES - at));
            assertTrue(Arrays.equals(part, 0, length, whole.bytes(), at, Math.min(at + part.length, BYTES)),
                    "from byte " + at + " on");
        }
    }

    @Test
    void severalAtOncePlainAndEncryptedTakeLittleMemory() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        SSLContext tls = authority.client(null);
        start(authority.serviceWithoutTrust());
        commit(new RawClient(sidecar.uri()));
        long before = sidecar.residentKib();
        List<PlainSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                sockets.add(asked(i % 2 == 0
                        ? PlainSocket.to(sidecar.uri())
                        : PlainSocket.to(sidecar.secureUri(), tls), 200));
            }
            patiently().until(() -> sidecar.metric("mirror_bootstrap_sent_bytes_total") > 0);
            for (PlainSocket each : sockets) {
                assertComes(each.in(), 0);
            }
        } finally {
            for (PlainSocket each : sockets) {
                each.close();
            }
        }
        long grown = sidecar.residentKib() - before;
        assertTrue(grown < 32 * 1024, grown + " KiB more are resident");
        patiently().until(() -> sidecar.metric("mirror_bootstrap_downloads_open") == 0);
        assertEquals(4L * BYTES, sidecar.metric("mirror_bootstrap_sent_bytes_total"));
        assertEquals(4, sidecar.logged("downloaded: database=orders cluster=").size());
    }

    @Test
    void oneThatWasCutGoesOnByACommonClient() throws Exception {
        start();
        commit(new RawClient(sidecar.uri()));
        URI uri = sidecar.uri().resolve("/v1/mirrors/orders/snapshot");
        Path file = directory.resolve("downloaded");
        Files.write(file, Arrays.copyOf(whole.bytes(), 20 * MIB + 3));
        Process curl = started("curl", "-sSf", "-C", "-", "-o", file.toString(), uri.toString());
        assertEquals(0, curl.waitFor());
        assertEquals(-1, Files.mismatch(file, file("orders.snapshot")));
    }

    private Process started(String... command) throws IOException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(directory.resolve("client.out").toFile()).start();
        } catch (IOException e) {
            assumeTrue(false, "NOT TESTED: there is no " + command[0]);
            throw e;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFileThatIsCutShortCutsTheConnection(boolean isEncrypted) throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.serviceWithoutTrust());
        commit(new RawClient(sidecar.uri()));
        try (PlainSocket socket = asked(isEncrypted
                ? PlainSocket.to(sidecar.secureUri(), authority.client(null))
                : PlainSocket.narrow(sidecar.uri(), 64 * 1024), 200)) {
            try (RandomAccessFile cut = new RandomAccessFile(file("orders.snapshot").toFile(), "rw")) {
                cut.setLength(MIB);
            }
            assertTrue(readable(socket.in()) < BYTES);
        }
        assertLogged("the file ends before byte");
        patiently().until(() -> sidecar.metric("mirror_bootstrap_downloads_total{outcome=\"failed\"}") == 1);
        assertEquals(200, sidecar.status("/q/health/live"));
    }

    private static long readable(InputStream in) {
        long bytes = 0;
        byte[] part = new byte[MIB];
        try {
            for (int read = in.read(part); read >= 0; read = in.read(part)) {
                bytes += read;
            }
        } catch (IOException e) {
            assertFalse(e instanceof SocketTimeoutException, e.toString());
        }
        return bytes;
    }

    @Test
    void whoDoesNotReadIsCutAndGivesItsPlaceBack() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "500MS", "MIRROR_BOOTSTRAP_MAX_DOWNLOADS", "1"));
        commit(new RawClient(sidecar.uri()));
        try (PlainSocket unread = asked(PlainSocket.narrow(sidecar.uri(), 64 * 1024), 200)) {
            assertEquals(503, PlainSocket.ask(sidecar.uri(), PATH).status());
            patiently().until(unread::isReset);
        }
        patiently().until(() -> PlainSocket.ask(sidecar.uri(), PATH, "Range: bytes=0-1").status() == 206);
        assertLogged("the other end has gone, or does not read");
    }

    @Test
    void whoIsGoneBeforeTheFirstByteGivesItsPlaceBack() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_MAX_DOWNLOADS", "2"));
        commit(new RawClient(sidecar.uri()));
        for (int i = 0; i < 200; i++) {
            PlainSocket.to(sidecar.uri()).resetAtClose().write(PlainSocket.request(PATH, "Host: localhost")).close();
        }
        patiently().until(() -> sidecar.metric("mirror_bootstrap_downloads_open") == 0);
        assertEquals(206, PlainSocket.ask(sidecar.uri(), PATH, "Range: bytes=0-1").status());
    }

    /** What is held for who does not read counts for the container: of downloads alone it may be much. */
    @Test
    void theKernelHoldsLittleOfOtherAnswersWhateverWasAskedForFirst() throws Exception {
        start();
        String list = PlainSocket.request("GET /q/openapi", "Host: localhost");
        try (PlainSocket unread = PlainSocket.to(sidecar.uri())) {
            assertEquals(404, unread.ask(PATH).status());
            for (int i = 0; i < 200; i++) { // the faster it is read, the more the kernel would hold
                unread.write(list).read();
            }
            unread.write(list.repeat(15));
            for (int i = 0; i < 50; i++) {
                assertTrue(heldByKernel() < 256 * 1024, heldByKernel() + " bytes are held");
            }
        }
    }

    private long heldByKernel() throws IOException {
        String port = String.format(":%04X ", sidecar.uri().getPort());
        return Stream.of("/proc/net/tcp", "/proc/net/tcp6").flatMap(name -> lines(Path.of(name)))
                .map(line -> line.strip().split(" +"))
                .filter(fields -> (fields[1] + " ").endsWith(port))
                .mapToLong(fields -> Long.parseLong(fields[4].substring(0, 8), 16)).max().orElse(0);
    }

    private static Stream<String> lines(Path file) {
        try {
            return Files.readAllLines(file).stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void allOfThemTogetherTakeNoMoreThanTheEgressRate() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_EGRESS_RATE_BYTES_PER_SECOND", "16M"));
        commit(new RawClient(sidecar.uri()));
        long begun = System.nanoTime();
        try (PlainSocket one = asked(PlainSocket.to(sidecar.uri()), 206, "Range: bytes=" + 16 * MIB + "-");
                PlainSocket other = asked(PlainSocket.to(sidecar.uri()), 206, "Range: bytes=" + 32 * MIB + "-")) {
            assertComes(one.in(), 16 * MIB);
            assertComes(other.in(), 32 * MIB);
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        assertTrue(48.0 / seconds < 16 * 1.2, "48 MiB in " + seconds + " s");
    }

    @Test
    void aTokenIsGoodForItsDatabasesAlone() throws Exception {
        start(tokens("all = all\none = one: orders\nnone = none: nothing\n"));
        commit(new RawClient(sidecar.uri(), "all"));
        assertEquals(401, PlainSocket.ask(sidecar.uri(), PATH).status());
        for (String token : List.of("all", "one")) {
            assertEquals(206, PlainSocket.ask(sidecar.uri(), PATH, "Range: bytes=0-1",
                    "Authorization: Bearer " + token).status());
        }
        for (String what : List.of("snapshot", "manifest")) {
            HttpAnswer refused = PlainSocket.ask(sidecar.uri(), "GET /v1/mirrors/orders/" + what,
                    "Authorization: Bearer none");
            assertEquals(403, refused.status());
            assertTrue(refused.text().contains("database_not_allowed"), refused.text());
        }
    }

    @Test
    void aCertificateIsGoodForItsClusterUnlessItMayReadAll() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service(), Map.of("MIRROR_BOOTSTRAP_CLUSTER_ID_FROM_CERTIFICATE", "true",
                "MIRROR_BOOTSTRAP_READER_CLUSTERS", "mirrors, more"));
        commit(new RawClient(sidecar.secureUri(), authority.client(authority.issue("source", "CN=cluster"))));
        assertEquals(206, downloaded(authority, "CN=cluster").status());
        assertEquals(206, downloaded(authority, "CN=mirrors").status());
        HttpAnswer refused = downloaded(authority, "CN=other");
        assertEquals(403, refused.status());
        assertTrue(refused.text().contains("not_owner") && refused.text().contains("reader-clusters"),
                refused.text());
    }

    private HttpAnswer downloaded(TestAuthority authority, String name) throws Exception {
        try (PlainSocket socket = PlainSocket.to(sidecar.secureUri(),
                authority.client(authority.issue("reader", name)))) {
            return socket.ask(PATH, "Range: bytes=0-1");
        }
    }

    @Test
    void transfersGoOnBesideIt() throws Exception {
        start();
        commit(new RawClient(sidecar.uri()));
        try (PlainSocket slow = asked(PlainSocket.narrow(sidecar.uri(), 64 * 1024), 200)) {
            TestSnapshot next = TestSnapshot.random("orders", 9 * MIB);
            commit(new RawClient(sidecar.uri()), next);
            assertEquals(9L * MIB, Files.size(file("orders.snapshot")));
            assertComes(slow.in(), 0);
        }
    }

    @Test
    void theProcessEndsAlsoWhileOneIsUnderWay() throws Exception {
        start();
        commit(new RawClient(sidecar.uri()));
        try (PlainSocket unread = asked(PlainSocket.narrow(sidecar.uri(), 64 * 1024), 200)) {
            assertEquals(143, sidecar.terminate());
            patiently().until(unread::isReset);
        }
    }
}
