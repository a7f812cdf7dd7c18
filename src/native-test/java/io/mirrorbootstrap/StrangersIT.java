package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who reaches the port and is not let in: nothing is kept of what they say, and they keep nobody else out. */
class StrangersIT extends WithSidecar {

    @Test
    void aHealthGroupThatDoesNotExistIsNotMadeUp() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), "secret\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        for (String open : List.of("", "/live", "/ready", "/started", "/well", "/group", "/group/mirror")) {
            assertTrue(ask("/q/health" + open).startsWith("HTTP/1.1 200"), open);
        }
        for (String none : List.of("/group/miror", "/group/mirror/", "/group/mirror/x", "/group/", "/nothing", "/",
                "/../health/group/miror", "/%67roup/miror", "//group/miror")) {
            String answer = ask("/q/health" + none);
            assertTrue(answer.startsWith("HTTP/1.1 404"), none + ": " + answer);
            assertFalse(answer.contains("UP"), none);
            assertEquals(answer, ask("/q/health" + none, "Authorization: Bearer secret"), none);
        }
    }

    @Test
    void handshakesThatDoNotGoOnAreBoundedAndKeepNobodyOut() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service());
        URI secure = sidecar.secureUri();
        long before = descriptors();
        List<Socket> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 600; i++) {
                Socket socket = new Socket("127.0.0.1", secure.getPort());
                silent.add(socket);
                if (i % 2 == 0) {
                    begin(socket);
                }
                if (i % 50 == 49) {
                    assertTrue(descriptors() - before <= 200, i + " opened, " + (descriptors() - before) + " held");
                    assertTrue(ask("/q/health/live").startsWith("HTTP/1.1 200"), i + " opened");
                }
            }
            HttpClient source = HttpClient.newBuilder()
                    .sslContext(authority.client(authority.issue("source", "CN=cluster-a"))).build();
            assertEquals(200, source.send(HttpRequest.newBuilder(secure.resolve("/v1/mirrors")).build(),
                    HttpResponse.BodyHandlers.ofString()).statusCode());
            for (Socket each : silent) {
                assertEnds(each);
            }
        } finally {
            close(silent);
        }
        assertFalse(sidecar.log().contains("ERROR"), sidecar.log());
    }

    /** A record of 16 KiB, but for its last byte. */
    private static void begin(Socket socket) throws IOException {
        byte[] hello = new byte[5 + 16 * 1024 - 1];
        System.arraycopy(new byte[]{0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, (byte) 0xfc, 3, 3}, 0, hello, 0, 11);
        try {
            socket.getOutputStream().write(hello);
        } catch (SocketException e) {
            assertTrue(socket.isConnected(), e.toString()); // it is cut already
        }
    }

    @Test
    void whoSaysNothingHoldsNoPlaceAndCutsNobodyWhoIsLetIn() throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), "secret\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        List<Socket> silent = new ArrayList<>();
        try (Socket letIn = new Socket("127.0.0.1", sidecar.uri().getPort())) {
            letIn.setSoTimeout(20_000);
            assertEquals(200, askAgain(letIn, "/q/openapi", "Authorization: Bearer secret"));
            for (int i = 0; i < 500; i++) {
                silent.add(new Socket("127.0.0.1", sidecar.uri().getPort()));
            }
            assertTrue(ask("/q/health/live").startsWith("HTTP/1.1 200"));
            assertTrue(ask("/v1/mirrors", "Authorization: Bearer secret").startsWith("HTTP/1.1 200"));
            assertEquals(200, askAgain(letIn, "/q/openapi", "Authorization: Bearer secret"));
        } finally {
            close(silent);
        }
    }

    /** Each is tiny, and none comes to where requests are counted. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"POST /q/health/live HTTP/1.1~Host: x~Transfer-Encoding: chunked~~ | 1~x~",
            "GET x HTTP/1.1~Host: x~~ | GET x HTTP/1.1~Host: x~~"})
    void whoSendsOnWithoutAskingIsCut(String first, String more) throws Exception {
        Path tokens = Files.writeString(directory.resolve("tokens"), "secret\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        try (Socket socket = new Socket("127.0.0.1", sidecar.uri().getPort())) {
            socket.getOutputStream().write(first.strip().replace("~", "\r\n").getBytes(StandardCharsets.US_ASCII));
            byte[] tiny = more.strip().replace("~", "\r\n").repeat(1000).getBytes(StandardCharsets.US_ASCII);
            Thread sender = new Thread(() -> sendOn(socket, tiny));
            sender.start();
            Awaitility.await().atMost(9, TimeUnit.SECONDS) // after 10 it is cut for having asked nothing
                    .until(() -> ask("/q/metrics").contains("mirror_bootstrap_connections_cut_total 1.0"));
            sender.join();
        }
    }

    private static void sendOn(Socket socket, byte[] tiny) {
        try {
            while (true) {
                socket.getOutputStream().write(tiny);
            }
        } catch (IOException e) {
            Thread.currentThread().interrupt(); // it is cut
        }
    }

    @Test
    void headersThatComeInDropsAreGivenUp() throws Exception {
        start(Map.of());
        try (Socket socket = new Socket("127.0.0.1", sidecar.uri().getPort())) {
            socket.getOutputStream().write("GET /q/health/live HTTP/1.1\r\nHost: x\r\nX: ".getBytes(
                    StandardCharsets.US_ASCII));
            socket.setSoTimeout(200);
            int drops = 0;
            for (; isOpen(socket); drops++) {
                assertTrue(drops < 200, "it is still waited for");
                socket.getOutputStream().write('x');
            }
            assertTrue(drops > 0);
        }
    }

    private static boolean isOpen(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException e) {
            return true;
        } catch (SocketException e) {
            return false;
        }
    }

    @Test
    void aPortThatIsDeafIsNotAlive() throws Exception {
        Path library = directory.resolve("deaf_port.so");
        assertEquals(0, new ProcessBuilder("gcc", "-shared", "-fPIC", "-O1", "-o", library.toString(),
                "src/native-test/c/deaf_port.c", "-ldl").inheritIO().start().waitFor());
        Path deaf = directory.resolve("deaf");
        start(Map.of("LD_PRELOAD", library.toString(), "DEAF_WHILE", deaf.toString()));
        try (Socket probe = new Socket("127.0.0.1", sidecar.uri().getPort())) {
            probe.setSoTimeout(20_000);
            assertEquals(200, askAgain(probe, "/q/health/live"));
            Files.createFile(deaf);
            Awaitility.await().atMost(2, TimeUnit.MINUTES).until(() -> askAgain(probe, "/q/health/live") == 503);
            assertTrue(sidecar.log().contains("port " + sidecar.uri().getPort() + " does not accept connections"),
                    sidecar.log());
            Files.delete(deaf);
            Awaitility.await().atMost(1, TimeUnit.MINUTES).until(() -> askAgain(probe, "/q/health/live") == 200);
        }
    }

    /** A connection each, that is reset at once, or when it has asked: more of them than are served. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aProbeIsAnsweredWhileOthersComeAndGo(boolean theyAsk) throws Exception {
        start(Map.of());
        int port = sidecar.uri().getPort();
        AtomicBoolean isOver = new AtomicBoolean();
        List<Thread> others = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Thread other = new Thread(() -> comeAndGo(port, theyAsk, isOver));
            other.start();
            others.add(other);
        }
        try {
            for (int i = 0; i < 60; i++) {
                assertTrue(ask("/q/health/live").startsWith("HTTP/1.1 200"), "probe " + i);
            }
        } finally {
            isOver.set(true);
            for (Thread other : others) {
                other.join();
            }
        }
        for (int i = 0; i < 200; i++) { // no place is taken for ever
            assertTrue(ask("/q/health/live").startsWith("HTTP/1.1 200"), "afterwards " + i);
        }
    }

    private static void comeAndGo(int port, boolean theyAsk, AtomicBoolean isOver) {
        byte[] request = "GET /q/health/ready HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        List<Socket> held = new ArrayList<>();
        while (!isOver.get()) {
            try {
                Socket socket = new Socket("127.0.0.1", port);
                socket.setSoLinger(true, 0);
                held.add(socket);
                if (theyAsk) {
                    socket.getOutputStream().write(request);
                }
                if (held.size() > (theyAsk ? 25 : 0)) {
                    held.remove(0).close();
                }
            } catch (IOException e) {
                Thread.onSpinWait(); // it was cut, and comes again
            }
        }
        for (Socket each : held) {
            assertDoesNotThrow(each::close);
        }
    }

    /** Who is let in may send as much as it likes, but each of these has to be answered, and it does not read. */
    @Test
    void newKeysAreNotAskedForWithoutEnd() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service());
        SSLContext source = authority.client(authority.issue("source", "CN=cluster-a"));
        try (SSLSocket socket = (SSLSocket) source.getSocketFactory().createSocket()) {
            socket.setReceiveBufferSize(2048);
            socket.connect(new InetSocketAddress("127.0.0.1", sidecar.secureUri().getPort()));
            socket.setEnabledProtocols(new String[]{"TLSv1.3"});
            socket.getOutputStream()
                    .write("GET /v1/mirrors HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertEquals('H', socket.getInputStream().read());
            assertThrows(IOException.class, () -> {
                for (int i = 0; i < 100_000; i++) {
                    socket.startHandshake(); // of TLS 1.3: asks for new keys, and waits for nothing
                }
            });
        }
        assertTrue(sidecar.log().contains("asks for new keys"), sidecar.log());
    }

    @Test
    void readinessIsFoundOutOnceForAllWhoAskWithinASecond() throws Exception {
        start(Map.of());
        Set<FileTime> changes = new HashSet<>();
        long begun = System.nanoTime();
        try (Socket socket = new Socket("127.0.0.1", sidecar.uri().getPort())) {
            socket.setSoTimeout(20_000);
            for (int i = 0; i < 300; i++) {
                assertEquals(200, askAgain(socket, "/q/health/ready"));
                changes.add(Files.getLastModifiedTime(directory.resolve("data/recv_snapshots")));
            }
        }
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun);
        assertTrue(changes.size() <= seconds + 3, changes.size() + " times in " + seconds + " seconds");
    }

    /** The status, over a connection that stays open. */
    private static int askAgain(Socket socket, String path, String... headers) throws IOException {
        socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n"
                + String.join("\r\n", headers) + (headers.length == 0 ? "" : "\r\n") + "\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = socket.getInputStream().read();
            assertTrue(next >= 0, "closed after " + head);
            head.append((char) next);
        }
        Matcher length = Pattern.compile("content-length: (\\d+)", Pattern.CASE_INSENSITIVE).matcher(head);
        assertTrue(length.find(), head.toString());
        socket.getInputStream().readNBytes(Integer.parseInt(length.group(1)));
        return Integer.parseInt(head.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
    }

    private static void assertEnds(Socket socket) throws IOException {
        socket.setSoTimeout(20_000);
        try {
            assertEquals(-1, socket.getInputStream().read());
        } catch (SocketException e) {
            assertTrue(e.getMessage().contains("reset"), e.getMessage());
        }
    }

    private static void close(List<Socket> sockets) throws IOException {
        for (Socket each : sockets) {
            each.close();
        }
    }

    private long descriptors() throws IOException {
        try (var open = Files.list(Path.of("/proc", String.valueOf(sidecar.pid()), "fd"))) {
            return open.count();
        }
    }

    private void start(Map<String, String> environment) throws IOException {
        sidecar = SidecarProcess.start(directory.resolve("data"), List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m"),
                environment);
    }

    /** What is answered to a request that a well-behaved client would not send. */
    private String ask(String path, String... headers) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", sidecar.uri().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    + String.join("\r\n", headers) + (headers.length == 0 ? "" : "\r\n") + "\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }
}
