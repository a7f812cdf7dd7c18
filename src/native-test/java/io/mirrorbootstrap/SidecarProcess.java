package io.mirrorbootstrap;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;

/** The packaged service as an operating system process: the native executable where it was built, else the jar. */
final class SidecarProcess implements AutoCloseable {

    private static final Pattern LISTENING = Pattern.compile("Listening on: http://[^:]+:(\\d+)");
    private static final Pattern LISTENING_SECURELY = Pattern.compile("https://[^:]+:(\\d+)");
    private static final String HOST = "127.0.0.1";

    /** How long the service may take to end: 10 seconds, and some for a busy machine. */
    static final int SHUTDOWN_SECONDS = 15;

    private final Process process;
    private final Path log;
    private final URI uri;

    private SidecarProcess(Process process, Path log, URI uri) {
        this.process = process;
        this.log = log;
        this.uri = uri;
    }

    /**
     * Starts it on a free loopback port and waits until it listens.
     *
     * @param dataDirectory its data directory; the log is written beside it
     * @param vmOptions options that a JVM and a native executable both know
     * @param environment wins over what is set here; an empty one of Quarkus' own is not set
     */
    static SidecarProcess start(Path dataDirectory, List<String> vmOptions, Map<String, String> environment)
            throws IOException {
        List<String> command = new ArrayList<>(program(vmOptions));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("MIRROR_BOOTSTRAP_DATA_DIR", dataDirectory.toString());
        builder.environment().put("QUARKUS_HTTP_PORT", "0");
        builder.environment().put("QUARKUS_HTTP_HOST", HOST);
        builder.environment().putAll(environment);
        builder.environment().entrySet()
                .removeIf(each -> each.getKey().startsWith("QUARKUS_") && each.getValue().isEmpty());
        Path log = Files.createTempFile(dataDirectory.toAbsolutePath().getParent(), "sidecar", ".log");
        Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            return new SidecarProcess(process, log, URI.create("http://" + HOST + ":" + port(process, log)));
        } catch (RuntimeException | Error e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /** The time that it has used of the processors, in hundredths of a second. */
    long cpuTicks() throws IOException {
        String stat = Files.readString(Path.of("/proc", String.valueOf(process.pid()), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    /** A library that, preloaded, makes a process' disk slow (SLOW_DISK_MS_PER_MIB) or full (FULL_DISK_WHILE). */
    static Path slowDisk(Path directory) throws IOException, InterruptedException {
        Path library = directory.resolve("slow_disk.so");
        Process gcc = new ProcessBuilder("gcc", "-shared", "-fPIC", "-O1", "-o", library.toString(),
                "src/native-test/c/slow_disk.c", "-ldl").inheritIO().start();
        if (gcc.waitFor() != 0) {
            throw new IllegalStateException("gcc could not build the slow disk");
        }
        return library;
    }

    /** A command of the packaged program, ready to start. */
    static ProcessBuilder command(String... arguments) {
        List<String> command = new ArrayList<>(program(List.of("-Xmx64m")));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /** The command line that runs the packaged service. */
    static List<String> program(List<String> vmOptions) {
        String executable = System.getProperty("native.image.path", "");
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of(executable))) {
            command.add(executable);
            command.addAll(vmOptions);
        } else {
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(vmOptions);
            if (Runtime.version().feature() >= 24) { // as bin/mirror-bootstrap does, or it warns of what Netty uses
                command.addAll(List.of("--sun-misc-unsafe-memory-access=allow",
                        "--enable-native-access=ALL-UNNAMED"));
            }
            command.addAll(List.of("-jar", "target/quarkus-app/quarkus-run.jar"));
        }
        return command;
    }

    private static String port(Process process, Path log) {
        return Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> {
            String text = Files.readString(log);
            if (!process.isAlive()) {
                throw new IllegalStateException("it ended with exit code " + process.exitValue() + ":\n" + text);
            }
            Matcher listening = LISTENING.matcher(text);
            return listening.find() ? listening.group(1) : "";
        }, port -> !port.isEmpty());
    }

    URI uri() {
        return uri;
    }

    /** Where it is met by TLS, of a service that has a certificate. */
    URI secureUri() throws IOException {
        Matcher listening = LISTENING_SECURELY.matcher(log());
        if (!listening.find()) {
            throw new IllegalStateException("it has no port for TLS:\n" + log());
        }
        return URI.create("https://localhost:" + listening.group(1));
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it has ended with. */
    int exitValue() {
        return process.exitValue();
    }

    /** The process id. */
    long pid() {
        return process.pid();
    }

    /** {@code kill -9}; returns when it is gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** {@code kill -15}; returns the exit code. */
    int terminate() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(SHUTDOWN_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("it did not end " + SHUTDOWN_SECONDS + " seconds after SIGTERM");
        }
        return process.exitValue();
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    /** Asks it to end, as Kubernetes does, and sees to it that it does. */
    @Override
    public void close() {
        process.destroy();
        try {
            Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> !process.isAlive());
        } finally {
            process.destroyForcibly();
        }
    }
}
