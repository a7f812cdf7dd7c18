package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.protocol.RawClient;

/** What the native executable does before its runtime does anything, and where it ends: a JVM has other means for that. */
class NativeExecutableIT {

    /** Of /proc/PID/fdinfo: how a file is open, the last digit. */
    private static final Pattern FLAGS = Pattern.compile("flags:\\s+[0-7]*([0-7])");
    private static final Pattern LISTENING = Pattern.compile("Listening on: (http://[^\\s\"]+:\\d+)\\D");
    /** Runs a program as another processor would. */
    private static final Path EMULATOR = Path.of("/usr/bin/qemu-x86_64");
    /** Fewer than the service takes. */
    private static final int MOST_CONNECTIONS = 180;
    private static final int ENDED_BY_SIGTERM = 143;
    private static final int OUT_OF_MEMORY = 3;

    @TempDir
    Path directory;

    private final List<Process> started = new ArrayList<>();

    @BeforeAll
    static void thereIsOne() {
        assumeTrue(Files.isExecutable(executable()), "the packaged program is no native executable");
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (Process each : started) {
            each.destroyForcibly().waitFor();
        }
    }

    @Test
    void noFileTakesThePlaceOfAStandardDescriptorThatIsClosed() throws Exception {
        int port = FreePort.take();
        Process sidecar = start(service(List.of("sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"), port));
        HttpRequest ready = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/q/health/ready")).build();
        HttpClient http = HttpClient.newHttpClient();
        Awaitility.await().atMost(60, TimeUnit.SECONDS).ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> http.send(ready, HttpResponse.BodyHandlers.discarding()).statusCode() == 200);

        for (int descriptor = 0; descriptor <= 2; descriptor++) {
            Path process = Path.of("/proc", String.valueOf(sidecar.pid()));
            assertEquals(Path.of("/dev/null"),
                    Files.readSymbolicLink(process.resolve("fd").resolve(String.valueOf(descriptor))));
            Matcher flags = FLAGS
                    .matcher(Files.readString(process.resolve("fdinfo").resolve(String.valueOf(descriptor))));
            assertTrue(flags.find());
            assertEquals(descriptor == 0 ? "1" : "0", flags.group(1), "to be written: 1, to be read: 0");
        }
    }

    @Test
    void whatIsNotOpenIsNoSnapshot() throws Exception {
        try (SidecarProcess sidecar = SidecarProcess.start(directory.resolve("data"), List.of(), Map.of())) {
            Process send = start(new ProcessBuilder("sh", "-c", "exec \"$@\" <&-", "sh", executable().toString(),
                    "send", "-", "--url", sidecar.uri().toString(), "--cluster", "c", "--database", "db", "--lsn",
                    "1"));
            assertTrue(send.waitFor(60, TimeUnit.SECONDS));
            assertFalse(send.exitValue() == 0, () -> text(send));
            assertFalse(Files.exists(directory.resolve("data/recv_snapshots/db.snapshot")));
        }
    }

    /** It deciphers and counts as the JDK does, slowly. */
    @ParameterizedTest
    @ValueSource(strings = {"Conroe", "Westmere"})
    void anOlderProcessorSendsOverTls(String processor) throws Exception {
        assumeTrue(System.getProperty("os.arch").equals("amd64") && Files.isExecutable(EMULATOR),
                "there is no " + EMULATOR);
        TestAuthority authority = new TestAuthority(directory, "authority");
        byte[] whole = RandomBytes.random(3_000_001, 1);
        Path file = Files.write(directory.resolve("whole"), whole);
        try (SidecarProcess sidecar = SidecarProcess.start(directory.resolve("data"), List.of(),
                authority.serviceWithoutTrust())) {
            Process send = start(
                    new ProcessBuilder(EMULATOR.toString(), "-cpu", processor, executable().toString(), "send",
                            file.toString(), "--url", sidecar.secureUri().toString(), "--ca",
                            authority.file().toString(), "--cluster",
                            "c", "--database", "db", "--lsn", "1"));
            assertTrue(send.waitFor(120, TimeUnit.SECONDS));
            assertEquals(0, send.exitValue(), () -> text(send));
            assertArrayEquals(whole, Files.readAllBytes(directory.resolve("data/recv_snapshots/db.snapshot")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void aSignalBeforeTheRuntimeIsThereEndsAContainer(String signal) throws Exception {
        Path library = Preloaded.library("before_the_runtime");
        Process container = start(new ProcessBuilder(container("env", "--default-signal", // the build may ignore some
                "LD_PRELOAD=" + library,
                executable().toString(), "serve")));
        assertEquals("here\n", new String(container.getInputStream().readNBytes(5), StandardCharsets.US_ASCII));
        signal(signal, first(container));
        assertTrue(container.waitFor(20, TimeUnit.SECONDS), "the signal is lost");
        assertEquals(signal.equals("TERM") ? ENDED_BY_SIGTERM : 130, container.exitValue());
    }

    @Test
    void aContainerEndsInOrderOnceTheRuntimeIsThere() throws Exception {
        Process container = start(service(container(), 0));
        RawClient client = new RawClient(listening(container));
        signal("TERM", first(container));
        assertEquals(1012, client.closeCode());
        assertTrue(container.waitFor(SidecarProcess.SHUTDOWN_SECONDS, TimeUnit.SECONDS));
        assertEquals(ENDED_BY_SIGTERM, container.exitValue());
    }

    @Test
    void withoutAHeapItEnds() throws Exception {
        ProcessBuilder starved = service(List.of(), 0);
        starved.command().add("-Xmx2m");
        starved.environment().put("QUARKUS_HTTP_LIMITS_MAX_HEADER_SIZE", "256K"); // or what is open is bounded too well
        Process sidecar = start(starved);
        int port = listening(sidecar).getPort();
        List<Socket> all = new ArrayList<>();
        for (int i = 0; sidecar.isAlive() && i < MOST_CONNECTIONS; i++) {
            try {
                Socket socket = new Socket("127.0.0.1", port);
                all.add(socket);
                socket.getOutputStream().write(("GET / HTTP/1.1\r\n" + "a:\r\n".repeat(60_000))
                        .getBytes(StandardCharsets.US_ASCII));
            } catch (SocketException e) {
                assertFalse(all.isEmpty(), e.toString()); // cut as one too many, or it has ended meanwhile
            }
        }
        assertTrue(sidecar.waitFor(20, TimeUnit.SECONDS), "it lives on without a heap");
        for (Socket socket : all) {
            socket.close();
        }
        String said = text(sidecar);
        assertTrue(said.contains("Terminating due to java.lang.OutOfMemoryError"), said);
        assertEquals(OUT_OF_MEMORY, sidecar.exitValue());
    }

    /** {@code serve} on a loopback port, run by {@code runner}. */
    private ProcessBuilder service(List<String> runner, int port) {
        List<String> command = new ArrayList<>(runner);
        command.addAll(List.of(executable().toString(), "serve", "--port", String.valueOf(port), "--data-dir",
                directory.resolve("data").toString()));
        return new ProcessBuilder(command);
    }

    /** What starts {@code command} as process 1, in a namespace of processes of its own. */
    private static List<String> container(String... command) throws InterruptedException {
        List<String> alone = List.of("unshare", "--fork", "--pid", "--mount-proc", "--kill-child");
        List<String> tried = new ArrayList<>(alone);
        tried.add("true");
        assumeTrue(runs(tried.toArray(String[]::new)), "a namespace of processes cannot be made here");
        List<String> all = new ArrayList<>(alone);
        all.addAll(List.of(command));
        return all;
    }

    /** Process 1 of a container, by its number outside of it. */
    private static long first(Process container) {
        return container.children().findFirst().orElseThrow().pid();
    }

    /** Where the service can be met, once it says so. */
    private static URI listening(Process sidecar) throws IOException {
        StringBuilder said = new StringBuilder();
        while (true) {
            int next = sidecar.getInputStream().read();
            assertTrue(next >= 0, said.toString());
            Matcher listening = LISTENING.matcher(said.append((char) next));
            if (next == '\n' && listening.find()) {
                return URI.create(listening.group(1));
            }
        }
    }

    private static void signal(String name, long pid) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, String.valueOf(pid)).inheritIO().start().waitFor());
    }

    /** All that it says until it ends. */
    private static String text(Process process) {
        try {
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static Path executable() {
        return Path.of(System.getProperty("native.image.path", ""));
    }

    private Process start(ProcessBuilder builder) throws IOException {
        Process process = builder.redirectErrorStream(true).start();
        started.add(process);
        return process;
    }

    private static boolean runs(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
