package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.source.RawServer;

/** The spans of service and {@code send}, as a collector gets them, and what becomes of transfers when there is none. */
class TracingIT extends WithSidecar {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "00-" + TRACE + "-b7ad6b7169203331-01";

    private TraceCollector collector;

    @BeforeEach
    void collect() throws IOException {
        collector = new TraceCollector();
    }

    @AfterEach
    void stopCollecting() {
        collector.close();
    }

    @Test
    void theSpanOfTheSidecarIsAPartOfThatOfSendAndThatOfWhatStartedIt() throws Exception {
        start(collector.environment());
        assertEquals(0, send(collector.environment(), Map.of("TRACEPARENT", PARENT, "TRACESTATE", "ci=7")));

        Otlp.Span send = collector.await("mirror_bootstrap.send");
        Otlp.Span received = collector.await("mirror_bootstrap.receive");
        assertEquals(TRACE, send.trace());
        assertEquals("b7ad6b7169203331", send.parent());
        assertEquals("mirror-bootstrap-send", send.service());
        assertEquals(List.of("opened", "committed"), send.eventNames());
        assertEquals(TRACE, received.trace());
        assertEquals(send.id(), received.parent());
        assertEquals("mirror-bootstrap", received.service());
        assertEquals(2, received.kind(), "it serves");
        assertEquals(List.of("committed"), received.eventNames());
        assertEquals(Map.of("mirror_bootstrap.database", "db", "mirror_bootstrap.cluster", "c",
                "mirror_bootstrap.lsn", 42L, "mirror_bootstrap.size", 5L, "mirror_bootstrap.offset", 0L,
                "mirror_bootstrap.resumes", 0L, "mirror_bootstrap.transfer",
                send.attributes().get("mirror_bootstrap.transfer")), received.attributes());
        assertEquals(Set.of("of mine"), Set.copyOf(collector.tokens()));
        sidecar.assertLogged("transfer=" + send.attributes().get("mirror_bootstrap.transfer"));
    }

    @Test
    void checkpointLossAndResumptionAreEventsOfOneSpan() throws Exception {
        start(collector.environment(), Map.of("MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "1M"));
        TestSnapshot snapshot = TestSnapshot.random("orders", 16 * MIB);
        RawClient first = new RawClient(sidecar.uri(), Map.of("traceparent", PARENT));
        snapshot.opened(first);
        for (int i = 0; i < 8; i++) {
            snapshot.send(first, i * MIB, (i + 1) * MIB);
        }
        first.cut();
        sidecar.assertLogged("link lost: ");
        RawClient second = new RawClient(sidecar.uri());
        assertEquals(8 * MIB, snapshot.opened(second).offset());
        snapshot.committed(second, 8 * MIB);

        Otlp.Span span = collector.await("mirror_bootstrap.receive");
        assertEquals(TRACE, span.trace());
        assertEquals("b7ad6b7169203331", span.parent());
        assertTrue(span.eventNames().contains("checkpoint"), span::toString);
        Otlp.Event resumed = span.events().stream().filter(event -> event.name().equals("resumed")).findFirst()
                .orElseThrow();
        assertEquals(8L * MIB, resumed.attributes().get("mirror_bootstrap.offset"));
        assertEquals("committed", span.eventNames().get(span.events().size() - 1));
        assertEquals(1L, span.attributes().get("mirror_bootstrap.resumes"));
        assertEquals(0, span.status());
    }

    @Test
    void aSnapshotThatIsNotWhatItSaysIsAnError() throws Exception {
        start(collector.environment());
        TestSnapshot right = TestSnapshot.random("orders", 100);
        byte[] wrong = right.bytes().clone();
        wrong[7]++;
        TestSnapshot snapshot = new TestSnapshot(right.identity(), wrong);
        snapshot.send(new RawClient(sidecar.uri()));

        Otlp.Span span = collector.await("mirror_bootstrap.receive");
        assertEquals(2, span.status());
        assertEquals("snapshot_crc_mismatch", span.attributes().get("error.type"));
        assertEquals(List.of("failed"), span.eventNames());
    }

    @ParameterizedTest
    @ValueSource(strings = {"00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-zz", "ff-" + TRACE
            + "-b7ad6b7169203331-01", "%s%s%s%s%n"})
    void aSourceThatSaysNonsenseOfItsTraceHasOneOfItsOwn(String nonsense) throws Exception {
        start(collector.environment());
        TestSnapshot.random("orders", 100)
                .committed(
                        new RawClient(sidecar.uri(), Map.of("traceparent", nonsense, "tracestate", "x".repeat(2000))));
        Otlp.Span span = collector.await("mirror_bootstrap.receive");
        assertEquals("", span.parent());
        assertFalse(span.trace().equals(TRACE) || span.trace().matches("0+"), span::toString);
    }

    @Test
    void whatIsOpenWhenTheServiceEndsIsBrought() throws Exception {
        start(collector.environment());
        TestSnapshot snapshot = TestSnapshot.random("orders", 100);
        RawClient source = new RawClient(sidecar.uri());
        snapshot.opened(source);
        snapshot.send(source, 0, 60);
        assertEquals(143, sidecar.terminate());
        assertEquals(List.of("kept", "interrupted"), collector.await(1).get(0).eventNames());
    }

    @Test
    void aCollectorThatIsNotThereIsToldOnceAndTransfersGoOn() throws Exception {
        collector.answer(400);
        start(collector.environment());
        for (int i = 0; i < 3; i++) {
            TestSnapshot.random("db" + i, 100).committed(new RawClient(sidecar.uri()));
            int requests = i + 1;
            patiently().until(() -> collector.tokens().size() >= requests);
        }
        sidecar.assertLogged("spans cannot be brought to http://127.0.0.1:");
        assertEquals(1, sidecar.logged("spans cannot be brought").size());
        collector.answer(200);
        TestSnapshot.random("later", 100).committed(new RawClient(sidecar.uri()));
        sidecar.assertLogged("again, 3 are lost");
        assertEquals("later", collector.await(1).get(0).attributes().get("mirror_bootstrap.database"));
    }

    @Test
    void aCollectorThatNeverAnswersHoldsUpNeitherTransfersNorTheEnd() throws Exception {
        try (ServerSocket deaf = new ServerSocket(0)) {
            Map<String, String> environment = Map.of("OTEL_EXPORTER_OTLP_ENDPOINT",
                    "http://127.0.0.1:" + deaf.getLocalPort());
            start(environment);
            for (int i = 0; i < 20; i++) {
                TestSnapshot.random("db" + i, 100).committed(new RawClient(sidecar.uri()));
            }
            assertEquals(0, send(environment));
            assertEquals(143, sidecar.terminate());
        }
    }

    /** Of an answer without end no more is read than of any other, again and again. */
    @Test
    void aCollectorThatAnswersWithoutEndIsCutOff() throws Exception {
        AtomicInteger cut = new AtomicInteger();
        AtomicInteger all = new AtomicInteger();
        try (RawServer endless = new RawServer(out -> {
            out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] zeros = new byte[MIB];
            try {
                for (int i = 0; i < 256; i++) { // four times what the service may have
                    out.write(zeros);
                }
                all.incrementAndGet();
            } catch (IOException e) {
                cut.incrementAndGet();
            }
        })) {
            start(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", endless.url()));
            for (int i = 1; i <= 3; i++) {
                TestSnapshot.random("db" + i, 100).committed(new RawClient(sidecar.uri()));
                int requests = i;
                patiently().until(() -> cut.get() + all.get() >= requests);
            }
            assertEquals(0, all.get());
            assertFalse(sidecar.log().contains("spans cannot be brought"));
            assertEquals(143, sidecar.terminate());
        }
    }

    @Test
    void whatIsWrongWithTheSwitchIsToldAndStopsNothing() throws Exception {
        Map<String, String> environment = Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "secret");
        start(environment);
        sidecar.assertLogged("transfers are not traced: OTEL_EXPORTER_OTLP_ENDPOINT must be a URL");
        assertEquals(0, send(environment));
        String said = Files.readString(directory.resolve("err"));
        assertTrue(said.contains("what is sent is not traced: OTEL_EXPORTER_OTLP_ENDPOINT must be a URL"), said);
        assertFalse(said.contains("secret") || sidecar.log().contains("secret"));
    }

    @Test
    void withoutACollectorThereIsNoThreadForIt() throws Exception {
        assumeFalse(Files.isExecutable(Path.of(System.getProperty("native.image.path", ""))),
                "the native executable tells the system no names of threads");
        start(Map.of("OTEL_SERVICE_NAME", "mirror"));
        TestSnapshot.random("orders", 100).committed(new RawClient(sidecar.uri()));
        assertEquals(Set.of(), tracingThreads());
        start(collector.environment(), Map.of("MIRROR_BOOTSTRAP_DATA_DIR", directory.resolve("other").toString()));
        TestSnapshot.random("orders", 100).committed(new RawClient(sidecar.uri()));
        collector.await(1);
        assertFalse(tracingThreads().isEmpty());
    }

    @Test
    void sendThatIsNotTracedPassesOnWhatItIsAPartOf() throws Exception {
        start(collector.environment());
        assertEquals(0, send(Map.of("TRACEPARENT", PARENT)));
        Otlp.Span received = collector.await(1).get(0);
        assertEquals("mirror_bootstrap.receive", received.name());
        assertEquals("b7ad6b7169203331", received.parent());
    }

    /** The exit code. */
    @SafeVarargs
    private int send(Map<String, String>... environments) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "hello");
        ProcessBuilder send = SidecarProcess.command("send", file.toString(), "--url", sidecar.uri().toString(),
                "--cluster", "c", "--database", "db", "--lsn", "42");
        Stream.of(environments).forEach(send.environment()::putAll);
        Process process = send.redirectErrorStream(true).redirectOutput(directory.resolve("err").toFile()).start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return process.exitValue();
    }

    /** The system knows the beginning of their names. */
    private Set<String> tracingThreads() throws IOException {
        try (Stream<Path> threads = Files.list(sidecar.proc("task"))) {
            return threads.map(TracingIT::name)
                    .filter(name -> name.startsWith("BatchSp") || name.startsWith("spans to"))
                    .collect(Collectors.toSet());
        }
    }

    private static String name(Path thread) {
        try {
            return Files.readString(thread.resolve("comm")).strip();
        } catch (IOException e) {
            return ""; // it has ended meanwhile
        }
    }
}
