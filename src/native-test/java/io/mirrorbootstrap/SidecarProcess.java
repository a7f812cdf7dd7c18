package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.HttpURLConnection;
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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.mirrorbootstrap.wire.MirrorStatus;

/** The packaged service as an operating system process: the native executable where it was built, else the jar. */
final class SidecarProcess implements AutoCloseable {

    /** A line may be half written when it is read: only what follows a port tells that this is all of it. */
    private static final Pattern LISTENING = Pattern.compile("Listening on: http://[^\\s\"]+:(\\d+)\\D");
    private static final Pattern LISTENING_SECURELY = Pattern.compile("https://[^:]+:(\\d+)\\D");
    private static final String HOST = "127.0.0.1";
    /** One for all: a client that nothing refers to any more may be closed while it waits. */
    private static final HttpClient HTTP = HttpClient.newHttpClient();

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
        command.add("serve");
        return start(command, dataDirectory, environment);
    }

    /** The same by a command line of the caller's. */
    static SidecarProcess start(List<String> command, Path dataDirectory, Map<String, String> environment)
            throws IOException {
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
        String stat = Files.readString(proc("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    /** A command of the packaged program, ready to start. */
    static ProcessBuilder command(String... arguments) {
        List<String> command = new ArrayList<>(program(List.of("-Xmx64m")));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /** Whether the program is the native executable. */
    static boolean isNative() {
        return Files.isExecutable(executable());
    }

    private static Path executable() {
        return Path.of(System.getProperty("native.image.path", ""));
    }

    /** The command line that runs the packaged program, without a command. */
    static List<String> program(List<String> vmOptions) {
        List<String> command = new ArrayList<>();
        if (isNative()) {
            command.add(executable().toString());
            command.addAll(vmOptions);
        } else {
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(vmOptions);
            // as bin/mirror-bootstrap does, but for the compiler: its second stage pays off later than most of hundreds of tests end
            command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError"));
            if (Runtime.version().feature() >= 24) { // as bin/mirror-bootstrap does, or it warns of what Netty uses
                command.addAll(List.of("--sun-misc-unsafe-memory-access=allow",
                        "--enable-native-access=ALL-UNNAMED"));
            }
            command.addAll(keptClasses());
            command.addAll(List.of("-jar", "target/quarkus-app/quarkus-run.jar"));
        }
        return command;
    }

    /** What bin/keep-classes has kept for this Java, used as bin/mirror-bootstrap does. */
    private static List<String> keptClasses() {
        Path classes = Path.of("target/quarkus-app/classes-" + System.getProperty("java.runtime.version"));
        if (!Files.exists(classes)) {
            return List.of();
        }
        return Runtime.version().feature() >= 25
                ? List.of("-Xlog:aot*=off", "-XX:AOTCache=" + classes)
                : List.of("-Xlog:cds*=off", "-XX:SharedArchiveFile=" + classes);
    }

    private static String port(Process process, Path log) {
        return WithSidecar.patiently().until(() -> {
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

    /** That it says so: a line comes a moment behind what it speaks of, as a thread of its own writes it. */
    void assertLogged(String part) throws IOException {
        assertFalse(logged(part).isEmpty(), part + " is not in\n" + log());
    }

    /** The lines that say so, when there is one. */
    List<String> logged(String part) {
        return WithSidecar.patiently().until(
                () -> log().lines().filter(line -> line.contains(part)).toList(),
                lines -> !lines.isEmpty() || !process.isAlive());
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    /** The status that a path is answered with. */
    int status(String path) throws IOException, InterruptedException {
        return ask(path).statusCode();
    }

    /** What a path is answered with, whatever the status is. */
    String get(String path) throws IOException, InterruptedException {
        return ask(path).body();
    }

    /** What is answered to a request for a path by a well-behaved client. */
    HttpResponse<String> ask(String path) throws IOException, InterruptedException {
        return HTTP.send(HttpRequest.newBuilder(uri.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Asks for a path to be removed. */
    CompletableFuture<HttpResponse<String>> delete(String path) {
        return HTTP.sendAsync(HttpRequest.newBuilder(uri.resolve(path)).DELETE().build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** The word for the status of a mirror; empty, where there is no such mirror. */
    String word(String database) throws IOException, InterruptedException {
        return mirror(database).map(MirrorStatus::word).orElse("");
    }

    /** How many bytes of a mirror are there. */
    long bytesDone(String database) throws IOException, InterruptedException {
        return mirror(database).map(MirrorStatus::bytesDone).orElse(0L);
    }

    private Optional<MirrorStatus> mirror(String database) throws IOException, InterruptedException {
        HttpResponse<String> mirror = ask("/v1/mirrors/" + database);
        return mirror.statusCode() == HttpURLConnection.HTTP_OK
                ? Optional.of(MirrorStatus.read(mirror.body().getBytes(StandardCharsets.UTF_8)))
                : Optional.empty();
    }

    /** The value of a metric, which has its labels in its name. */
    double metric(String name) throws IOException, InterruptedException {
        return get("/q/metrics").lines().filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1))).findFirst().orElseThrow();
    }

    /** How many descriptors it has open. */
    long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(proc("fd"))) {
            return open.count();
        }
    }

    /** How many sockets it has open. */
    long sockets() throws IOException {
        try (Stream<Path> open = Files.list(proc("fd"))) {
            return open.filter(SidecarProcess::isSocket).count();
        }
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (IOException e) {
            return false; // it was closed meanwhile
        }
    }

    /** What it has of the memory. */
    long residentKib() throws IOException {
        return Files.readAllLines(proc("status")).stream().filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElseThrow();
    }

    /** What the system tells of it. */
    Path proc(String file) {
        return Path.of("/proc", String.valueOf(process.pid()), file);
    }

    /** Asks it to end, as Kubernetes does, and sees to it that it does. */
    @Override
    public void close() {
        process.destroy();
        try {
            assertTrue(process.waitFor(20, TimeUnit.SECONDS), "it does not end");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            process.destroyForcibly();
        }
    }
}
