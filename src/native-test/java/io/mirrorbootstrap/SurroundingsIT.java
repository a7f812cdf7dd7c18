package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The mask, the locale, the terminal and the group of whoever starts the program change nothing of what it does. */
@Timeout(180)
class SurroundingsIT {

    private static final Pattern LISTENING = Pattern.compile("Listening on: (http://127\\.0\\.0\\.1:\\d+)\\D");

    /** PostgreSQL's, or whose the mirror is: any that is not the one of this process. */
    private static final int ANOTHER_GROUP = 54321;

    @TempDir
    Path directory;

    private Process service;

    @AfterEach
    void stop() throws InterruptedException {
        if (service != null) {
            service.destroy();
            if (!service.waitFor(SidecarProcess.SHUTDOWN_SECONDS, TimeUnit.SECONDS)) {
                service.destroyForcibly();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"000", "022", "027", "077"})
    void theGroupReadsWhateverTheMaskIs(String mask) throws Exception {
        Path data = directory.resolve("not/there/yet");
        String url = serve(List.of("sh", "-c", "umask " + mask + "; exec \"$@\"", "sh"), Map.of(), "--data-dir",
                data.toString());
        send(url, Files.writeString(directory.resolve("file"), "hello"));
        Map<String, String> modes = new TreeMap<>();
        for (Path made : List.of(data.getParent().getParent(), data, data.resolve("recv_snapshots"),
                data.resolve(".mirror-bootstrap.lock"), snapshot(data),
                data.resolve("recv_snapshots/orders.manifest.json"))) {
            modes.put(directory.relativize(made).toString(),
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(made)));
        }
        assertEquals(Map.of("not", "rwxr-x---", "not/there/yet", "rwxr-x---", "not/there/yet/recv_snapshots",
                "rwxr-x---", "not/there/yet/.mirror-bootstrap.lock", "rw-r-----",
                "not/there/yet/recv_snapshots/orders.snapshot", "rw-r-----",
                "not/there/yet/recv_snapshots/orders.manifest.json", "rw-r-----"), modes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"022", "077"})
    void whatIsMadeBelongsToTheGroupOfADataDirectoryThatPassesItOn(String mask) throws Exception {
        Path data = Files.createDirectory(directory.resolve("data"));
        try {
            Files.setAttribute(data, "unix:gid", ANOTHER_GROUP);
            Files.setAttribute(data, "unix:mode", 02750);
        } catch (IOException e) {
            assumeTrue(false, "only root gives a file to a group that it is not in: " + e);
        }
        String url = serve(List.of("sh", "-c", "umask " + mask + "; exec \"$@\"", "sh"), Map.of(), "--data-dir",
                data.toString());
        send(url, Files.writeString(directory.resolve("file"), "hello"));
        for (Path made : List.of(data.resolve("recv_snapshots"), snapshot(data),
                data.resolve("recv_snapshots/orders.manifest.json"))) {
            assertEquals(ANOTHER_GROUP, Files.getAttribute(made, "unix:gid"), made::toString);
        }
        assertEquals(02750, (int) Files.getAttribute(data.resolve("recv_snapshots"), "unix:mode") & 07777);
        assertEquals(0640, (int) Files.getAttribute(snapshot(data), "unix:mode") & 07777);
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "POSIX", "ar_EG.UTF-8", "tr_TR.UTF-8", "no_such.locale"})
    void namesThatAreNotAsciiAndDigitsAreTheSameInEachLocale(String locale) throws Exception {
        // the names are made by a shell, whatever locale this test runs in
        String data = directory + "/daten-größe";
        String file = directory + "/данные.tar";
        assertEquals(0, shell(Map.of(), "printf hello >\"$1\"", file).exit());
        String url = serve(List.of(), Map.of("LC_ALL", locale), "--data-dir", data);
        Ended sent = launch(Map.of("LC_ALL", locale), "send", file, "--url", url, "--cluster", "c", "--database",
                "orders", "--lsn", "42");
        assertEquals(0, sent.exit(), sent::toString);
        assertTrue(sent.out().contains("daten-größe/recv_snapshots/orders.snapshot: 5 bytes") && sent.out()
                .contains("LSN 42 "), sent::toString);
        Ended waited = launch(Map.of("LC_ALL", locale), "wait", "--database", "orders", "--verify", "--url", url);
        assertEquals(data + "/recv_snapshots/orders.snapshot\t42\t0x9a71bb4c\t5\n", waited.out(), waited::toString);
        Ended unless = launch(Map.of("LC_ALL", locale), "wait", "--database", "none", "--unless", file, "--url", url);
        assertEquals(0, unless.exit(), unless::toString);
        assertTrue(unless.err().contains("данные.tar is there"), unless::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ar-EG", "hi-IN-u-nu-deva", "th-TH-u-nu-thai", "tr-TR"})
    void digitsAreTheSameWhateverLanguageTheRuntimeIsGiven(String tag) throws Exception {
        String[] parts = tag.split("-", 3);
        String extensions = parts.length > 2 ? " -Duser.extensions=" + parts[2] : "";
        Map<String, String> options = Map.of("JAVA_OPTS",
                "-Duser.language=" + parts[0] + " -Duser.country=" + parts[1] + extensions);
        Path data = directory.resolve("data");
        String url = serve(List.of(), options, "--data-dir", data.toString());
        Ended sent = launch(options, "send", Files.writeString(directory.resolve("file"), "hello").toString(), "--url",
                url, "--cluster", "c", "--database", "orders", "--lsn", "42");
        assertTrue(sent.out().contains("5 bytes") && sent.out().contains("LSN 42 "), sent::toString);
        String log = Files.readString(directory.resolve("log"));
        assertTrue(log.contains("lsn=42 bytes=5"), log);
        assertTrue(log.chars().allMatch(c -> c < 128), log);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no_such.locale"})
    void aProducerGetsTheLocaleAndArenasOfWhoStartedIt(String locale) throws Exception {
        String arenas = locale.isEmpty() ? "" : "4";
        Path data = directory.resolve("data");
        String url = serve(List.of(), Map.of(), "--data-dir", data.toString());
        Ended sent = launch(Map.of("LC_ALL", locale, "MALLOC_ARENA_MAX", arenas), "send", "--url", url, "--cluster",
                "c", "--database", "orders", "--lsn", "42", "--", "sh", "-c",
                "printf '%s' \"${LC_ALL-none} ${MALLOC_ARENA_MAX-none} größe\"; env | grep ^MIRRORBOOTSTRAP || :");
        assertEquals(0, sent.exit(), sent::toString);
        assertEquals((locale.isEmpty() ? "none none" : locale + " 4") + " größe", Files.readString(snapshot(data)));
    }

    @Test
    void whatCannotBePrintedIsNoSuccess() throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/full")), "nothing is always full here");
        for (String arguments : List.of("", "--help", "--version", "send --help", "wait --version", "serve --help")) {
            Ended ended = shell(Map.of(), "exec bin/mirror-bootstrap $1 >/dev/full", arguments);
            assertEquals(1, ended.exit(), arguments);
            assertTrue(ended.err().contains("standard output cannot be written"), ended::toString);
            assertEquals(1, shell(Map.of(), "exec bin/mirror-bootstrap $1 >&-", arguments).exit(), arguments);
        }
    }

    @Test
    void progressFitsANarrowTerminal() throws Exception {
        assumeTrue(shell(Map.of(), "command -v script").exit() == 0, "no program here makes a terminal");
        String url = serve(List.of(), Map.of("MIRROR_BOOTSTRAP_INGEST_RATE_BYTES_PER_SECOND", "4M"), "--data-dir",
                directory.resolve("data").toString());
        Path file = directory.resolve("file");
        Files.write(file, new byte[8 * 1024 * 1024]);
        String command = "stty cols 40; exec bin/mirror-bootstrap send " + file + " --url " + url
                + " --cluster c --database orders --lsn 42 >" + directory.resolve("result");
        Ended ended = shell(Map.of("TERM", "xterm"), "exec script -qec \"$1\" /dev/null", command);
        assertEquals(0, ended.exit(), ended::toString);
        List<String> lines = Stream.of(ended.out().split("[\r\n]+")).map(String::stripTrailing)
                .filter(line -> !line.isEmpty()).toList();
        assertTrue(lines.stream().anyMatch(line -> line.contains("5 %")), lines::toString);
        assertTrue(lines.stream().allMatch(line -> line.length() < 40), lines::toString);
    }

    @Test
    void aLimitOfDescriptorsThatStrangersCouldUseUpIsTold() throws Exception {
        serve(List.of("sh", "-c", "ulimit -n 300; exec \"$@\"", "sh"), Map.of(), "--data-dir",
                directory.resolve("data").toString());
        String log = Files.readString(directory.resolve("log"));
        assertTrue(log.contains("the process may have 300 descriptors, and may need "), log);
    }

    /** As in a container whose root directory can only be read. */
    @Test
    void noDirectoryForTemporaryFilesIsNeeded() throws Exception {
        Path data = directory.resolve("data");
        Map<String, String> nowhere = Map.of("JAVA_OPTS", "-Djava.io.tmpdir=/proc");
        String url = serve(List.of(), nowhere, "--data-dir", data.toString());
        Ended sent = launch(nowhere, "send", Files.writeString(directory.resolve("file"), "hello").toString(), "--url",
                url, "--cluster", "c", "--database", "orders", "--lsn", "42");
        assertEquals(0, sent.exit(), sent::toString);
        assertTrue(Files.exists(snapshot(data)));
    }

    private record Ended(int exit, String out, String err) {
    }

    private void send(String url, Path file) throws Exception {
        Ended sent = launch(Map.of(), "send", file.toString(), "--url", url, "--cluster", "c", "--database", "orders",
                "--lsn", "42");
        assertEquals(0, sent.exit(), sent::toString);
    }

    private static Path snapshot(Path data) {
        return data.resolve("recv_snapshots/orders.snapshot");
    }

    /** Starts the service through the launcher; returns its URL. */
    private String serve(List<String> prefix, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of("bin/mirror-bootstrap", "serve", "--port", "0"));
        command.addAll(List.of(arguments));
        Path log = directory.resolve("log");
        ProcessBuilder builder = builder(command, environment).redirectErrorStream(true).redirectOutput(log.toFile());
        service = builder.start();
        return Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> {
            String text = Files.readString(log);
            assertTrue(service.isAlive(), text);
            Matcher listening = LISTENING.matcher(text);
            return listening.find() ? listening.group(1) : "";
        }, url -> !url.isEmpty());
    }

    private Ended launch(Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("bin/mirror-bootstrap"));
        command.addAll(List.of(arguments));
        return run(command, environment);
    }

    private Ended shell(Map<String, String> environment, String script, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", script, "sh"));
        command.addAll(List.of(arguments));
        return run(command, environment);
    }

    private Ended run(List<String> command, Map<String, String> environment) throws Exception {
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        Process process = builder(command, environment).redirectOutput(out.toFile()).redirectError(err.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile())).start();
        try {
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            process.destroyForcibly();
        }
    }

    /** In UTF-8 and through a shell, because the Java that runs this test may have another idea of a name. */
    private ProcessBuilder builder(List<String> command, Map<String, String> environment) throws IOException {
        StringBuilder script = new StringBuilder();
        environment.forEach(
                (key, value) -> script.append(value.isEmpty() ? "unset " + key : "export " + key + "=" + quoted(value))
                        .append('\n'));
        script.append("exec");
        command.forEach(word -> script.append(' ').append(quoted(word)));
        Path file = Files.createTempFile(directory, "script", ".sh");
        Files.write(file, script.append('\n').toString().getBytes(StandardCharsets.UTF_8));
        ProcessBuilder builder = new ProcessBuilder("sh", file.toString());
        builder.environment().putIfAbsent("JAVA_HOME", System.getProperty("java.home"));
        return builder;
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
