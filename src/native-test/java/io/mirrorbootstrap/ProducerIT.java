package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the packaged {@code send} makes of a command or a pipe that fails, ends early, or has nothing to say. */
@Timeout(120)
class ProducerIT {

    @TempDir
    static Path shared;
    private static Path data;
    private static SidecarProcess sidecar;

    @TempDir
    Path directory;
    private final String database = "db-" + UUID.randomUUID();
    private final List<Process> started = new ArrayList<>();
    private Path err;

    @BeforeAll
    static void start() throws IOException {
        data = Files.createDirectory(shared.resolve("data"));
        sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), Map.of());
    }

    @BeforeEach
    void files() {
        err = directory.resolve("err");
    }

    @AfterAll
    static void stop() {
        sidecar.close();
    }

    @AfterEach
    void end() {
        started.forEach(Process::destroyForcibly);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"exit 3|ended with status 3", "kill -9 $$|SIGKILL (status 137)",
            "head -c 5000000 /dev/zero; exit 1|ended with status 1",
            "head -c 5000000 /dev/zero; kill -9 $$|SIGKILL (status 137)",
            "echo x; exec >&-; sleep 0.5; exit 7|ended with status 7",
            "echo x; sleep 1000 & exit 8|ended with status 8"})
    void aCommandThatFailsChangesNothing(String script, String end) throws Exception {
        Path good = good();
        assertEquals(6, send(2, "--", "sh", "-c", script), this::said);
        assertTrue(said().contains("sh ") && said().contains(end), this::said);
        unchanged(good);
        assertFalse(Files.exists(file(".partial")), "it was not aborted");
    }

    @Test
    void allThatACommandHasStartedMustHaveEnded() throws Exception {
        assertEquals(0, send(1, "--", "sh", "-c", "echo first; (sleep 1; echo last) & exit 0"), this::said);
        assertEquals("first\nlast\n", Files.readString(file(".snapshot")));
    }

    @Test
    void aLargeOutputIsCommittedByteForByte() throws Exception {
        Path large = Files.writeString(directory.resolve("large"), SidecarProcess.class.getName().repeat(200_000));
        assertEquals(0, send(1, "--", "cat", large.toString()), this::said);
        assertEquals(-1, Files.mismatch(large, file(".snapshot")));
    }

    @Test
    void theArgumentsOfACommandAreItsOwn() throws Exception {
        assertEquals(0, send(1, "--", "echo", "@" + err, "--url", "--", "-x"), this::said);
        assertEquals("@" + err + " --url -- -x\n", Files.readString(file(".snapshot")));
    }

    @Test
    void aCommandReadsTheStandardInputOfSend() throws Exception {
        assertEquals(0, send("hello", 1, "--", "cat"), this::said);
        assertEquals("hello", Files.readString(file(".snapshot")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/no/such/program", "no-such-program", "/etc/passwd", "script"})
    void aCommandThatCannotBeStartedIsAUsageError(String program) throws Exception {
        Path script = Files.writeString(directory.resolve("script"), "#!/no/such/interpreter\n");
        assertTrue(script.toFile().setExecutable(true));
        Path good = good();
        assertEquals(2, send(2, "--", program.equals("script") ? script.toString() : program), this::said);
        unchanged(good);
    }

    @Test
    void nothingIsNoSnapshot() throws Exception {
        Path good = good();
        Path empty = Files.createFile(directory.resolve("empty"));
        for (String[] input : new String[][]{{"-"}, {empty.toString()}, {"/dev/null"}, {"/proc/self/status"},
                {"/proc/self/status", "--allow-empty"}, {"--", "true"}}) {
            assertEquals(2, send(2, input), this::said);
            assertEquals(1, said().lines().filter(line -> line.startsWith("mirror-bootstrap: ")).count(), said());
            unchanged(good);
        }
        assertEquals(0, send(2, "-", "--allow-empty"), this::said);
        assertEquals(0, Files.size(file(".snapshot")));
    }

    @Test
    void anEmptySnapshotIsNotTakenForAStreamOfTheSameLsn() throws Exception {
        assertEquals(0, send(2, "-", "--allow-empty"), this::said);
        assertEquals(0, send(2, "--", "echo", "not empty"), this::said);
        assertEquals("not empty\n", Files.readString(file(".snapshot")));
    }

    @ParameterizedTest
    @CsvSource({"TERM,143", "INT,130", "HUP,129"})
    void aSignalReachesTheCommandAndWhatItStarted(String signal, int code) throws Exception {
        Path pids = directory.resolve("pids");
        Process send = run(command(1, "--", "sh", "-c", pipeline(pids)));
        List<ProcessHandle> producers = producers(pids, send);
        assertEndsWith(code, signal, String.valueOf(send.pid()), send);
        gone(producers);
    }

    /** As a terminal that hangs up, or {@code timeout}, sends it: the command may be the first to end, and with 0. */
    @ParameterizedTest
    @CsvSource({"TERM,143", "HUP,129"})
    void aSignalToTheWholeGroupCommitsNothing(String signal, int code) throws Exception {
        Path waits = directory.resolve("waits");
        ProcessBuilder builder = command(1, "--", "sh", "-c",
                "trap 'exit 0' TERM HUP; head -c 3000000 /dev/zero; echo > "
                        + waits + "; sleep 100 & wait");
        builder.command().add(0, "setsid");
        Process send = run(builder);
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> Files.exists(waits));
        assertEndsWith(code, signal, "-" + send.pid(), send);
    }

    private void assertEndsWith(int code, String signal, String processOrGroup, Process send) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-s", signal, "--", processOrGroup).start().waitFor());
        assertTrue(send.waitFor(60, TimeUnit.SECONDS));
        assertEquals(code, send.exitValue(), this::said);
        assertFalse(Files.exists(file(".snapshot")));
    }

    @Test
    void aCommandDoesNotOutliveALinkThatIsLostForGood() throws Exception {
        Path pids = directory.resolve("pids");
        Path other = Files.createDirectory(directory.resolve("data"));
        try (SidecarProcess mortal = SidecarProcess.start(other, List.of("-Xmx64m"), Map.of())) {
            Process send = run(SidecarProcess.command("send", "--url", mortal.uri().toString(), "--cluster", "c",
                    "--database", "d", "--lsn", "1", "--give-up-after", "2", "--", "sh", "-c", pipeline(pids)));
            List<ProcessHandle> producers = producers(pids, send);
            Path partial = other.resolve("recv_snapshots/d.partial");
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> Files.exists(partial));
            mortal.kill();
            assertTrue(send.waitFor(60, TimeUnit.SECONDS));
            assertEquals(4, send.exitValue(), this::said);
            gone(producers);
        }
    }

    @Test
    void aCommandIsNotStartedForASidecarThatDoesNotLetItIn() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "right-and-long-enough-0123456789\n");
        Path wrong = Files.writeString(directory.resolve("wrong"), "wrong-and-long-enough-0123456789\n");
        Path mark = directory.resolve("mark");
        try (SidecarProcess guarded = SidecarProcess.start(Files.createDirectory(directory.resolve("data")),
                List.of("-Xmx64m"), Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", token.toString()))) {
            Process send = run(SidecarProcess.command("send", "--url", guarded.uri().toString(), "--token-file",
                    wrong.toString(), "--cluster", "c", "--database", "d", "--lsn", "1", "--", "touch",
                    mark.toString()));
            assertTrue(send.waitFor(60, TimeUnit.SECONDS));
            assertEquals(3, send.exitValue(), this::said);
        }
        assertFalse(Files.exists(mark));
    }

    @Test
    void aResultThatCannotBeWrittenIsNoSuccess() throws Exception {
        Path full = Path.of("/dev/full");
        Path file = Files.writeString(directory.resolve("file"), "hello");
        Process send = run(command(1, file.toString()).redirectOutput(full.toFile()));
        assertTrue(send.waitFor(60, TimeUnit.SECONDS));
        assertEquals(1, send.exitValue(), this::said);
        assertTrue(said().contains("standard output"), this::said);
        Process wait = run(SidecarProcess.command("wait", "--database", database, "--url", sidecar.uri().toString())
                .redirectOutput(full.toFile()));
        assertTrue(wait.waitFor(60, TimeUnit.SECONDS));
        assertEquals(1, wait.exitValue(), this::said);
    }

    /** Two processes that write without end, under a shell; they note their numbers, and do not heed SIGTERM. */
    private static String pipeline(Path pids) {
        return "echo $$ >> " + pids + "; sh -c 'echo $$ >> " + pids
                + "; trap \"\" TERM HUP INT; while :; do echo yes; done' | cat";
    }

    private static List<ProcessHandle> producers(Path pids, Process send) {
        Awaitility.await().atMost(60, TimeUnit.SECONDS)
                .until(() -> Files.exists(pids) && Files.readAllLines(pids).size() == 2 || !send.isAlive());
        try (Stream<String> lines = Files.lines(pids)) {
            List<ProcessHandle> all = lines.map(pid -> ProcessHandle.of(Long.parseLong(pid)).orElseThrow()).toList();
            assertEquals(2, all.size());
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void gone(List<ProcessHandle> producers) {
        producers.forEach(producer -> {
            // what is dead, and waits for the machine's first process to see that, is gone
            assertTrue(!producer.isAlive() || isDefunct(producer), producer::toString);
        });
    }

    private static boolean isDefunct(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/stat")).contains(") Z ");
        } catch (IOException e) {
            return true;
        }
    }

    private Path good() throws Exception {
        Path good = Files.write(directory.resolve("good"), new byte[2_000_000]);
        assertEquals(0, send(1, good.toString()), this::said);
        return good;
    }

    private void unchanged(Path good) throws Exception {
        assertEquals(-1, Files.mismatch(good, file(".snapshot")), this::said);
        String mirror = sidecar.get("/v1/mirrors/" + database);
        assertTrue(mirror.contains("\"following\"") && mirror.contains("\"snapshot_lsn\":1,"), mirror);
    }

    private Path file(String suffix) {
        return data.resolve("recv_snapshots/" + database + suffix);
    }

    private String said() {
        try {
            return Files.readString(err);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private int send(long lsn, String... input) throws Exception {
        return send("", lsn, input);
    }

    /** @param text its standard input */
    private int send(String text, long lsn, String... input) throws Exception {
        Path in = Files.writeString(directory.resolve("in"), text);
        Process send = run(command(lsn, input).redirectInput(in.toFile()));
        assertTrue(send.waitFor(60, TimeUnit.SECONDS), this::said);
        return send.exitValue();
    }

    private ProcessBuilder command(long lsn, String... input) {
        List<String> arguments = new ArrayList<>(List.of("send", "--url", sidecar.uri().toString(), "--cluster", "c",
                "--database", database, "--lsn", String.valueOf(lsn)));
        arguments.addAll(List.of(input));
        ProcessBuilder command = SidecarProcess.command(arguments.toArray(String[]::new));
        command.command().addAll(0, List.of("env", "--default-signal")); // the build may ignore some, as below nohup
        return command;
    }

    private Process run(ProcessBuilder command) throws IOException {
        if (command.redirectOutput() == ProcessBuilder.Redirect.PIPE) {
            command.redirectOutput(directory.resolve("out").toFile());
        }
        Process process = command.redirectError(err.toFile()).start();
        started.add(process);
        return process;
    }
}
