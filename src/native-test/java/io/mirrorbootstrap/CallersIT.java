package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;

/** What those who are let in may do to each other, and for how long they are. */
class CallersIT extends WithSidecar {

    @Test
    void whatIsOfOneTokenIsNotAnothersToReplaceOrRemove() throws Exception {
        startWithTokens("token-a = a\ntoken-b = b\nnameless\n", Map.of());
        byte[] whole = "of b".getBytes(StandardCharsets.US_ASCII);
        RawClient b = new RawClient(sidecar.uri(), "token-b");
        b.binary(chunk("orders", whole), 65536);
        assertEquals("committed", b.answer().path("type").asText());
        b.text(open("big", 10));
        assertEquals("opened", b.answer().path("type").asText());

        for (String token : List.of("token-a", "nameless")) {
            RawClient other = new RawClient(sidecar.uri(), token);
            other.text(open("orders", 1));
            assertEquals("stale_snapshot", other.answer().path("code").asText());
            other.binary(chunk("orders", new byte[1]), 65536);
            assertEquals("stale_snapshot", other.answer().path("code").asText());
            other.text(open("big", 10));
            assertEquals("transfer_in_progress", other.answer().path("code").asText());
            other.text("{\"type\":\"abort\",\"source_database_id\":\"big\"}");
            JsonNode refusal = other.answer();
            assertEquals("not_owner", refusal.path("code").asText());
            assertEquals("b", refusal.path("owner").asText());
            assertEquals(403, delete("orders", token));
            assertEquals(403, delete("big", token));
            other.text(open("own", 1));
            assertEquals("opened", other.answer().path("type").asText(), "the link is open");
            other.cut();
        }
        assertEquals("of b", Files.readString(directory.resolve("data/recv_snapshots/orders.snapshot")));
        assertFalse(b.isClosed());

        sidecar.kill(); // whose it is outlives the process
        startWithTokens("token-a = a\nanother = b\n", Map.of());
        assertEquals(403, delete("orders", "token-a"));
        assertEquals(204, delete("orders", "another"));
        assertFalse(Files.exists(directory.resolve("data/recv_snapshots/orders.snapshot")));
    }

    @Test
    void theSidecarsOwnFileIsGoodForWhoeverWaitsBesideIt() throws Exception {
        Path tokens = startWithTokens("# of all\ntoken-a== = a: orders\n", Map.of());
        RawClient source = new RawClient(sidecar.uri(), "token-a==");
        source.binary(chunk("orders", new byte[]{1, 2, 3}), 65536);
        assertEquals("committed", source.answer().path("type").asText());
        Process wait = SidecarProcess.command("wait", "--database", "orders", "--url", sidecar.uri().toString(),
                "--token-file", tokens.toString(), "--timeout", "20").redirectErrorStream(true).start();
        String said = new String(wait.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, wait.waitFor(), said);
    }

    @Test
    void aTokenIsForItsDatabasesOnly() throws Exception {
        startWithTokens("token-a = a: orders, stock\ntoken-b = b\n", Map.of());
        RawClient allowed = new RawClient(sidecar.uri(), "token-a");
        allowed.text(open("stock", 10));
        assertEquals("opened", allowed.answer().path("type").asText());
        allowed.text(open("other", 10));
        JsonNode refusal = allowed.answer();
        assertEquals("database_not_allowed", refusal.path("code").asText());
        assertEquals("[\"orders\",\"stock\"]", refusal.path("allowed").toString());
        assertEquals(1008, allowed.closeCode());
        assertEquals(403, delete("other", "token-a"));
    }

    @Test
    void oneCallerLeavesPlacesToOthers() throws Exception {
        startWithTokens("token-a = a\nnew-of-a = a\ntoken-b\n",
                Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "4", "MIRROR_BOOTSTRAP_MAX_BOOTSTRAPS", "4"));
        RawClient a = new RawClient(sidecar.uri(), "token-a");
        RawClient more = new RawClient(sidecar.uri(), "new-of-a");
        String refused = upgrade("token-a");
        assertTrue(refused.startsWith("HTTP/1.1 503"), refused);
        assertTrue(refused.contains("\"too_many_links\"") && refused.contains("max-links-per-caller"), refused);
        a.text(open("one", 10));
        assertEquals("opened", a.answer().path("type").asText());
        more.text(open("two", 10));
        assertEquals("opened", more.answer().path("type").asText());
        a.text(open("three", 10));
        JsonNode tooMany = a.answer();
        assertEquals("too_many_bootstraps", tooMany.path("code").asText());
        assertEquals(2, tooMany.path("limit").asInt());
        assertTrue(tooMany.path("message").asText().contains("max-bootstraps-per-caller"), tooMany.toString());
        assertEquals(1013, a.closeCode());

        RawClient b = new RawClient(sidecar.uri(), "token-b");
        for (String database : List.of("four", "five")) {
            b.text(open(database, 10));
            assertEquals("opened", b.answer().path("type").asText());
        }
    }

    @Test
    void whereThereIsOneCallerOnlyItMayTakeEverything() throws Exception {
        startWithTokens("old = a\nnew = a\n", Map.of("MIRROR_BOOTSTRAP_MAX_BOOTSTRAPS", "2"));
        RawClient a = new RawClient(sidecar.uri(), "old");
        for (String database : List.of("one", "two")) {
            a.text(open(database, 10));
            assertEquals("opened", a.answer().path("type").asText());
        }
    }

    @Test
    void aTokenThatIsRemovedEndsWhatItHasOpenIfThatIsChosen() throws Exception {
        Path tokens = startWithTokens("old = a\nother = b\n",
                Map.of("MIRROR_BOOTSTRAP_REMOVED_TOKEN_ENDS_LINKS", "true"));
        RawClient removed = new RawClient(sidecar.uri(), "old");
        RawClient stays = new RawClient(sidecar.uri(), "other");
        removed.text(open("orders", 10));
        assertEquals("opened", removed.answer().path("type").asText());
        try (Socket watcher = watch("old"); Socket staysToo = watch("other")) {
            replace(tokens, "# for a moment nobody\n"); // a file that says nothing ends nothing
            await(() -> sidecar.log().contains("holds no token"));
            replace(tokens, "new = a\nother = b\n");

            assertEquals(1013, removed.closeCode());
            watcher.setSoTimeout(20_000);
            watcher.getInputStream().readAllBytes(); // to its end
            assertTrue(sidecar.log().contains("its token is not in auth-token-file any more"), sidecar.log());
            stays.text(open("stock", 10));
            assertEquals("opened", stays.answer().path("type").asText());
            staysToo.getOutputStream().write('x');
        }
        RawClient back = new RawClient(sidecar.uri(), "new");
        back.text(open("orders", 10));
        assertEquals("opened", back.answer().path("type").asText());
    }

    @Test
    void aTokenThatIsRemovedEndsNothingByItself() throws Exception {
        Path tokens = startWithTokens("old = a\nother = b\n", Map.of());
        RawClient removed = new RawClient(sidecar.uri(), "old");
        replace(tokens, "other = b\n");
        await(() -> get("old") == 401);
        removed.text(open("orders", 10));
        assertEquals("opened", removed.answer().path("type").asText());
    }

    @Test
    void aCertificateThatExpiresLetsNobodyInNorStay() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        Map<String, String> environment = new HashMap<>(authority.service());
        environment.put("MIRROR_BOOTSTRAP_CLUSTER_ID_FROM_CERTIFICATE", "true");
        sidecar = SidecarProcess.start(directory.resolve("data"), List.of("-Xmx64m"), environment);
        URI uri = sidecar.secureUri();
        SSLContext lasting = authority.client(authority.issue("lasting", "CN=lasting"));
        RawClient stays = new RawClient(uri, lasting);
        SSLContext brief = lasting;
        Optional<RawClient> opened = Optional.empty();
        for (int seconds = 8; opened.isEmpty(); seconds *= 2) { // a busy machine may need longer than that to begin
            brief = authority.client(authority.issue("brief", "CN=brief", Instant.now().plusSeconds(seconds)));
            opened = openInTime(uri, brief);
        }
        RawClient expires = opened.get();

        assertEquals(1013, expires.closeCode());
        assertTrue(sidecar.log().contains("the client certificate is valid from "), sidecar.log());
        // its session may be taken up again, which asks for no certificate; else the handshake fails
        assertNotEquals(200, statusOverTls(uri, brief));
        stays.ping();
        await(stays::hasPong);
        assertFalse(stays.isClosed());
    }

    /** A link with a transfer, unless the certificate is over before it has one. */
    private static Optional<RawClient> openInTime(URI uri, SSLContext certificate) throws Exception {
        try {
            RawClient link = new RawClient(uri, certificate);
            link.text("{\"type\":\"open\",\"source_cluster_id\":\"brief\",\"source_database_id\":\"orders\","
                    + "\"snapshot_lsn\":1,\"total_bytes\":10,\"total_crc32c\":0}");
            return "opened".equals(link.answer().path("type").asText()) ? Optional.of(link) : Optional.empty();
        } catch (ExecutionException | IOException | TimeoutException e) {
            return Optional.empty();
        }
    }

    private static int statusOverTls(URI uri, SSLContext context) throws Exception {
        try (Socket again = context.getSocketFactory().createSocket("localhost", uri.getPort())) {
            again.getOutputStream()
                    .write("GET /v1/mirrors HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            String line = new String(again.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            return line.isEmpty() ? 0 : Integer.parseInt(line.substring(9));
        } catch (SSLException e) {
            return 0;
        }
    }

    /** @return the file of tokens */
    private Path startWithTokens(String lines, Map<String, String> more) throws IOException {
        Path tokens = Files.writeString(directory.resolve("tokens"), lines);
        Map<String, String> environment = new HashMap<>(more);
        environment.put("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString());
        sidecar = SidecarProcess.start(directory.resolve("data"), List.of("-Xmx64m"), environment);
        return tokens;
    }

    private void replace(Path tokens, String lines) throws IOException {
        Path next = Files.writeString(directory.resolve("tokens.next"), lines);
        Files.move(next, tokens, StandardCopyOption.ATOMIC_MOVE);
    }

    private static String open(String database, int bytes) {
        return "{\"type\":\"open\",\"source_cluster_id\":\"c1\",\"source_database_id\":\"" + database + "\","
                + "\"snapshot_lsn\":9,\"total_bytes\":" + bytes + ",\"total_crc32c\":0}";
    }

    private Socket watch(String token) throws IOException {
        Socket socket = new Socket(sidecar.uri().getHost(), sidecar.uri().getPort());
        socket.getOutputStream().write(("GET /v1/mirrors/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                + token + "\r\nAccept: text/event-stream\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        assertEquals("HTTP/1.1 200", new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII));
        return socket;
    }

    private int get(String token) throws Exception {
        return ask(HttpRequest.newBuilder(sidecar.uri().resolve("/v1/mirrors")), token).statusCode();
    }

    private int delete(String database, String token) throws Exception {
        return ask(HttpRequest.newBuilder(sidecar.uri().resolve("/v1/mirrors/" + database + "?snapshot=true")).DELETE(),
                token).statusCode();
    }

    /** @return what is answered to one that asks for a link, of the body what has come with the head */
    private String upgrade(String token) throws IOException {
        try (Socket socket = new Socket(sidecar.uri().getHost(), sidecar.uri().getPort())) {
            socket.getOutputStream().write(Upgrade.request("Authorization: Bearer " + token + "\r\n"));
            String head = Upgrade.response(socket.getInputStream());
            int length = Integer.parseInt(head.replaceAll("(?is).*content-length: (\\d+).*", "$1"));
            return head + new String(socket.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
        }
    }

    private static byte[] chunk(String database, byte[] whole) {
        Crc32c crc = Crc32c.of(ByteBuffer.wrap(whole));
        byte[] head = ChunkEncoder.head(
                new SnapshotIdentity("c1", new DatabaseId(database), 7, whole.length, crc), 0, whole.length, crc, true);
        return ByteBuffer.allocate(head.length + whole.length).put(head).put(whole).array();
    }

    private static HttpResponse<String> ask(HttpRequest.Builder request, String token) throws Exception {
        return HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(20)).build()
                .send(request.header("Authorization", "Bearer " + token).build(), HttpResponse.BodyHandlers.ofString());
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(Condition condition) {
        Awaitility.await().atMost(30, TimeUnit.SECONDS).until(condition::holds);
    }
}
