package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.JsonMessages;

/** Answers that are large, and read slowly or not at all: they cost whoever asked, and nobody else. */
class AnswersIT extends WithSidecar {

    private static final int MIRRORS = 300;
    /** As long as it may be: a row of the list is longer than 800 bytes then, and the list longer than what kernels hold. */
    private static final String CLUSTER = "é".repeat(256);
    private static final int PIPELINED = 16;
    private static final int ROOM = 2048;
    private static final String LIST = request("GET /v1/mirrors");
    private static final List<String> VM_OPTIONS = List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m");
    private static final Map<String, String> ENVIRONMENT = Map.of("MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES", "0");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> NAMES = IntStream.range(0, MIRRORS)
            .mapToObj(i -> String.format("mirror-%03d-", i) + "x".repeat(110)).toList();

    /** One data directory for all tests: many snapshots take their time. */
    @TempDir
    static Path mirrors;
    /** For the tests that need no setting, until one does. */
    private static SidecarProcess shared;

    private final List<PlainSocket> sockets = new ArrayList<>();

    @BeforeAll
    static void prepare() throws Exception {
        RawClient source = new RawClient(shared().uri());
        for (String name : NAMES) {
            source.binary(snapshot(name, 1).chunk(), 64 * 1024);
        }
        for (int i = 0; i < MIRRORS; i++) {
            TestSnapshot.committed(TestSnapshot.answer(source));
        }
    }

    private static SidecarProcess shared() throws IOException {
        if (shared == null) {
            shared = SidecarProcess.start(mirrors.resolve("data"), VM_OPTIONS, ENVIRONMENT);
        }
        return shared;
    }

    @AfterAll
    static void stopShared() {
        if (shared != null) {
            shared.close();
            shared = null;
        }
    }

    @AfterEach
    void closeSockets() throws IOException {
        for (PlainSocket each : sockets) {
            each.close();
        }
    }

    private void useShared() throws IOException {
        sidecar = shared();
    }

    /** One that has a setting of its own, on the same directory. */
    private void startAnother(Map<String, String> settings) throws IOException {
        stopShared();
        start(ENVIRONMENT, settings);
    }

    @Override
    Path data() {
        return mirrors.resolve("data");
    }

    @Override
    List<String> vmOptions() {
        return VM_OPTIONS;
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /v1/mirrors", "HEAD /v1/mirrors", "GET /v1/mirrors/events", "GET /q/metrics",
            "GET /q/openapi", "GET /q/health"})
    void answersThatNobodyReadsKeepNobodyElseWaiting(String asked) throws Exception {
        useShared();
        for (int i = 0; i < 150; i++) {
            connect().write(request(asked).repeat(PIPELINED));
            if (i % 50 == 49) {
                assertEquals(200, ask("GET /q/health/live").status());
            }
        }
        assertEquals(200, ask("GET /q/health/ready").status());
        snapshot(NAMES.get(0), System.currentTimeMillis()).committed(new RawClient(sidecar.uri()));
        HttpAnswer list = ask("GET /v1/mirrors");
        assertEquals("application/json", list.header("content-type").replaceAll(";.*", ""));
        assertEquals(NAMES, names(list));
        assertFalse(sidecar.log().contains("ERROR"), sidecar.log());
    }

    @Test
    void metricsThatNobodyReadsAreFewAtATime() throws Exception {
        startAnother(Map.of("MIRROR_BOOTSTRAP_METRICS_DATABASES", String.valueOf(MIRRORS)));
        patiently().until(() -> {
            PlainSocket unread = PlainSocket.narrow(sidecar.uri(), ROOM);
            sockets.add(unread.write(request("GET /q/metrics"))); // it has no place if the question that follows comes first
            return sidecar.status("/q/metrics") == 503;
        });
        assertEquals(200, sidecar.status("/v1/mirrors"));
        assertEquals(200, sidecar.status("/q/health/live"));
        closeSockets();
        patiently().until(() -> sidecar.status("/q/metrics") == 200);
    }

    @Test
    void whatWasNotReadForAWhileIsThereWhenItIs() throws Exception {
        useShared();
        PlainSocket late = connect().write(LIST.repeat(PIPELINED));
        assertEquals(200, ask("GET /q/health/live").status());
        for (int i = 0; i < PIPELINED; i++) {
            assertEquals(NAMES, names(late.read()));
        }
        assertEquals(NAMES, names(late.write(LIST).read())); // it is read again
    }

    /** @param readers of metrics, more than that would be told that they are too many, and had nothing to read */
    @ParameterizedTest
    @CsvSource({"/v1/mirrors, 20", "/v1/mirrors/events, 20", "/q/metrics, 4"})
    void whoDoesNotReadIsCut(String path, int readers) throws Exception {
        startAnother(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "500MS"));
        long before = sidecar.sockets();
        for (int i = 0; i < readers; i++) {
            connect().write(request("GET " + path).repeat(PIPELINED));
        }
        for (PlainSocket each : sockets) {
            patiently().until(each::isReset);
        }
        patiently().until(() -> sidecar.sockets() <= before + 2); // it connects to itself
        assertEquals(200, ask("GET /q/health/live").status());
    }

    @Test
    void whoReadsSlowlyButSteadilyIsNotCut() throws Exception {
        startAnother(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "3S"));
        PlainSocket slow = connect().write(request("GET /v1/mirrors", "Connection: close"));
        InputStream in = slow.socket().getInputStream();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] some = new byte[2048];
        for (int read = in.read(some); read >= 0; read = in.read(some)) {
            all.write(some, 0, read);
            TimeUnit.MILLISECONDS.sleep(30); // the slowness is what is tested: 4 seconds in all
        }
        assertEquals(NAMES, names(HttpAnswer.read(new ByteArrayInputStream(all.toByteArray()), true)));
    }

    @Test
    void requestsAreAnsweredInTheirOrderHoweverTheyCome() throws Exception {
        useShared();
        List<String> asked = List.of("GET /v1/mirrors", "HEAD /v1/mirrors", "GET /v1/mirrors/none", "GET /q/openapi",
                "GET /v1/mirrors/" + NAMES.get(0), "DELETE /v1/mirrors/" + NAMES.get(0), "HEAD /q/health/live",
                "HEAD /v1/mirrors/events", "HEAD /v1/mirrors/" + NAMES.get(0) + "/events", "GET /v1/mirrors");
        StringBuilder text = new StringBuilder();
        asked.forEach(each -> text.append(request(each)));
        for (int piece : new int[]{1, 7, 100, text.length()}) {
            PlainSocket socket = connect();
            for (int at = 0; at < text.length(); at += piece) {
                socket.write(text.substring(at, Math.min(text.length(), at + piece)));
            }
            List<Integer> statuses = new ArrayList<>();
            for (String each : asked) {
                HttpAnswer answer = HttpAnswer.read(socket.in(), !each.startsWith("HEAD"));
                statuses.add(answer.status());
                if (each.equals("GET /v1/mirrors")) {
                    assertEquals(NAMES, names(answer), piece + " bytes each");
                }
            }
            assertEquals(List.of(200, 200, 404, 200, 200, 204, 200, 200, 200, 200), statuses, piece + " bytes each");
        }
    }

    @Test
    void moreRequestsThanMayWaitAreTheEndOfTheirConnection() throws Exception {
        useShared();
        PlainSocket socket = connect().write(request("GET /v1/mirrors/events") + LIST.repeat(PIPELINED));
        assertThrows(IOException.class, socket::read);
    }

    @Test
    void headersOfRequestsThatWaitAreBoundedTogether() throws Exception {
        useShared();
        String large = request("GET /v1/mirrors", "a:\r\n".repeat(899) + "a:");
        for (int i = 0; i < 150; i++) {
            connect().write(request("GET /v1/mirrors/events") + large.repeat(PIPELINED - 1));
        }
        assertEquals(200, ask("GET /q/health/live").status());
        assertEquals(200, ask("GET /v1/mirrors").status());
        assertFalse(sidecar.log().contains("ERROR"), sidecar.log());
    }

    @Test
    void aLinkMayBeOpenedBehindAnotherAnswer() throws Exception {
        startAnother(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "500MS"));
        PlainSocket socket = connect().write(LIST).write(Upgrade.request(""));
        assertEquals(NAMES, names(socket.read()));
        assertEquals(101, socket.read().status());
        for (int i = 0; i < 3; i++) {
            socket.write(Frame.text(TestSnapshot.random("orders", 1).abort()).bytes());
            Frame said = Frame.read(socket.in());
            while (said.head() == Frame.PING) { // the machine is busy
                said = Frame.read(socket.in());
            }
            assertEquals(Frame.TEXT, said.head(), said.text());
            assertInstanceOf(Answer.Aborted.class, JsonMessages.answer(said.text()));
        }
    }

    @Test
    void theListEndsWithItsConnectionForWhoSpeaksHttp10() throws Exception {
        useShared();
        for (String more : List.of("", "Connection: keep-alive\r\n")) {
            String all = connect().write("GET /v1/mirrors HTTP/1.0\r\nHost: localhost\r\n" + more + "\r\n").rest();
            assertEquals(NAMES, names(all.substring(all.indexOf("\r\n\r\n"))), all.substring(0, 200));
        }
    }

    @Test
    void strangersWhoDoNotReadKeepNobodyOut() throws Exception {
        startAnother(tokens("secret\n"));
        for (int i = 0; i < 300; i++) {
            connect().write(request("GET /q/metrics").repeat(PIPELINED));
            if (i % 50 == 49) {
                assertEquals(200, ask("GET /q/health/live").status(), i + " opened");
            }
        }
    }

    /** What is answered over a connection of its own. */
    private HttpAnswer ask(String asked) throws IOException {
        return PlainSocket.ask(sidecar.uri(), asked);
    }

    private static String request(String asked, String... headers) {
        return PlainSocket.request(asked, "Host: localhost" + (headers.length == 0 ? "" : "\r\n" + headers[0]));
    }

    /** A connection whose kernel takes little that is not read. */
    private PlainSocket connect() throws IOException {
        PlainSocket socket = PlainSocket.narrow(sidecar.uri(), ROOM);
        sockets.add(socket);
        return socket;
    }

    private static TestSnapshot snapshot(String database, long lsn) {
        TestSnapshot one = TestSnapshot.of(database, lsn, new byte[]{1});
        return new TestSnapshot(new SnapshotIdentity(CLUSTER, one.identity().database(), lsn, 1,
                one.identity().totalCrc32c()), one.bytes());
    }

    private static List<String> names(HttpAnswer list) throws IOException {
        assertEquals(200, list.status());
        return names(list.text());
    }

    private static List<String> names(String list) throws IOException {
        return JSON.readTree(list).findValuesAsText("source_database_id");
    }
}
