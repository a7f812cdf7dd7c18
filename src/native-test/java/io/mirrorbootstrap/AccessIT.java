package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.FileInput;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.SnapshotSender;

/** Who is let in, and who is not. */
class AccessIT extends WithSidecar {

    private static final String BEARER = "Bearer ";

    @Test
    void whereNothingIsAskedForOnlyThisMachineIsServed() throws Exception {
        start(Map.of("QUARKUS_HTTP_HOST", ""));
        assertEquals(200, get(sidecar.uri(), "/v1/mirrors").statusCode());
        assertTrue(sidecar.log().contains("listening on 127.0.0.1 only: set mirror-bootstrap.auth-token-file"),
                sidecar.log());
        Optional<InetAddress> outside = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses).filter(address -> !address.isLoopbackAddress()).findFirst();
        if (outside.isPresent()) { // a machine without a network has none
            assertThrows(ConnectException.class, () -> new Socket(outside.get(), sidecar.uri().getPort()).close());
        }
    }

    @Test
    void whereNothingIsAskedForAPageOfAnotherSiteThatPointsHereIsRefused() throws Exception {
        start(Map.of());
        assertEquals(403, status("/v1/mirrors", "Host: evil.example"));
        assertEquals(200, status("/v1/mirrors", "Host: localhost:1234"));
        assertEquals(200, status("/v1/mirrors", "Host: 127.0.0.1"));
        assertEquals(200, status("/q/health/live", "Host: evil.example"));
    }

    @Test
    void aWiderPortNeedsAWord() throws Exception {
        start(Map.of("QUARKUS_HTTP_HOST", "0.0.0.0", "MIRROR_BOOTSTRAP_INSECURE", "true"));
        assertTrue(sidecar.log().contains("whoever reaches 0.0.0.0 may store snapshots here"), sidecar.log());
        assertEquals(200, status("/v1/mirrors", "Host: mirror.example"));
    }

    @Test
    void pagesOfOtherSitesAreRefused() throws Exception {
        start(Map.of());
        int port = sidecar.uri().getPort();
        String upgrade = "Host: localhost:" + port + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
        assertEquals(101, status("/v1/bootstrap", upgrade));
        assertEquals(101, status("/v1/bootstrap", upgrade + "\r\nOrigin: http://localhost:" + port));
        for (String origin : List.of("http://evil.example", "https://localhost:" + port, "http://localhost", "null",
                "http://localhost:" + port + "\r\nOrigin: http://evil.example")) {
            assertEquals(403, status("/v1/bootstrap", upgrade + "\r\nOrigin: " + origin), origin);
            assertEquals(403, status("/v1/mirrors", "Host: localhost:" + port + "\r\nOrigin: " + origin), origin);
        }
    }

    @Test
    void whatATrustedProxySaysCounts() throws Exception {
        start(Map.of("QUARKUS_HTTP_HOST", "0.0.0.0", "MIRROR_BOOTSTRAP_INSECURE", "true",
                "MIRROR_BOOTSTRAP_TRUSTED_PROXIES", "192.0.2.1, 127.0.0.0/8"));
        assertEquals(403, status("/v1/mirrors",
                "Host: x\r\nOrigin: http://y\r\nX-Forwarded-For: 198.51.100.7, 203.0.113.9, 127.0.0.1"));
        await(() -> sidecar.log().contains("from \"203.0.113.9 by 127.0.0.1:"));
        String page = "Host: sidecar:8080\r\nOrigin: https://mirror.example";
        String forwarded = page + "\r\nX-Forwarded-Host: mirror.example\r\nX-Forwarded-Proto: https";
        assertEquals(403, status("/v1/mirrors", page));
        assertEquals(200, status("/v1/mirrors", forwarded));
        assertEquals(200,
                status("/v1/mirrors", page + "\r\nForwarded: for=x;host=evil.example, for=\"[2001:db8::1]:47\";"
                        + "proto=https;host=mirror.example"));
        assertEquals(403, status("/v1/mirrors", page + "\r\nX-Forwarded-Host: mirror.example, sidecar\r\n"
                + "X-Forwarded-Proto: https"), "the last proxy has it from who came to it");
        assertEquals(403, status("/v1/mirrors", forwarded + "\r\nForwarded: host=mirror.example"), "one is forged");
    }

    @Test
    void whatAnybodyElseSaysOfWhomHeSpeaksForChangesNothing() throws Exception {
        for (String trusted : List.of("", "192.0.2.1,10.0.0.0/8")) {
            start(Map.of("QUARKUS_HTTP_HOST", "0.0.0.0", "MIRROR_BOOTSTRAP_INSECURE", "true",
                    "MIRROR_BOOTSTRAP_TRUSTED_PROXIES", trusted));
            assertEquals(403, status("/v1/mirrors", "Host: sidecar:8080\r\nOrigin: https://mirror.example\r\n"
                    + "X-Forwarded-Host: mirror.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.9"));
            await(() -> sidecar.log().contains("refused GET \"/v1/mirrors\" from 127.0.0.1:"));
            assertFalse(sidecar.log().contains("203.0.113.9"), sidecar.log());
            sidecar.close();
        }
    }

    @Test
    void whoHasNoTokenIsNotLetIn() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"),
                "# of the two primaries\nfirst-Secret.1\n\n  second~2==  \n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString(),
                "QUARKUS_LOG_CATEGORY__IO_MIRRORBOOTSTRAP__LEVEL", "DEBUG"));
        for (String path : List.of("/v1/mirrors", "/v1/bootstrap", "/v1/mirrors/x", "/q/openapi", "/v1;a=b/mirrors",
                "//v1/mirrors", "/q/health/../../v1/mirrors", "/q/healthy", "/nothing", "/q/metrics/../openapi")) {
            assertEquals(401, status(path, "Host: x"), path);
        }
        for (String wrong : List.of("Bearer first-Secret.2", "Bearer ", "Bearer", "Basic first-Secret.1",
                "first-Secret.1",
                "Bearer first-Secret.1\r\nAuthorization: Bearer first-Secret.1", "Bearer # of the two primaries")) {
            assertEquals(401, status("/v1/mirrors", "Host: x\r\nAuthorization: " + wrong), wrong);
        }
        assertEquals(200, status("/v1/mirrors", "Host: x\r\nAuthorization: Bearer first-Secret.1"));
        assertEquals(200, status("/v1/mirrors", "Host: x\r\nauthorization: bearer second~2=="));
        assertEquals(200, status("/q/health/ready", "Host: x"));
        assertEquals(200, status("/q/metrics", "Host: x"));

        HttpResponse<String> refused = get(sidecar.uri(), "/v1/mirrors");
        assertEquals(Optional.of("Bearer"), refused.headers().firstValue("WWW-Authenticate"));
        assertTrue(refused.body().contains("\"code\":\"unauthorized\""), refused.body());

        assertTrue(sidecar.log().contains(tokens + " holds 2 tokens"), sidecar.log());
        assertFalse(sidecar.log().contains("ecret"), sidecar.log());
        assertFalse(sidecar.log().contains("second~2"), sidecar.log());
    }

    @Test
    void aSourceWithTheTokenSends() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), "secret\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        Outcome refused = send(sidecar.uri(), "cluster-a", Credentials.NONE);
        assertTrue(refused.message().contains("HTTP 401, unauthorized"), refused.message());
        assertFalse(refused.canHeal());
        Credentials credentials = new Credentials(Optional.of(tokens), Optional.empty(), Optional.empty());
        assertInstanceOf(Outcome.Committed.class, send(sidecar.uri(), "cluster-a", credentials));
    }

    @Test
    void aProgramThatHasATokenMayNameAnyOriginAndHost() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), "secret\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        String throughAProxy = "Host: 10.1.2.3:8080\r\nOrigin: https://mirror.example\r\n" + Upgrade.HEADERS;
        assertEquals(101, status("/v1/bootstrap", throughAProxy + "\r\nAuthorization: Bearer secret"));
        assertEquals(401, status("/v1/bootstrap", throughAProxy));
        assertEquals(401, status("/v1/bootstrap", throughAProxy + "\r\nAuthorization: Bearer other"));
    }

    @Test
    void tokensChangeWithoutARestart() throws Exception {
        // as Kubernetes does it: the file is a link into a directory that is a link, which is replaced
        Path volume = Files.createDirectory(directory.resolve("volume"));
        generation(volume, "one", "first\n");
        Files.createSymbolicLink(volume.resolve("tokens"), Path.of("..data/tokens"));
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", volume.resolve("tokens").toString()));
        assertEquals(200, statusWith("first"));
        assertEquals(401, statusWith("other"));

        generation(volume, "two", "other\n");
        await(() -> statusWith("other") == 200);
        assertEquals(401, statusWith("first"));

        generation(volume, "three", "# nobody\n");
        await(() -> statusWith("other") == 401);
        assertTrue(sidecar.log().contains("holds no token: nobody is let in until that is mended"), sidecar.log());

        generation(volume, "four", "other\n");
        await(() -> statusWith("other") == 200);
        Files.delete(volume.resolve("..data"));
        await(() -> statusWith("other") == 401);
    }

    @Test
    void aTokenFileThatIsNoFileLetsNobodyInUntilItIsOneAgain() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), "secret\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        Files.delete(tokens);
        assertEquals(0, new ProcessBuilder("mkfifo", tokens.toString()).start().waitFor());
        await(() -> statusWith("secret") == 401);
        assertTrue(sidecar.log().contains("is no regular file: nobody is let in"), sidecar.log());
        Path back = Files.writeString(directory.resolve("back"), "secret\n");
        Files.move(back, tokens, StandardCopyOption.REPLACE_EXISTING);
        await(() -> statusWith("secret") == 200);
    }

    @Test
    void aTokenFileThatDoesNotAnswerCountsForAWhileAndHoldsNothingElseUp() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), "secret\n");
        Path hangs = directory.resolve("hangs");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString(), "LD_PRELOAD",
                SidecarProcess.slowDisk(directory).toString(), "HANGING_FILE", tokens.toString(), "HANGING_DISK_WHILE",
                hangs.toString(), "QUARKUS_THREAD_POOL_MAX_THREADS", "2"));
        Files.createFile(hangs);
        await(() -> statusWith("secret") == 401);
        assertTrue(sidecar.log().contains("has not answered for 10 seconds: nobody is let in"), sidecar.log());
        assertEquals(200, status("/q/health/ready", "Host: x")); // looks at the disk, on a worker
        Files.delete(hangs);
        await(() -> statusWith("secret") == 200);
        assertEquals(2, sidecar.log().split("holds 1 tokens", -1).length - 1, sidecar.log());
    }

    @Test
    void whoHasNoCertificateIsNotLetIn() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        TestAuthority other = new TestAuthority(directory, "other");
        int port = startWithCertificates(authority, Map.of());
        URI uri = URI.create("https://localhost:" + port);
        TestAuthority.Identity source = authority.issue("source", "CN=cluster-a");

        assertEquals(200, get(uri, "/v1/mirrors", authority.client(source)).statusCode());
        assertEquals(401, get(uri, "/v1/mirrors", authority.client(null)).statusCode());
        assertEquals(200, get(uri, "/q/health/ready", authority.client(null)).statusCode());
        SSLContext stranger = authority.client(other.issue("stranger", "CN=cluster-a"));
        assertThrows(SSLException.class, () -> get(uri, "/v1/mirrors", stranger));
        assertEquals(401, get(sidecar.uri(), "/v1/mirrors").statusCode());
        assertEquals(200, get(sidecar.uri(), "/q/health/ready").statusCode());

        Credentials own = new Credentials(Optional.empty(), Optional.of(authority.file()),
                Optional.of(new Credentials.Own(source.certificateFile(), source.keyFile())));
        assertInstanceOf(Outcome.Committed.class, send(uri, "whoever-it-says", own));
        Process wait = SidecarProcess.command("wait", "--database", "stock", "--timeout", "1", "--url", uri.toString(),
                "--ca", authority.file().toString(), "--certificate", source.certificateFile().toString(), "--key",
                source.keyFile().toString()).start();
        String waited = new String(wait.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(waited.contains("no snapshot of stock in 1 seconds: nothing has come yet"), waited);

        Outcome stopped = send(uri, "cluster-a",
                new Credentials(Optional.empty(), Optional.of(other.file()), Optional.empty()));
        assertTrue(stopped.message().contains("its certificate is signed by nobody that is trusted here"),
                stopped.message());
    }

    @Test
    void aClusterCannotBeClaimedByAnother() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        int port = startWithCertificates(authority, Map.of("MIRROR_BOOTSTRAP_CLUSTER_ID_FROM_CERTIFICATE", "true"));
        URI uri = URI.create("https://localhost:" + port);
        SSLContext a = authority.client(authority.issue("a", "O=mirrors,CN=cluster-a"));
        SSLContext b = authority.client(authority.issue("b", "CN=cluster-b"));
        assertEquals(401, get(uri, "/v1/mirrors", authority.client(authority.issue("none", "O=mirrors"))).statusCode());
        String open = "{\"type\":\"open\",\"source_cluster_id\":\"cluster-a\",\"source_database_id\":\"orders\","
                + "\"snapshot_lsn\":1,\"total_bytes\":10,\"total_crc32c\":0}";

        RawClient mine = new RawClient(uri, a);
        mine.text(open);
        assertEquals("opened", mine.answer().path("type").asText());

        RawClient foreign = new RawClient(uri, b);
        foreign.text(open);
        var refusal = foreign.answer();
        assertEquals("cluster_id_mismatch", refusal.path("code").asText());
        assertEquals("cluster-a", refusal.path("declared").asText());
        assertEquals("[\"cluster-b\"]", refusal.path("allowed").toString());
        assertEquals(1008, foreign.closeCode());

        RawClient aborting = new RawClient(uri, b);
        aborting.text("{\"type\":\"abort\",\"source_database_id\":\"orders\"}");
        assertEquals("cluster_id_mismatch", aborting.answer().path("code").asText());
        HttpRequest delete = HttpRequest.newBuilder(uri.resolve("/v1/mirrors/orders?snapshot=true")).DELETE().build();
        assertEquals(403, HttpClient.newBuilder().sslContext(b).build()
                .send(delete, HttpResponse.BodyHandlers.ofString()).statusCode());
        assertEquals("bootstrapping",
                new ObjectMapper().readTree(get(uri, "/v1/mirrors/orders", b).body()).path("status")
                        .asText());
        mine.text("{\"type\":\"abort\",\"source_database_id\":\"orders\"}");
        assertEquals("aborted", mine.answer().path("type").asText());
    }

    @Test
    void certificatesChangeWithoutARestart() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        int port = startWithCertificates(authority, Map.of("QUARKUS_TLS_RELOAD_PERIOD", "1S"));
        SSLContext client = authority.client(authority.issue("source", "CN=cluster-a"));
        URI uri = URI.create("https://localhost:" + port);
        Set<Long> served = new HashSet<>();
        awaitOverTls(() -> served.add(serial(client, port)));
        authority.issue("server", "CN=localhost");
        awaitOverTls(() -> served.add(serial(client, port)));
        awaitOverTls(() -> get(uri, "/v1/mirrors", client).statusCode() == 200);
        awaitOverTls(() -> get(uri, "/v1/mirrors", authority.client(null)).statusCode() == 401);
    }

    @Test
    void noMoreLinksAreOpenThanAllowed() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "2"));
        RawClient one = new RawClient(sidecar.uri());
        RawClient two = new RawClient(sidecar.uri());
        String upgrade = "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
        assertEquals(503, status("/v1/bootstrap", upgrade));
        one.close();
        await(() -> status("/v1/bootstrap", upgrade) == 101);
        two.close();
    }

    @Test
    void aLinkHasItsPlaceAsLongAsItsSocketIsThere() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "2"));
        String open = "{\"type\":\"open\",\"source_cluster_id\":\"c\",\"source_database_id\":\"orders\","
                + "\"snapshot_lsn\":1,\"total_bytes\":10,\"total_crc32c\":0}";
        String upgrade = "Host: localhost\r\n" + Upgrade.HEADERS;
        RawClient successor = new RawClient(sidecar.uri());
        try (Socket superseded = link()) {
            superseded.getOutputStream().write(ByteBuffer.allocate(6 + open.length()).put((byte) 0x81)
                    .put((byte) (0x80 | open.length())).putInt(0).put(open.getBytes(StandardCharsets.US_ASCII))
                    .array());
            await(() -> status("/v1/mirrors/orders", "Host: localhost") == 200);
            successor.text(open);
            assertEquals("opened", successor.answer().path("type").asText());
            readPast(superseded, "\"superseded\"");

            // it has been told, and does not answer the close: its socket is there until that has taken too long
            int status = status("/v1/bootstrap", upgrade);
            assertTrue(status == 503 || isGone(superseded), "HTTP " + status);
        }
        await(() -> status("/v1/bootstrap", upgrade) == 101);
        successor.close();
    }

    private static boolean isGone(Socket socket) throws IOException {
        socket.setSoTimeout(1);
        try {
            while (socket.getInputStream().read() >= 0) {
                continue; // what was said before
            }
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    private static void readPast(Socket socket, String word) throws IOException {
        StringBuilder read = new StringBuilder();
        while (read.indexOf(word) < 0) {
            int next = socket.getInputStream().read();
            assertTrue(next >= 0, read.toString());
            read.append((char) next);
        }
    }

    @Test
    void sourcesThatAreGoneBeforeTheyAreUpgradedLeaveNothingBehind() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "2"));
        byte[] request = Upgrade.request("");
        for (int i = 0; i < 500; i++) {
            try (Socket socket = connect()) {
                socket.setSoLinger(true, 0); // closing resets it
                socket.getOutputStream().write(request);
            }
        }
        String upgrade = "Host: localhost\r\n" + Upgrade.HEADERS;
        await(() -> status("/v1/bootstrap", upgrade) == 101);
        await(() -> get(sidecar.uri(), "/q/metrics").body().contains("mirror_bootstrap_links 0.0"));
        RawClient one = new RawClient(sidecar.uri());
        RawClient two = new RawClient(sidecar.uri());
        one.close();
        two.close();
    }

    @Test
    void aMessageThatComesInDropsIsGivenUp() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "100MS"));
        RawClient client = new RawClient(sidecar.uri());
        byte[] longKey = {(byte) 0x89, (byte) 0xda, 0x75, 0x30, 'x'};
        for (int at = 0; !client.isClosed(); at = Math.min(at + 1, longKey.length - 1)) {
            client.frame(longKey, at, 1, false);
            TimeUnit.MILLISECONDS.sleep(20); // the drops are what is tested
        }
        assertEquals(1008, client.closeCode());
        assertTrue(sidecar.log().contains("a message takes longer than 1000 ms"), sidecar.log());
    }

    @Test
    void connectionsThatAreNoLinksAreBoundedInNumberTimeAndHeaders() throws Exception {
        start(Map.of("QUARKUS_HTTP_IDLE_TIMEOUT", "1S", "QUARKUS_HTTP_LIMITS_MAX_CONNECTIONS", "3"));
        RawClient link = new RawClient(sidecar.uri());
        try (Socket silent = connect(); Socket talkative = connect()) {
            talkative.getOutputStream().write("GET /v1/mirrors HTTP/1.1\r\nHost: localhost\r\nX: ".getBytes());
            try (Socket oneTooMany = connect()) {
                assertEnds(oneTooMany);
            }
            assertEnds(silent);
            assertEnds(talkative);
        }
        // a connection is counted for a moment after its end is seen here
        await(() -> status("/v1/mirrors", "Host: localhost\r\nX: " + "x".repeat(30_000)) == 431);
        link.text("{\"type\":\"abort\",\"source_database_id\":\"orders\"}"); // longer silent than a connection may be
        assertEquals("aborted", link.answer().path("type").asText());
        link.close();
    }

    @Test
    void whoAsksWithoutReadingIsCut() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), "secret\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        for (String path : List.of("/v1/mirrors", "/q/metrics", "/q/health/ready")) {
            byte[] request = ("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").repeat(100)
                    .getBytes(StandardCharsets.US_ASCII);
            try (Socket socket = connect()) {
                assertThrows(SocketException.class, () -> {
                    for (int i = 0; i < 100_000; i++) { // 300 MB
                        socket.getOutputStream().write(request);
                    }
                });
            }
        }
        assertEquals(200, statusWith("secret"));
    }

    @Test
    void aRefusedRequestIsTheLastOfItsConnection() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), "secret\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        String allowed = "GET /v1/mirrors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n\r\n";
        for (String refused : List.of("GET /v1/mirrors HTTP/1.1\r\nHost: x\r\n\r\n", "GET /v1/mirrors HTTP/1.1\r\n\r\n",
                "POST /v1/mirrors HTTP/1.1\r\nHost: x\r\nContent-Length: " + allowed.length() + "\r\n\r\n")) {
            try (Socket socket = connect()) {
                socket.getOutputStream().write((refused + allowed).getBytes(StandardCharsets.US_ASCII));
                String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                assertTrue(answers.startsWith("HTTP/1.1 40"), answers);
                assertFalse(answers.contains("HTTP/1.1 200"), answers);
            }
        }
        assertFalse(sidecar.log().contains("ERROR"), sidecar.log());
    }

    @Test
    void headersThatNeverEndFitTheMemory() throws Exception {
        start(Map.of());
        List<Socket> all = new ArrayList<>();
        try {
            for (int i = 0; i < 1000; i++) {
                Socket socket = connect();
                all.add(socket);
                try {
                    socket.getOutputStream().write(("GET / HTTP/1.1\r\n" + "a:\r\n".repeat(1000)).getBytes(
                            StandardCharsets.US_ASCII));
                } catch (SocketException e) {
                    assertTrue(i > 150, "connection " + i + ": " + e); // one too many
                }
            }
        } finally {
            for (Socket socket : all) {
                socket.close();
            }
        }
        await(() -> status("/v1/mirrors", "Host: localhost") == 200);
    }

    @Test
    void whoPingsWithoutReadingIsCut() throws Exception {
        start(Map.of());
        byte[] pings = new byte[131 * 1000];
        for (int at = 0; at < pings.length; at += 131) {
            pings[at] = (byte) 0x89;
            pings[at + 1] = (byte) (0x80 | 125);
        }
        try (Socket socket = link()) {
            for (int i = 0; i < 3000; i++) { // 390 MB
                socket.getOutputStream().write(pings);
            }
        } catch (SocketException e) {
            assertTrue(sidecar.isAlive(), e.toString()); // cut in the middle
        }
        assertEquals(200, status("/v1/mirrors", "Host: localhost"));
        assertTrue(sidecar.log().contains("pings come faster than their pongs are read"), sidecar.log());
    }

    /** A link that reads nothing more than that it is one. */
    private Socket link() throws IOException {
        Socket socket = connect();
        socket.getOutputStream().write(("GET /v1/bootstrap HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        for (String end = ""; !end.endsWith("\r\n\r\n");) {
            end += (char) socket.getInputStream().read();
        }
        return socket;
    }

    @Test
    void tinyFramesDoNotOverdrawTheBudget() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "100", "MIRROR_BOOTSTRAP_BUFFER_BYTES", "1M"));
        byte[] abort = "{\"type\":\"abort\",\"source_database_id\":\"a\"}".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer aborts = ByteBuffer.allocate((abort.length + 6) * 20_000);
        for (int i = 0; i < 20_000; i++) {
            aborts.put((byte) 0x81).put((byte) (0x80 | abort.length)).putInt(0).put(abort);
        }
        byte[] tiny = new byte[7 * 9000];
        for (int at = 0; at < tiny.length; at += 7) {
            tiny[at] = (byte) (at == 0 ? 0x01 : 0x00);
            tiny[at + 1] = (byte) (0x80 | 1);
        }
        List<Socket> all = new ArrayList<>();
        ExecutorService writers = Executors.newCachedThreadPool();
        try {
            for (int i = 0; i < 60; i++) {
                Socket socket = link();
                all.add(socket);
                writers.submit(() -> {
                    socket.getOutputStream().write(aborts.array()); // their answers are not read: the link rests
                    socket.getOutputStream().write(tiny);
                    return null;
                });
            }
            Pattern buffered = Pattern.compile("^mirror_bootstrap_buffered_bytes (\\S+)", Pattern.MULTILINE);
            double most = 0;
            for (int i = 0; i < 100; i++) {
                var match = buffered.matcher(get(sidecar.uri(), "/q/metrics").body());
                assertTrue(match.find());
                most = Math.max(most, Double.parseDouble(match.group(1)));
                TimeUnit.MILLISECONDS.sleep(20); // to look again and again is what is tested
            }
            int oneReadEach = all.size() * 64 * 1024; // what the event loop had asked for already: IngestBudget
            assertTrue(most > 0 && most <= (1 << 20) + oneReadEach, most + " bytes of 1 MiB");
        } finally {
            for (Socket socket : all) {
                socket.close();
            }
            writers.shutdownNow();
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", sidecar.uri().getPort());
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void assertEnds(Socket socket) throws IOException {
        try {
            assertEquals(-1, socket.getInputStream().read());
        } catch (SocketException e) {
            assertTrue(e.getMessage().contains("reset"), e.getMessage());
        }
    }

    @Test
    void nothingTellsAVersion() throws Exception {
        start(Map.of());
        String java = System.getProperty("java.version");
        for (String path : List.of("/q/metrics", "/q/openapi", "/q/health", "/v1/mirrors", "/nothing",
                "/v1/mirrors/x")) {
            HttpResponse<String> response = get(sidecar.uri(), path);
            assertTrue(response.headers().firstValue("Server").isEmpty(), path);
            assertFalse(response.body().contains("SNAPSHOT"), path);
            assertFalse(response.body().contains(java), path);
            assertFalse(response.body().contains("3.33."), path); // of the framework; a metric may be 3.33
            assertFalse(response.body().contains("\tat "), path);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"QUARKUS_HTTP_HOST=0.0.0.0|quarkus.http.host is 0.0.0.0, which other machines can reach",
            "MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE=/none|mirror-bootstrap.auth-token-file: /none cannot be read",
            "MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE=/dev/null|/dev/null is no regular file",
            "MIRROR_BOOTSTRAP_CLUSTER_ID_FROM_CERTIFICATE=true|cluster-id-from-certificate is true, but"})
    void whatWouldLetStrangersInStopsTheStart(String settingAndWord) throws Exception {
        String[] parts = settingAndWord.split("[=|]", 3);
        Exception stopped = assertThrows(IllegalStateException.class, () -> start(Map.of(parts[0], parts[1])));
        assertTrue(stopped.getMessage().contains(parts[2]), stopped.getMessage());
        assertFalse(stopped.getMessage().contains("\tat "), stopped.getMessage());
    }

    private void start(Map<String, String> environment) throws IOException {
        sidecar = SidecarProcess.start(directory.resolve("data"), List.of("-Xmx64m"), environment);
    }

    /** @return the port of HTTPS */
    private int startWithCertificates(TestAuthority authority, Map<String, String> more) throws Exception {
        Map<String, String> environment = new HashMap<>(more);
        environment.putAll(authority.service());
        start(environment);
        return sidecar.secureUri().getPort();
    }

    private Outcome send(URI uri, String cluster, Credentials credentials) throws Exception {
        Path file = Files.writeString(directory.resolve("snapshot"), "the snapshot");
        try (FileInput input = new FileInput(file, Optional.empty());
                SnapshotSender sender = new SnapshotSender(Endpoint.parse(uri.toString()), credentials)) {
            return sender.send(input, new Origin(cluster, new DatabaseId("orders"), 7), (phase, done, total) -> {
            });
        }
    }

    private static void generation(Path volume, String name, String tokens) throws IOException {
        Path directory = Files.createDirectory(volume.resolve(name));
        Files.writeString(directory.resolve("tokens"), tokens);
        Path link = Files.createSymbolicLink(volume.resolve("..data_tmp"), Path.of(name));
        Files.move(link, volume.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    }

    private int statusWith(String token) throws IOException {
        return status("/v1/mirrors", "Host: x\r\nAuthorization: " + BEARER + token);
    }

    /** The status of a request that a well-behaved client would not send; 0 when the connection is closed instead. */
    private int status(String path, String headers) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\n" + headers + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            String line = new String(in.readNBytes("HTTP/1.1 200".length()), StandardCharsets.US_ASCII);
            return line.isEmpty() ? 0 : Integer.parseInt(line.substring(line.length() - 3));
        }
    }

    private static HttpResponse<String> get(URI base, String path) throws Exception {
        return get(base, path, SSLContext.getDefault());
    }

    private static HttpResponse<String> get(URI base, String path, SSLContext tls) throws Exception {
        HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
        return client.send(HttpRequest.newBuilder(base.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static long serial(SSLContext client, int port) throws IOException {
        try (SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket("localhost", port)) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber().longValue();
        }
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(Condition condition) {
        Awaitility.await().atMost(30, TimeUnit.SECONDS).until(condition::holds);
    }

    /** While the service exchanges its certificate, it ends the handshakes that come. */
    private static void awaitOverTls(Condition condition) {
        Awaitility.await().atMost(30, TimeUnit.SECONDS).ignoreExceptionsInstanceOf(SSLException.class)
                .until(condition::holds);
    }
}
