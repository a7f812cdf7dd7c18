package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.FreePort;
import io.mirrorbootstrap.source.RawServer;
import io.mirrorbootstrap.source.ScriptedSidecar;
import io.mirrorbootstrap.source.TestProxy;

/** What {@code send} and {@code wait} make of the network between them and the sidecar: the same. */
@Timeout(60)
class NetworksTest extends WithCommandLine {

    private static final String COMMITTED = "{\"type\":\"committed\",\"source_database_id\":\"d\",\"snapshot_lsn\":1,"
            + "\"bytes\":1,\"crc32c\":\"0x527d5351\",\"snapshot_path\":\"/nowhere\"}";

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {408, 425, 429, 500, 502, 503, 504, 520})
    void whatHealsIsComeBackToUntilPatienceIsOver(int status) throws Exception {
        try (RawServer server = RawServer.of(status + " Not now", "not now")) {
            assertEquals(4, send(server.url(), "--give-up-after", "1"), err::toString);
            assertTrue(server.heads().size() > 1, server.heads()::toString);
            server.heads().clear();
            assertEquals(4, await(server.url(), "--timeout", "1"), err::toString);
            assertTrue(server.heads().size() > 1, server.heads()::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 204, 301, 400, 401, 403, 404, 410, 426, 501, 505})
    void whatCannotHealEndsAtOnce(int status) throws Exception {
        try (RawServer server = RawServer.of(status + " No", "no")) {
            assertEquals(3, send(server.url()), err::toString);
            assertEquals(3, await(server.url()), err::toString);
            assertEquals(2, server.heads().size());
        }
    }

    @Test
    void whatAnEchoGivesBackOfTheSecretsIsNotShown() throws Exception {
        try (RawServer server = RawServer.of("400 No",
                "you said: Authorization: Bearer s3cret-token== and \"Basic dXNlcjpwdw==\" for ?key=s3cret-query")) {
            assertEquals(3, send(server.url() + "?key=s3cret-query"));
            assertEquals(3, await(server.url() + "?key=s3cret-query"));
        }
        assertTrue(err.toString().contains("you said: Authorization: Bearer …"), err::toString);
        assertFalse(err.toString().matches("(?s).*(s3cret|dXNlcjpwdw).*"), err::toString);
    }

    @Test
    void aRedirectIsToldAndNotFollowed() throws Exception {
        for (int status : new int[]{301, 302, 303, 307, 308}) {
            for (String target : new String[]{"https://other:8443/mirror-a", "/mirror-a"}) {
                try (RawServer server = redirecting(status, target)) {
                    String shown = target.startsWith("/") ? server.url() + target : target;
                    assertEquals(3, send(server.url()));
                    assertTrue(err.toString().contains("HTTP " + status + ", a redirect to " + shown + ", "),
                            err::toString);
                    assertEquals(3, await(server.url()));
                    assertTrue(err.toString().contains("HTTP " + status + ", a redirect to " + shown + ", "),
                            err::toString);
                    assertEquals(2, server.heads().size());
                }
            }
        }
    }

    /** Sends each request to the same path below {@code target}. */
    private static RawServer redirecting(int status, String target) throws IOException {
        return new RawServer("127.0.0.1", (head, client) -> client.getOutputStream()
                .write(("HTTP/1.1 " + status + " Elsewhere\r\nLocation: " + target + head.split(" ")[1]
                        + "\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void eachAddressOfANameIsTried() throws Exception {
        for (String address : new String[]{"127.0.0.1", "::1"}) {
            try (RawServer server = forbidding(address)) {
                assertEquals(3, send("http://localhost:" + server.port()), err::toString);
                assertEquals(3, await("http://localhost:" + server.port()), err::toString);
                assertEquals(List.of("localhost:" + server.port(), "localhost:" + server.port()), hosts(server));
            }
        }
        String url = "http://localhost:" + FreePort.take();
        assertEquals(4, send(url, "--give-up-after", "0"));
        assertTrue(err.toString().contains("127.0.0.1: Connection refused; 0:0:0:0:0:0:0:1: Connection refused"),
                err::toString);
        assertEquals(4, await(url, "--timeout", "1"));
        assertTrue(err.toString().contains("127.0.0.1: Connection refused; 0:0:0:0:0:0:0:1: Connection refused"),
                err::toString);
    }

    @Test
    void anAddressStandsInBrackets() throws Exception {
        try (RawServer server = forbidding("::1")) {
            assertEquals(3, send("http://[::1]:" + server.port()), err::toString);
            assertEquals(3, await("http://[::1]:" + server.port()), err::toString);
            assertEquals(List.of("[::1]:" + server.port(), "[::1]:" + server.port()), hosts(server));
        }
    }

    @Test
    void aQueryIsSentByBothAndShownByNone() throws Exception {
        try (RawServer server = forbidding("127.0.0.1")) {
            assertEquals(3, send(server.url() + "/a/v1/bootstrap?key=secret"));
            assertFalse(err.toString().contains("secret"), err::toString);
            assertEquals(3, await(server.url() + "/a/v1/bootstrap?key=secret"));
            assertFalse(err.toString().contains("secret"), err::toString);
            assertEquals(List.of("/a/v1/bootstrap?key=secret", "/a/v1/mirrors/d?key=secret"),
                    server.heads().stream().map(head -> head.split(" ")[1]).toList());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SSH-2.0-OpenSSH_9.2\r\n", "220 mail ESMTP\r\n", "\u0000\u0001\u0002\r\n\r\n"})
    void anotherProtocolIsTold(String said) throws Exception {
        try (RawServer server = new RawServer(out -> out.write(said.getBytes(StandardCharsets.ISO_8859_1)))) {
            assertEquals(3, send(server.url()));
            assertSaid("what listens there does not speak HTTP");
            assertEquals(3, await(server.url()));
            assertSaid("what listens there does not speak HTTP");
        }
    }

    @Test
    void plainHttpToAPortOfTlsIsTold() throws Exception {
        byte[] alert = {21, 3, 3, 0, 2, 2, 10};
        try (RawServer server = new RawServer(out -> out.write(alert))) {
            assertEquals(3, send(server.url()));
            assertSaid("what listens there speaks TLS: is https:// meant?");
            assertEquals(3, await(server.url()));
            assertSaid("what listens there speaks TLS: is https:// meant?");
        }
        try (RawServer server = RawServer.of("400 Bad Request",
                "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>")) {
            assertEquals(3, send(server.url()));
            assertSaid("what listens there speaks TLS: is https:// meant?");
        }
    }

    @Test
    void tlsToAPlainPortIsTold() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.close())) {
            String url = sidecar.endpoint("").toString().replace("ws", "https");
            assertEquals(3, send(url));
            assertSaid("what listens there answers in plain HTTP, without TLS: is http:// meant?");
            assertEquals(3, await(url));
            assertSaid("what listens there answers in plain HTTP, without TLS: is http:// meant?");
        }
    }

    @Test
    void aProxyLeadsBothToTheSidecar() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar(
                (vertx, link) -> link.textMessageHandler(open -> link.writeTextMessage(COMMITTED)))) {
            int port = URI.create(sidecar.endpoint("").toString()).getPort();
            try (TestProxy proxy = new TestProxy(port)) {
                assertEquals(0, send("http://mirror.invalid:81", "--proxy", "http://me:p%40ss@" + proxy.address()),
                        err::toString);
                String asked = proxy.heads().get(0);
                assertTrue(asked.startsWith("CONNECT mirror.invalid:81 HTTP/1.1\r\nHost: mirror.invalid:81\r\n"),
                        asked);
                assertTrue(asked.contains("\r\nProxy-Authorization: Basic "
                        + Base64.getEncoder().encodeToString("me:p@ss".getBytes(StandardCharsets.US_ASCII)) + "\r\n"),
                        asked);
            }
        }
        try (RawServer server = forbidding("127.0.0.1"); TestProxy proxy = new TestProxy(server.port())) {
            assertEquals(3, await("http://mirror.invalid:81/a", "--proxy", proxy.address()), err::toString);
            assertTrue(proxy.heads().get(0).startsWith("CONNECT mirror.invalid:81 HTTP/1.1\r\n"),
                    proxy.heads()::toString);
            assertFalse(proxy.heads().get(0).contains("Proxy-Authorization"), proxy.heads()::toString);
            assertEquals(List.of("mirror.invalid:81"), hosts(server));
        }
    }

    @Test
    void whatIsWrongWithTheProxyIsToldAsTheProxys() throws Exception {
        String url = "http://mirror.invalid:81";
        String closed = "127.0.0.1:" + FreePort.take();
        assertEquals(4, send(url, "--give-up-after", "0", "--proxy", "http://me:secret@" + closed));
        assertSaid("the proxy http://" + closed + " cannot be reached: Connection refused");
        assertEquals(4, await(url, "--timeout", "1", "--proxy", "http://me:secret@proxy.invalid:3128"));
        assertSaid("the proxy http://proxy.invalid:3128: no address of proxy.invalid is known");
        for (String status : List.of("407 Login, please|3|wants a user and a password: HTTP 407 Login, please",
                "403 Forbidden|3|does not lead on to mirror.invalid:81: HTTP 403 Forbidden",
                "503 Busy|4|does not lead on to mirror.invalid:81: HTTP 503 Busy")) {
            String[] parts = status.split("\\|");
            try (RawServer proxy = RawServer.of(parts[0], "<html>")) {
                String named = "http://127.0.0.1:" + proxy.port();
                assertEquals(Integer.parseInt(parts[1]), send(url, "--give-up-after", "0", "--proxy", named));
                assertSaid("the proxy " + named + " " + parts[2]);
                assertEquals(Integer.parseInt(parts[1]), await(url, "--timeout", "1", "--proxy", named));
                assertSaid("the proxy " + named + " " + parts[2]);
            }
        }
        try (RawServer proxy = new RawServer(
                out -> out.write("220 mail ESMTP\r\n\r\n".getBytes(StandardCharsets.US_ASCII)))) {
            assertEquals(3, send(url, "--proxy", proxy.url()));
            assertSaid("the proxy " + proxy.url() + " does not speak HTTP");
        }
        assertEquals(2, send(url, "--proxy", "socks5://me:secret@proxy:1080"));
        assertTrue(err.toString().contains("--proxy: a proxy of socks5:// cannot be used"), err::toString);
        assertFalse(err.toString().contains("secret"), err::toString);
    }

    private static RawServer forbidding(String address) throws IOException {
        try {
            return new RawServer(address, (head, client) -> client.getOutputStream()
                    .write("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno".getBytes(StandardCharsets.US_ASCII)));
        } catch (IOException e) {
            return Assumptions.abort("this machine has no address " + address + ": " + e);
        }
    }

    private static List<String> hosts(RawServer server) {
        return server.heads().stream().map(head -> head.replaceAll("(?is).*\r\nhost: ([^\r]*)\r\n.*", "$1")).toList();
    }

    private int send(String url, String... options) throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[1]);
        return run(List.of("send", file.toString(), "--url", url, "--cluster", "c", "--database", "d", "--lsn", "1"),
                options);
    }

    private int await(String url, String... options) {
        return run(List.of("wait", "--database", "d", "--url", url), options);
    }

    private int run(List<String> arguments, String... options) {
        List<String> all = new ArrayList<>(arguments);
        all.addAll(options.length > 0
                ? List.of(options)
                : List.of(all.contains("send") ? "--give-up-after" : "--timeout", "20")); // it would be 4 then
        return run(all.toArray(String[]::new));
    }

    /** In the last line, in which there is no name of a class and no password. */
    private void assertSaid(String words) {
        String[] lines = err.toString().split("\n");
        String last = lines[lines.length - 1];
        assertTrue(last.contains(words), last);
        assertFalse(last.contains("secret") || last.contains("Exception") || last.contains("io.netty"), last);
    }
}
