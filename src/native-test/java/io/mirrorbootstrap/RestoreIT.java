package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.protocol.RawClient;

/** The packaged {@code wait} with a command that restores the snapshot. */
@Timeout(120)
class RestoreIT extends WithSidecar {

    private static final int MIB = TestSnapshot.MIB;
    /** Capabilities: root without them may neither end what others run nor look at it. */
    private static final String NOT_OVER_OTHERS = "-kill,-sys_ptrace";

    private final List<Process> waiting = new ArrayList<>();
    private Path out;
    private Path err;

    @BeforeEach
    void startSidecar() throws IOException {
        out = directory.resolve("out");
        err = directory.resolve("err");
        start();
    }

    @AfterEach
    void stopWaiting() {
        waiting.forEach(Process::destroyForcibly);
    }

    @Test
    void aDirectoryIsRestoredAndItsSnapshotRemoved() throws Exception {
        Path source = Files.createDirectories(directory.resolve("source/base"));
        byte[] table = TestSnapshot.random("any", 3 * MIB).bytes();
        Files.write(source.resolve("16384"), table);
        Files.writeString(source.resolve("PG_VERSION"), "17\n");
        Path tar = directory.resolve("base.tar");
        assertEquals(0,
                new ProcessBuilder("tar", "-cf", tar.toString(), "-C", source.toString(), ".").start().waitFor());
        commit(TestSnapshot.of("orders", 7, Files.readAllBytes(tar)));
        Path restored = Files.createDirectory(directory.resolve("restored"));

        assertEquals(0,
                end(begin("--remove-after", "--unless", restored + "/PG_VERSION", "--", "tar", "-xvf", "-", "-C",
                        restored.toString())),
                this::said);

        assertArrayEquals(table, Files.readAllBytes(restored.resolve("16384")));
        assertEquals(List.of("./", "./16384", "./PG_VERSION"),
                Files.readString(out).lines().sorted().toList(), "standard output is the command's");
        assertTrue(said().contains("restored: tar has taken all " + Files.size(tar) + " bytes of "
                + file("orders.snapshot") + ", LSN 7, "), this::said);
        assertTrue(said().endsWith("removed: the snapshot of orders, LSN 7, 3.01 MiB\n"), this::said);
        assertFalse(Files.exists(file("orders.snapshot")));
        assertFalse(sidecar.get("/v1/mirrors").contains("recv_snapshots/orders.snapshot"));
        assertEquals(0, end(begin("--unless", restored + "/PG_VERSION", "--", "false")), this::said);
    }

    /** The command does not heed SIGTERM, and what it has started does not either. */
    @Test
    void aFlippedByteEndsTheCommandBeforeTheEndOfItsInput() throws Exception {
        commit(TestSnapshot.random("orders", 2 * MIB));
        flipLastByte();
        Path got = directory.resolve("got");
        Path ended = directory.resolve("ended");
        assertEquals(3, end(begin("--remove-after", "--", "sh", "-c",
                "trap '' TERM; (cat > " + got + "; touch " + ended + ") | cat; touch " + ended)), this::said);
        assertTrue(
                said().contains(file("orders.snapshot") + " is not what its manifest says: of 2097152 bytes CRC-32C "),
                this::said);
        assertTrue(Files.size(got) < 2 * MIB);
        assertFalse(Files.exists(ended));
        assertTrue(Files.exists(file("orders.snapshot")));
    }

    @Test
    void aSuccessorThatIsCommittedMeanwhileStays() throws Exception {
        TestSnapshot orders = TestSnapshot.random("orders", MIB);
        commit(orders);
        Path got = directory.resolve("got");
        Process wait = begin("--remove-after", "--", "sh", "-c", "cat > " + got + "; touch " + got + ".all; until [ -e "
                + got + ".go ]; do sleep 0.05; done");
        patiently().until(() -> Files.exists(directory.resolve("got.all")) || !wait.isAlive());
        TestSnapshot successor = TestSnapshot.of("orders", 43, new byte[1000]);
        commit(successor);
        Files.createFile(directory.resolve("got.go"));
        assertEquals(0, end(wait), this::said);
        assertArrayEquals(orders.bytes(), Files.readAllBytes(got));
        assertArrayEquals(successor.bytes(), Files.readAllBytes(file("orders.snapshot")));
        assertTrue(said().endsWith("the snapshot that was restored is gone: its successor stays, LSN 43\n"),
                this::said);
    }

    @Test
    void aSuccessorOnItsWayIsNotEnded() throws Exception {
        commit(TestSnapshot.random("orders", MIB));
        TestSnapshot successor = TestSnapshot.random("orders", 2 * MIB).at(43);
        RawClient source = new RawClient(sidecar.uri());
        successor.opened(source);
        source.binary(successor.chunk(0, MIB), MIB);
        TestSnapshot.answer(source);
        assertEquals(7, end(begin("--remove-after", "--", "cat")), this::said);
        assertTrue(said().endsWith("mirror-bootstrap: restored, but the snapshot is still there: a successor is "
                + "bootstrapping, and its transfer would be ended, too\n"), this::said);
        assertEquals(MIB, Files.size(out));
        assertEquals(MIB, Files.size(file("orders.snapshot")));
        assertEquals(MIB, Files.size(file("orders.partial")));
        source.close();
    }

    @ParameterizedTest
    @CsvSource({"TERM,143", "INT,130"})
    void aSignalEndsTheCommandAndWhatItStarted(String signal, int code) throws Exception {
        commit(TestSnapshot.random("orders", 2 * MIB));
        Path pids = directory.resolve("pids");
        Process wait = begin("--remove-after", "--", "sh", "-c", "echo $$ >> " + pids
                + "; trap '' TERM INT; sh -c 'echo $$ >> " + pids + "; while :; do sleep 0.1; done'; touch " + pids
                + ".end");
        List<ProcessHandle> running = running(pids, 2, wait);
        assertEquals(code, signalled(signal, String.valueOf(wait.pid()), wait), this::said);
        running.forEach(process -> assertTrue(!process.isAlive() || isDefunct(process), process::toString));
        assertFalse(Files.exists(directory.resolve("pids.end")));
        assertTrue(Files.exists(file("orders.snapshot")));
    }

    /** It runs as another user, as with sudo. */
    @ParameterizedTest
    @CsvSource({"true,3", "false,143"})
    void aCommandThatCannotBeEndedNeverSeesAnEndOfItsInput(boolean isWrong, int code) throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root may become another user");
        commit(TestSnapshot.random("orders", 2 * MIB));
        if (isWrong) {
            flipLastByte();
        }
        Path made = Files.createDirectory(directory.resolve("made"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxrwxrwx"));
        ProcessBuilder builder = command("--", "setpriv", "--reuid", "1", "--regid", "1", "--clear-groups", "sh", "-ec",
                "cd " + made
                        + "; echo $$ > pid; until [ -e go ]; do sleep 0.05; done; sh -c 'echo $$ > reader; exec cat' > new; mv new restored");
        builder.command().addAll(0,
                List.of("setsid", "setpriv", "--inh-caps", NOT_OVER_OTHERS, "--bounding-set", NOT_OVER_OTHERS));
        Process wait = run(builder);
        ProcessHandle command = running(made.resolve("pid"), 1, wait).get(0);
        if (!isWrong) {
            wait.destroy();
            patiently().until(() -> said().contains("cannot end process ") || !wait.isAlive());
        }
        Files.createFile(made.resolve("go"));
        patiently().until(() -> said().contains("cannot end process ") || !wait.isAlive());
        assertTrue(wait.isAlive(), this::said);
        assertTrue(said().contains("cannot end process " + command.pid() + " of user "), this::said);
        ProcessHandle reader = running(made.resolve("reader"), 1, wait).get(0); // who kills before it runs leaves it running
        Stream.of(command, reader).forEach(ProcessHandle::destroyForcibly);
        assertEquals(code, end(wait), this::said);
        assertFalse(Files.exists(made.resolve("restored")));
    }

    /** As a terminal, or {@code timeout}, sends it: the command may be the first to end, and with 0. */
    @Test
    void aSignalToTheWholeGroupRemovesNothing() throws Exception {
        commit(TestSnapshot.random("orders", MIB));
        Path pids = directory.resolve("pids");
        ProcessBuilder builder = command("--remove-after", "--", "sh", "-c",
                "trap 'exit 0' TERM; cat > /dev/null; echo $$ >> " + pids + "; while :; do sleep 0.1; done");
        builder.command().add(0, "setsid");
        Process wait = run(builder);
        running(pids, 1, wait);
        assertEquals(143, signalled("TERM", "-" + wait.pid(), wait), this::said);
        assertTrue(Files.exists(file("orders.snapshot")));
        assertFalse(said().contains("restored: "), this::said);
    }

    /** What {@code wait} sets for itself is not the command's. */
    @Test
    void theCommandHasTheLocaleOfItsCaller() throws Exception {
        commit(TestSnapshot.random("orders", 10));
        ProcessBuilder launcher = new ProcessBuilder("bin/mirror-bootstrap", "wait", "orders", "--url",
                sidecar.uri().toString(), "--", "sh", "-c", "echo \"<$LC_ALL> $MIRROR_SNAPSHOT_LSN\"");
        launcher.environment().putAll(Map.of("LC_ALL", "de_DE.UTF-8", "JAVA_HOME", System.getProperty("java.home")));
        assertEquals(0, end(run(launcher)), this::said);
        assertEquals("<de_DE.UTF-8> 42\n", Files.readString(out));
    }

    private void flipLastByte() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(file("orders.snapshot").toFile(), "rw")) {
            file.seek(file.length() - 1);
            int last = file.read();
            file.seek(file.length() - 1);
            file.write(last ^ 1);
        }
    }

    private int signalled(String signal, String processOrGroup, Process wait) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-s", signal, "--", processOrGroup).start().waitFor());
        return end(wait);
    }

    private static List<ProcessHandle> running(Path pids, int count, Process wait) throws IOException {
        patiently().until(() -> Files.exists(pids) && Files.readAllLines(pids).size() == count || !wait.isAlive());
        try (Stream<String> lines = Files.lines(pids)) {
            return lines.map(pid -> ProcessHandle.of(Long.parseLong(pid)).orElseThrow()).toList();
        }
    }

    private static boolean isDefunct(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/stat")).contains(") Z ");
        } catch (IOException e) {
            return true;
        }
    }

    private void commit(TestSnapshot snapshot) throws Exception {
        RawClient source = new RawClient(sidecar.uri());
        snapshot.committed(source);
        source.close();
    }

    private ProcessBuilder command(String... options) {
        List<String> arguments = new ArrayList<>(List.of("wait", "orders", "--url", sidecar.uri().toString()));
        arguments.addAll(List.of(options));
        ProcessBuilder command = SidecarProcess.command(arguments.toArray(String[]::new));
        command.command().addAll(0, List.of("env", "--default-signal")); // the build may ignore some, as below nohup
        return command;
    }

    private Process begin(String... options) throws IOException {
        return run(command(options));
    }

    private Process run(ProcessBuilder command) throws IOException {
        Process wait = command.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        waiting.add(wait);
        return wait;
    }

    private int end(Process wait) throws InterruptedException {
        assertTrue(wait.waitFor(60, TimeUnit.SECONDS), this::said);
        return wait.exitValue();
    }

    private String said() {
        try {
            return Files.readString(err, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
