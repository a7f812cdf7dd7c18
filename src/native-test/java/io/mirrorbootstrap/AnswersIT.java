package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;

/** Answers that are large, and read slowly or not at all: they cost whoever asked, and nobody else. */
class AnswersIT {

    private static final int MIRRORS = 300;
    /** As long as it may be: a row of the list is longer than 800 bytes then, and the list longer than what kernels hold. */
    private static final String CLUSTER = "é".repeat(256);
    private static final int PIPELINED = 16;
    private static final int RECEIVE_BUFFER = 2048;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One data directory for all tests: many snapshots take their time. */
    @TempDir
    static Path directory;
    private static final List<String> NAMES = IntStream.range(0, MIRRORS)
            .mapToObj(i -> String.format("mirror-%03d-", i) + "x".repeat(110)).toList();

    private SidecarProcess sidecar;
    private final List<Socket> sockets = new ArrayList<>();

    @BeforeAll
    static void prepare() throws Exception {
        try (SidecarProcess first = process(Map.of())) {
            RawClient source = new RawClient(first.uri());
            for (String name : NAMES) {
                send(name, 1, source);
            }
            for (int i = 0; i < MIRRORS; i++) {
                assertEquals("committed", source.answer().path("type").asText());
            }
        }
    }

    @AfterEach
    void stop() throws IOException {
        for (Socket each : sockets) {
            each.close();
        }
        if (sidecar != null) {
            sidecar.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /v1/mirrors", "HEAD /v1/mirrors", "GET /v1/mirrors/events", "GET /q/metrics",
            "GET /q/openapi", "GET /q/health"})
    void answersThatNobodyReadsKeepNobodyElseWaiting(String asked) throws Exception {
        start(Map.of());
        for (int i = 0; i < 150; i++) {
            write(connect(), request(asked, "").repeat(PIPELINED));
            if (i % 50 == 49) {
                assertEquals(200, ask("GET /q/health/live").status());
            }
        }
        assertEquals(200, ask("GET /q/health/ready").status());
        RawClient source = new RawClient(sidecar.uri());
        send(NAMES.get(0), System.currentTimeMillis(), source);
        assertEquals("committed", source.answer().path("type").asText());
        Answer list = ask("GET /v1/mirrors");
        assertEquals("application/json", list.header("content-type").replaceAll(";.*", ""));
        assertEquals(NAMES, names(list));
        assertFalse(sidecar.log().contains("ERROR"), sidecar.log());
    }

    @Test
    void whatWasNotReadForAWhileIsThereWhenItIs() throws Exception {
        start(Map.of());
        Socket late = connect();
        write(late, request("GET /v1/mirrors", "").repeat(PIPELINED));
        assertEquals(200, ask("GET /q/health/live").status());
        InputStream in = new BufferedInputStream(late.getInputStream());
        for (int i = 0; i < PIPELINED; i++) {
            assertEquals(NAMES, names(Answer.read(in, true)));
        }
        write(late, request("GET /v1/mirrors", "")); // it is read again
        assertEquals(NAMES, names(Answer.read(in, true)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/mirrors", "/v1/mirrors/events", "/q/metrics"})
    void whoDoesNotReadIsCut(String path) throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "500MS"));
        long before = open();
        for (int i = 0; i < 20; i++) {
            write(connect(), request("GET " + path, "").repeat(PIPELINED));
        }
        for (Socket each : sockets) {
            Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> isReset(each));
        }
        Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> open() <= before + 2); // it connects to itself
        assertEquals(200, ask("GET /q/health/live").status());
    }

    @Test
    void whoReadsSlowlyButSteadilyIsNotCut() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "1S"));
        Socket slow = connect();
        write(slow, request("GET /v1/mirrors", "Connection: close\r\n"));
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] some = new byte[2048];
        for (int read = slow.getInputStream().read(some); read >= 0; read = slow.getInputStream().read(some)) {
            all.write(some, 0, read);
            TimeUnit.MILLISECONDS.sleep(30); // the slowness is what is tested: 4 seconds in all
        }
        assertEquals(NAMES, names(Answer.read(new ByteArrayInputStream(all.toByteArray()), true)));
    }

    @Test
    void requestsAreAnsweredInTheirOrderHoweverTheyCome() throws Exception {
        start(Map.of());
        List<String> asked = List.of("GET /v1/mirrors", "HEAD /v1/mirrors", "GET /v1/mirrors/none", "GET /q/openapi",
                "GET /v1/mirrors/" + NAMES.get(0), "DELETE /v1/mirrors/" + NAMES.get(0), "HEAD /q/health/live",
                "GET /v1/mirrors");
        StringBuilder text = new StringBuilder();
        asked.forEach(each -> text.append(request(each, "")));
        for (int piece : new int[]{1, 7, 100, text.length()}) {
            Socket socket = connect();
            for (int at = 0; at < text.length(); at += piece) {
                write(socket, text.substring(at, Math.min(text.length(), at + piece)));
            }
            InputStream in = new BufferedInputStream(socket.getInputStream());
            List<Integer> statuses = new ArrayList<>();
            for (String each : asked) {
                Answer answer = Answer.read(in, !each.startsWith("HEAD"));
                statuses.add(answer.status());
                if (each.equals("GET /v1/mirrors")) {
                    assertEquals(NAMES, names(answer), piece + " bytes each");
                }
            }
            assertEquals(List.of(200, 200, 404, 200, 200, 204, 200, 200), statuses, piece + " bytes each");
        }
    }

    @Test
    void moreRequestsThanMayWaitAreTheEndOfTheirConnection() throws Exception {
        start(Map.of());
        Socket socket = connect();
        write(socket, request("GET /v1/mirrors/events", "") + request("GET /v1/mirrors", "").repeat(PIPELINED));
        assertThrows(IOException.class, () -> {
            Answer.read(new BufferedInputStream(socket.getInputStream()), true);
        });
    }

    @Test
    void headersOfRequestsThatWaitAreBoundedTogether() throws Exception {
        start(Map.of());
        for (int i = 0; i < 150; i++) {
            write(connect(), request("GET /v1/mirrors/events", "")
                    + request("GET /v1/mirrors", "a:\r\n".repeat(900)).repeat(PIPELINED - 1));
        }
        assertEquals(200, ask("GET /q/health/live").status());
        assertEquals(200, ask("GET /v1/mirrors").status());
        assertFalse(sidecar.log().contains("ERROR"), sidecar.log());
    }

    @Test
    void aLinkMayBeOpenedBehindAnotherAnswer() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "500MS"));
        Socket socket = connect();
        write(socket, request("GET /v1/mirrors", "") + new String(Upgrade.request(""), StandardCharsets.US_ASCII));
        InputStream in = new BufferedInputStream(socket.getInputStream());
        assertEquals(NAMES, names(Answer.read(in, true)));
        assertTrue(Upgrade.response(in).startsWith("HTTP/1.1 101"));
        byte[] abort = "{\"type\":\"abort\",\"source_database_id\":\"orders\"}".getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 3; i++) {
            socket.getOutputStream().write(ByteBuffer.allocate(6 + abort.length).put((byte) 0x81)
                    .put((byte) (0x80 | abort.length)).putInt(0).put(abort).array());
            int opcode = in.read();
            String said = new String(in.readNBytes(in.read()), StandardCharsets.US_ASCII);
            assertEquals(0x81, opcode, said);
            assertTrue(said.contains("\"aborted\""), said);
        }
    }

    @Test
    void theListEndsWithItsConnectionForWhoSpeaksHttp10() throws Exception {
        start(Map.of());
        for (String more : List.of("", "Connection: keep-alive\r\n")) {
            Socket socket = connect();
            write(socket, "GET /v1/mirrors HTTP/1.0\r\nHost: localhost\r\n" + more + "\r\n");
            String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(NAMES, names(all.substring(all.indexOf("\r\n\r\n"))), all.substring(0, 200));
        }
    }

    @Test
    void strangersWhoDoNotReadKeepNobodyOut(@TempDir Path temp) throws Exception {
        Path tokens = Files.writeString(temp.resolve("tokens"), "secret\n");
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", tokens.toString()));
        for (int i = 0; i < 300; i++) {
            write(connect(), request("GET /q/metrics", "").repeat(PIPELINED));
            if (i % 50 == 49) {
                assertEquals(200, ask("GET /q/health/live").status(), i + " opened");
            }
        }
    }

    /** What is answered over a connection of its own. */
    private Answer ask(String asked) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", sidecar.uri().getPort())) {
            socket.setSoTimeout(20_000);
            write(socket, request(asked, ""));
            return Answer.read(new BufferedInputStream(socket.getInputStream()), true);
        }
    }

    private static String request(String asked, String headers) {
        return asked + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** A connection whose kernel takes little that is not read. */
    private Socket connect() throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.setTcpNoDelay(true);
        socket.setReceiveBufferSize(RECEIVE_BUFFER);
        socket.setSoTimeout(20_000);
        socket.connect(new InetSocketAddress("127.0.0.1", sidecar.uri().getPort()), 20_000);
        return socket;
    }

    private void start(Map<String, String> environment) throws IOException {
        sidecar = process(environment);
    }

    private static SidecarProcess process(Map<String, String> environment) throws IOException {
        Map<String, String> all = new HashMap<>(environment);
        all.put("MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES", "0");
        return SidecarProcess.start(directory.resolve("data"), List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m"), all);
    }

    private static void send(String database, long lsn, RawClient source) throws Exception {
        byte[] whole = {1};
        Crc32c crc = Crc32c.of(ByteBuffer.wrap(whole));
        byte[] head = ChunkEncoder.head(new SnapshotIdentity(CLUSTER, new DatabaseId(database), lsn, 1, crc), 0, 1, crc,
                true);
        source.binary(ByteBuffer.allocate(head.length + 1).put(head).put(whole).array(), 64 * 1024);
    }

    private static List<String> names(Answer list) throws IOException {
        assertEquals(200, list.status());
        return names(new String(list.body(), StandardCharsets.UTF_8));
    }

    private static List<String> names(String list) throws IOException {
        return JSON.readTree(list).findValuesAsText("source_database_id");
    }

    /** Asks by writing: reading would make room for answers. */
    private static boolean isReset(Socket socket) {
        try {
            write(socket, "\r\n");
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /** How many sockets it has open. */
    private long open() throws IOException {
        long count = 0;
        try (DirectoryStream<Path> all = Files
                .newDirectoryStream(Path.of("/proc", String.valueOf(sidecar.pid()), "fd"))) {
            for (Path each : all) {
                count += isSocket(each) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean isSocket(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (NoSuchFileException e) {
            return false; // it was closed meanwhile
        }
    }

    private record Answer(int status, String head, byte[] body) {

        /** @throws EOFException if it is not there as a whole */
        static Answer read(InputStream in, boolean hasBody) throws IOException {
            String head = Upgrade.response(in);
            int status = Integer.parseInt(head.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
            Answer answer = new Answer(status, head, new byte[0]);
            if (!hasBody || status == 204) {
                return answer;
            }
            return new Answer(status, head, answer.header("transfer-encoding").equals("chunked")
                    ? chunks(in)
                    : exactly(in, Integer.parseInt(answer.header("content-length"))));
        }

        /** Empty, if there is none. */
        String header(String name) {
            return head.lines().filter(line -> line.toLowerCase().startsWith(name + ": ")).findFirst()
                    .map(line -> line.substring(name.length() + 2)).orElse("");
        }

        private static byte[] chunks(InputStream in) throws IOException {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            int length;
            do {
                StringBuilder line = new StringBuilder();
                for (int next = in.read(); next != '\n'; next = in.read()) {
                    if (next < 0) {
                        throw new EOFException(all.size() + " bytes");
                    }
                    line.append((char) next);
                }
                length = Integer.parseInt(line.toString().trim(), 16);
                all.write(exactly(in, length));
                exactly(in, 2);
            } while (length > 0);
            return all.toByteArray();
        }

        private static byte[] exactly(InputStream in, int length) throws IOException {
            byte[] bytes = in.readNBytes(length);
            if (bytes.length < length) {
                throw new EOFException(bytes.length + " of " + length + " bytes");
            }
            return bytes;
        }
    }
}
