package io.mirrorbootstrap.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@code send} spends, beside what the service spends that it sends to. Run by {@code bench/send}. */
public final class Sending {

    private static final double GIB = 1024.0 * 1024 * 1024;

    /** What {@code times} of a shell says of the processes that it has started. */
    private static final Pattern TIME = Pattern.compile("(\\d+)m([\\d.]+)s");

    /** What a JVM says with {@code -XX:+CITime}. */
    private static final Pattern COMPILING = Pattern.compile("Total compilation time *: *([\\d.]+) s");

    /** A way to send: a file, or the same through standard input, as a stream that nobody can read again. */
    private enum Way {
        FILE("", false, false),
        STREAM(", stream", false, true),
        TLS(", TLS", true, false),
        STREAM_TLS(", stream, TLS", true, true);

        private final String words;
        private final boolean encrypted;
        private final boolean stream;

        Way(String words, boolean encrypted, boolean stream) {
            this.words = words;
            this.encrypted = encrypted;
            this.stream = stream;
        }
    }

    /** One snapshot, in seconds; the sender's with its start. */
    private record Sample(double seconds, double sender, double compiling, double receiver, long bytes) {

        double mibPerSecond() {
            return bytes / seconds / 1024 / 1024;
        }

        double sent() {
            return (sender - compiling) * GIB / bytes;
        }

        double compiled() {
            return compiling * GIB / bytes;
        }

        double received() {
            return receiver * GIB / bytes;
        }
    }

    private Sending() {
    }

    /** @param arguments a directory, a file in it that is sent, rounds, and executables, if there are any */
    public static void main(String[] arguments) throws Exception {
        Path work = Path.of(arguments[0]);
        Path snapshot = Path.of(arguments[1]);
        int rounds = Integer.parseInt(arguments[2]);
        Tls tls = Tls.in(work);
        Map<String, List<Sample>> rows = new LinkedHashMap<>();
        List<String> programs = new ArrayList<>(List.of("bin/mirror-bootstrap"));
        programs.addAll(List.of(arguments).subList(3, arguments.length));
        for (int round = 0; round < rounds; round++) {
            for (String program : programs) {
                for (Way way : Way.values()) {
                    Sample sample = send(program, way, tls, snapshot, work);
                    rows.computeIfAbsent(Path.of(program).getFileName() + way.words, name -> new ArrayList<>())
                            .add(sample);
                    System.out.println(sample);
                }
            }
        }
        System.out.println("| send, and service | MiB/s | send, CPU-s/GiB | compiling | service, CPU-s/GiB |\n"
                + "|---|---|---|---|---|");
        rows.forEach((name, samples) -> System.out.printf(Locale.ROOT, "| %s | %.0f | %.2f | %.2f | %.2f |%n", name,
                median(samples, Sample::mibPerSecond), median(samples, Sample::sent),
                median(samples, Sample::compiled), median(samples, Sample::received)));
    }

    /** To a service of the same kind, which has received the same before, so that it is warm. */
    private static Sample send(String program, Way way, Tls tls, Path snapshot, Path work)
            throws IOException, InterruptedException {
        Map<String, String> plain = Map.of("MIRROR_BOOTSTRAP_DATA_DIR", "DIR", "QUARKUS_HTTP_HOST", "127.0.0.1",
                "QUARKUS_HTTP_PORT", "PORT");
        Map<String, String> environment = way.encrypted ? tls.added(plain) : plain;
        try (Receiver receiver = Receiver.start("send", List.of(program, "serve"), environment, work)) {
            String url = (way.encrypted ? "https" : "http") + "://localhost:" + receiver.port();
            List<String> command = List.of("sh", "-c", "\"$@\" < " + snapshot + " && times", "sh", program, "send",
                    "--url", url,
                    "--cluster", "bench", "--database", "db", "--ca", tls.certificate(), "--lsn");
            run(command, "1", way.stream ? "-" : snapshot.toString());
            double before = receiver.cpuSeconds() - receiver.jitSeconds();
            long start = System.nanoTime();
            String said = run(command, "2", way.stream ? "-" : snapshot.toString());
            double seconds = (System.nanoTime() - start) / 1e9;
            double received = receiver.cpuSeconds() - receiver.jitSeconds() - before;
            Files.delete(receiver.directory().resolve("recv_snapshots").resolve("db.snapshot"));
            List<MatchResult> times = TIME.matcher(said).results().toList(); // of the shell, then of what it started
            Matcher compiling = COMPILING.matcher(said);
            return new Sample(seconds, seconds(times.get(2)) + seconds(times.get(3)),
                    compiling.find() ? Double.parseDouble(compiling.group(1)) : 0, received, Files.size(snapshot));
        }
    }

    private static double seconds(MatchResult time) {
        return 60 * Integer.parseInt(time.group(1)) + Double.parseDouble(time.group(2));
    }

    private static String run(List<String> command, String lsn, String input)
            throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(lsn, input));
        ProcessBuilder builder = new ProcessBuilder(all).redirectErrorStream(true);
        builder.environment().put("JAVA_OPTS", "-XX:+CITime");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException(said);
        }
        return said;
    }

    private static double median(List<Sample> samples, ToDoubleFunction<Sample> figure) {
        return Compare.middle(samples.stream().mapToDouble(figure));
    }
}
