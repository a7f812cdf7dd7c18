package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code bin/mirror-bootstrap}: what it was given by whoever started it, and as the first process of a container. */
@Timeout(120)
class LauncherIT {

    private static final int SIGTERM = 15;

    @TempDir
    Path directory;

    private final List<Process> started = new ArrayList<>();
    private Path out;
    private Path err;

    @BeforeEach
    void files() {
        out = directory.resolve("out");
        err = directory.resolve("err");
    }

    @AfterEach
    void end() {
        started.forEach(Process::destroyForcibly);
    }

    @ParameterizedTest
    @ValueSource(strings = {"<&-", "0>/dev/null", "<&- >&-", "</tmp"})
    void whatCannotBeReadIsNotSent(String redirection) throws Exception {
        Path data = Files.createDirectory(directory.resolve("data"));
        try (SidecarProcess sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), Map.of())) {
            List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" " + redirection, "sh"));
            command.addAll(launcher(send(sidecar, "-")));
            assertEquals(2, ended(command), this::said);
            assertTrue(said().contains("standard input is closed, or cannot be read"), this::said);
            assertFalse(Files.exists(data.resolve("recv_snapshots/d.snapshot")));
        }
    }

    @Test
    void aClosedStandardOutputIsNoSuccess() throws Exception {
        Path data = Files.createDirectory(directory.resolve("data"));
        try (SidecarProcess sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), Map.of())) {
            Path file = Files.writeString(directory.resolve("file"), "hello");
            for (String redirection : List.of(">&-", ">&- 2>&-", "<&- >&- 2>&-")) {
                List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" " + redirection, "sh"));
                command.addAll(launcher(send(sidecar, file.toString())));
                assertEquals(1, ended(command), redirection);
            }
            assertEquals("hello", Files.readString(data.resolve("recv_snapshots/d.snapshot")));
        }
    }

    @Test
    void itEndsWhenItHasSaidWhatHasBecomeOfTheSnapshot() throws Exception {
        Path data = Files.createDirectory(directory.resolve("data"));
        try (SidecarProcess sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), Map.of())) {
            Path file = Files.writeString(directory.resolve("file"), "hello");
            List<String> command = new ArrayList<>(List.of("env",
                    "JAVA_OPTS=-Dio.netty.globalEventExecutor.quietPeriodSeconds=3600")); // how long its last thread waits for more
            command.addAll(launcher(send(sidecar, file.toString())));
            assertEquals(0, ended(command), this::said);
        }
    }

    @Test
    void theDemoSaysWhatItSendsAndHowToRemoveIt() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "hello");
        assertEquals(0, ended(launcher("demo", "--rate", "1M", file.toString())), this::said);
        String said = said();
        assertTrue(Pattern.compile("(?m)^watch it at http://127\\.0\\.0\\.1:\\d+/ with a browser").matcher(said).find(),
                said);
        String remove = said.lines().filter(line -> line.startsWith("remove it:")).findFirst().orElseThrow();
        assertEquals(0, ended(List.of("sh", "-c", remove.substring("remove it:".length()))), this::said);
        assertTrue(Pattern.compile("(?m)^a source sends " + file + " as database demo of demo-cluster, LSN \\d+$")
                .matcher(said).find(), said);
    }

    @ParameterizedTest
    @CsvSource({"1,TERM", "20,TERM", "100,TERM", "1000,TERM", "20,INT", "1000,INT"})
    void theFirstProcessOfAContainerEndsWheneverItIsTold(long millis, String signal) throws Exception {
        Process container = container(launcher("serve", "--port", "0", "--data-dir",
                directory.resolve("data").toString()));
        ProcessHandle first = Awaitility.await().atMost(30, TimeUnit.SECONDS)
                .until(() -> container.children().filter(LauncherIT::handlesSigterm).findFirst().orElse(null),
                        found -> found != null);
        assertEquals(Path.of("/bin/sh").toRealPath(), Path.of("/proc/" + first.pid() + "/exe").toRealPath(),
                "a signal before this would have been lost");
        TimeUnit.MILLISECONDS.sleep(millis); // not awaited: whatever it is doing then
        assertEquals(0, new ProcessBuilder("kill", "-s", signal, String.valueOf(first.pid())).start().waitFor());
        assertTrue(container.waitFor(SidecarProcess.SHUTDOWN_SECONDS, TimeUnit.SECONDS), "the signal was lost");
        assertEquals(128 + SIGTERM, container.exitValue(), this::said);
    }

    @ParameterizedTest
    @CsvSource({"0,--version", "2,--no-such-option"})
    void theFirstProcessOfAContainerHasTheExitCodeOfTheProgram(int code, String option) throws Exception {
        Process container = container(launcher("send", option));
        assertTrue(container.waitFor(60, TimeUnit.SECONDS));
        assertEquals(code, container.exitValue(), this::said);
    }

    @Test
    void theFirstProcessOfAContainerSendsItsStandardInput() throws Exception {
        Path data = Files.createDirectory(directory.resolve("data"));
        try (SidecarProcess sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), Map.of())) {
            Process container = container(launcher(send(sidecar, "-")));
            try (var in = container.getOutputStream()) {
                in.write("hello".getBytes());
            }
            assertTrue(container.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, container.exitValue(), this::said);
            assertEquals("hello", Files.readString(data.resolve("recv_snapshots/d.snapshot")));
        }
    }

    @ParameterizedTest
    @CsvSource({"2,''", "3,-XX:CICompilerCount=3"})
    void howManyThreadsCompileIsNotForTheNodeToSay(int threads, String options) throws Exception {
        assumeJvm("the executable compiles nothing");
        List<String> command = new ArrayList<>(List.of("env",
                "JAVA_OPTS=-XX:ActiveProcessorCount=64 -XX:+PrintFlagsFinal " + options));
        command.addAll(launcher("--version"));
        assertEquals(0, ended(command), this::said);
        assertTrue(Pattern.compile("\\bCICompilerCount += " + threads + " ").matcher(said()).find(), this::said);
    }

    @ParameterizedTest
    @CsvSource({"JAVA_OPTS,-XX:+UseParallelGC,UseParallelGC", "JAVA_TOOL_OPTIONS,-XX:+UseParallelGC,UseParallelGC",
            "JAVA_OPTS,-Xmx32m,UseSerialGC"})
    void theCallersCollectorIsTaken(String variable, String options, String used) throws Exception {
        assumeJvm("the executable has one collector");
        List<String> command = new ArrayList<>(List.of("env", "JDK_JAVA_OPTIONS=-XX:+PrintFlagsFinal",
                variable + "=" + options));
        command.addAll(launcher("--version"));
        assertEquals(0, ended(command), this::said);
        assertTrue(Pattern.compile("\\b" + used + " += true ").matcher(said()).find(), this::said);
    }

    @Test
    void whatIsKeptOfClassesIsUsed() throws Exception {
        assertTrue(usesKeptClasses(Path.of("").toAbsolutePath()));
    }

    @Test
    void whatIsDamagedOfThemIsPassedOverInSilence() throws Exception {
        assumeJvm("the executable keeps none, and where it alone was built there is no jar");
        List<String> copy = List.of("sh", "-c",
                "cp -r bin \"$0\" && mkdir \"$0/target\" && cp -a target/quarkus-app \"$0/target\""
                        + " && cd \"$0/target/quarkus-app\" && rm -f classes-* && echo damaged > \"$1\"",
                directory.toString(),
                "classes-" + System.getProperty("java.runtime.version"));
        assertEquals(0, ended(copy), this::said);
        assertFalse(usesKeptClasses(directory));
    }

    /** @param otherwise why the executable is not asked */
    private static void assumeJvm(String otherwise) {
        assumeFalse(SidecarProcess.isNative(), otherwise);
    }

    private boolean usesKeptClasses(Path home) throws Exception {
        assumeJvm("the executable has its classes in it");
        Path loaded = directory.resolve("loaded");
        assertEquals(0, ended(List.of("env", "JAVA_OPTS=-Xlog:class+load:file=" + loaded,
                home.resolve("bin/mirror-bootstrap").toString(), "--version")), this::said);
        assertEquals(List.of("mirror-bootstrap", "protocol"),
                said().lines().map(line -> line.split(" ")[0]).toList());
        return Files.readAllLines(loaded).stream().anyMatch(
                line -> line.contains(" io.mirrorbootstrap.") && line.contains("source: shared objects file"));
    }

    @Test
    void itFindsItsHomeWhereverTheCallersShellLooksForDirectories() throws Exception {
        Path other = Files.createDirectories(directory.resolve("other/bin"));
        List<String> command = new ArrayList<>(List.of("env", "CDPATH=" + other.getParent()));
        command.addAll(launcher("--version"));
        assertEquals(0, ended(command), this::said);
    }

    /** Whether a process catches SIGTERM: until then it is not known to its system, and lost on a first process. */
    private static boolean handlesSigterm(ProcessHandle process) {
        try {
            return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                    .filter(line -> line.startsWith("SigCgt:"))
                    .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).trim(), 16) >> SIGTERM - 1 & 1) != 0);
        } catch (IOException e) {
            return false; // gone
        }
    }

    private static String[] send(SidecarProcess sidecar, String file) {
        return new String[]{"send", file, "--url", sidecar.uri().toString(), "--cluster", "c", "--database", "d",
                "--lsn", "1"};
    }

    private static List<String> launcher(String... arguments) {
        List<String> command = new ArrayList<>(List.of("bin/mirror-bootstrap"));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The command as the first process of a name space of processes. */
    private Process container(List<String> command) throws Exception {
        List<String> unshare = List.of("unshare", "-fp", "--kill-child", "--mount-proc");
        assumeTrue(isPossible(unshare), "there are no name spaces of processes here for " + unshare);
        List<String> all = new ArrayList<>(List.of("env", "--default-signal")); // the build may ignore some, as in the background
        all.addAll(unshare);
        all.addAll(command);
        return start(all);
    }

    private static boolean isPossible(List<String> unshare) throws InterruptedException {
        List<String> command = new ArrayList<>(unshare);
        command.add("true");
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException e) {
            return false; // there is no such program
        }
    }

    private int ended(List<String> command) throws Exception {
        Process process = start(command);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), this::said);
        return process.exitValue();
    }

    private Process start(List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putIfAbsent("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private String said() {
        try {
            return Files.readString(err) + Files.readString(out);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
