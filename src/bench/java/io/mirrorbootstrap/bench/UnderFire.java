package io.mirrorbootstrap.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;

/**
 * Measures what floods do to the service: a transfer runs at an even pace while another process attacks, one service and one flood
 * after another. Run by {@code bench/under-fire}.
 */
public final class UnderFire {

    private static final double MIB = 1024 * 1024;
    private static final int WARM_UP_SECONDS = 5;
    private static final int RATE_SECONDS = 5;
    private static final int SAMPLE_MILLIS = 100;
    private static final int PROBE_MILLIS = 500;

    /** What k8s/base allows: a container that takes more is killed. */
    private static final long CONTAINER_MIB = 256;

    /** Sockets that are being closed, a file that is being opened. */
    private static final int SPARE_DESCRIPTORS = 3;

    private static final String TOKEN = "bench";
    private static final String FLOODER = "flooder";

    private final Map<String, String> options;
    private final Path work;
    private final int pace;
    private final int seconds;
    private final int after;

    private UnderFire(Map<String, String> options) {
        this.options = options;
        this.work = Path.of(options.getOrDefault("dir", "target/bench/work")).toAbsolutePath();
        this.pace = Integer.parseInt(options.getOrDefault("rate", "100"));
        this.seconds = Integer.parseInt(options.getOrDefault("seconds", "20"));
        this.after = Integer.parseInt(options.getOrDefault("after", "60"));
    }

    /** What one flood has done. */
    private record Outcome(Flood flood, long done, long cut, double seconds, double before, double during,
            double rateAfter, double cpuBefore, double cpuDuring, int probes, int answered,
            Map<String, Integer> problems, double slowestSeconds,
            long residentBefore, long residentPeak, long residentAfter, long descriptorsBefore, long descriptorsAfter,
            double recoverySeconds, long logKib, String failure) {

        List<String> broken() {
            List<String> broken = new ArrayList<>();
            if (!failure.isEmpty()) {
                broken.add(failure);
            }
            if (during < before / 2) {
                broken.add(String.format(Locale.ROOT, "the transfer keeps %.2f of its rate", during / before));
            }
            if (answered < probes) {
                broken.add((probes - answered) + " liveness probes of " + probes + " failed: " + problems);
            }
            if (residentPeak > CONTAINER_MIB) {
                broken.add(residentPeak + " MiB were resident, and a container of k8s/base has " + CONTAINER_MIB);
            }
            if (descriptorsAfter > descriptorsBefore + SPARE_DESCRIPTORS) {
                broken.add((descriptorsAfter - descriptorsBefore) + " descriptors are left open");
            }
            return broken;
        }

        String row() {
            String keeps = String.format(Locale.ROOT, during < before / 2 ? "**%.2f**" : "%.2f", during / before);
            return String.format(Locale.ROOT,
                    "| %s | %.0f %s/s, %.0f/s cut | %.0f, %.0f, %.0f | %s | %.2f, %.2f | %d of %d, %.2f s | %d, %d, %d "
                            + "| %d, %d | %.1f s | %d |",
                    flood.title(), done / seconds, flood.unit(), cut / seconds, before, during, rateAfter, keeps,
                    cpuBefore, cpuDuring, answered, probes, slowestSeconds, residentBefore, residentPeak, residentAfter,
                    descriptorsBefore, descriptorsAfter, recoverySeconds, logKib);
        }
    }

    /** @param arguments pairs of {@code --option value}; {@code bench/under-fire --help} lists them */
    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i].substring(2), arguments[i + 1]);
        }
        System.exit(new UnderFire(options).run() ? 0 : 1);
    }

    private boolean run() throws Exception {
        Files.createDirectories(work);
        List<String> wanted = Arrays.asList(options.getOrDefault("only", "").split(","));
        List<String> broken = new ArrayList<>();
        System.out.printf(Locale.ROOT,
                "Measured on %s, %s, Java %s, %d cores, %s: a transfer at %d MiB/s, floods of %d s, and %d s after them.%n%n",
                LocalDate.now(), System.getProperty("os.name"), Runtime.version(),
                Runtime.getRuntime().availableProcessors(),
                options.containsKey("native") ? "the native executable" : "the service on that JVM", pace, seconds,
                after);
        System.out.println(
                "| flood | at | MiB/s: before, during, after | keeps | cores: before, during | live, slowest | MiB resident: before, peak, after "
                        + "| descriptors: before, after | recovered in | log KiB |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|");
        for (Flood flood : Flood.values()) {
            if (wanted.contains("") || wanted.contains(flood.key())) {
                try {
                    Outcome outcome = measure(flood);
                    System.out.println(outcome.row());
                    outcome.broken().forEach(each -> broken.add(flood.key() + ": " + each));
                } catch (IOException e) {
                    broken.add(flood.key() + ": not measured: " + e);
                }
            }
        }
        System.out.println();
        broken.forEach(System.out::println);
        return broken.isEmpty();
    }

    private Outcome measure(Flood flood) throws Exception {
        Map<String, String> environment = new LinkedHashMap<>(Map.of("MIRROR_BOOTSTRAP_DATA_DIR", "DIR",
                "QUARKUS_HTTP_PORT", "PORT", "QUARKUS_HTTP_HOST", "127.0.0.1"));
        int tlsPort = Receiver.freePort();
        SSLContext tls = null;
        if (flood.isOfTls()) {
            Keys keys = Keys.in(work);
            tls = keys.context();
            environment.putAll(keys.environment(tlsPort));
        } else {
            environment.put("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE",
                    Files.writeString(work.resolve("tokens"), TOKEN + " = bench\n" + FLOODER + " = flooder\n")
                            .toString());
            environment.put("MIRROR_BOOTSTRAP_MAX_DATABASES_PER_CALLER", "1000"); // what others are kept is not the point
        }
        options.entrySet().stream().filter(option -> option.getKey().startsWith("env."))
                .forEach(option -> environment.put(option.getKey().substring(4), option.getValue()));
        List<String> command = List.of(options.getOrDefault("native", "bin/mirror-bootstrap"), "serve");
        Path directory = work.resolve(flood.key());
        try (Receiver service = Receiver.start(flood.key(), command, environment, work)) {
            return measure(flood, service, new Target(service.port(), tlsPort, TOKEN), tls);
        } finally {
            delete(directory);
        }
    }

    private Outcome measure(Flood flood, Receiver service, Target target, SSLContext tls) throws Exception {
        String problem = awaitGood(service, target, tls);
        if (!problem.isEmpty()) {
            throw new IOException(problem + " before anything began");
        }
        Process attacker = new ProcessBuilder("nice", "-n", "19",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), Attacker.class.getName(),
                flood.name(), String.valueOf(target.port()), String.valueOf(target.tlsPort()), FLOODER,
                String.valueOf(seconds), work.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader said = new BufferedReader(new InputStreamReader(attacker.getInputStream()));
                SteadyTransfer transfer = new SteadyTransfer(link(target, tls), pace)) {
            if (!"ready".equals(said.readLine())) {
                throw new IOException(flood.key() + ": the attacker could not prepare");
            }
            TimeUnit.SECONDS.sleep(WARM_UP_SECONDS);
            double cpu = service.cpuSeconds();
            double before = rate(transfer, RATE_SECONDS);
            double cpuBefore = (service.cpuSeconds() - cpu) / RATE_SECONDS;
            long residentBefore = service.nowMib();
            long descriptorsBefore = service.descriptors();

            Probes probes = new Probes(target);
            cpu = service.cpuSeconds();
            long from = transfer.confirmedBytes();
            long begun = System.nanoTime();
            try (OutputStream start = attacker.getOutputStream()) {
                start.write('\n');
            }
            long peak = residentBefore;
            while (attacker.isAlive()) {
                TimeUnit.MILLISECONDS.sleep(SAMPLE_MILLIS);
                peak = Math.max(peak, service.nowMib());
            }
            double lasted = (System.nanoTime() - begun) / 1e9;
            double during = (transfer.confirmedBytes() - from) / MIB / lasted;
            double cpuDuring = service.isAlive() ? (service.cpuSeconds() - cpu) / lasted : 0;
            probes.end();
            String[] tally = said.readLine().split(" ");

            long ended = System.nanoTime();
            String failure = awaitGood(service, target, tls);
            double recovery = (System.nanoTime() - ended) / 1e9;
            for (long left = after - (long) recovery - RATE_SECONDS; left > 0; left--) {
                TimeUnit.SECONDS.sleep(1);
                peak = Math.max(peak, service.nowMib());
            }
            double rateAfter = rate(transfer, RATE_SECONDS);
            failure = transfer.failure().map(cause -> "the transfer ended: " + cause).orElse(failure);
            return new Outcome(flood, Long.parseLong(tally[0]), Long.parseLong(tally[1]), lasted, before, during,
                    rateAfter, cpuBefore, cpuDuring, probes.asked, probes.answered, probes.problems,
                    probes.slowestNanos / 1e9,
                    residentBefore, peak, service.isAlive() ? service.nowMib() : 0, descriptorsBefore,
                    service.isAlive() ? service.descriptors() : 0, recovery,
                    Files.size(service.directory().resolve("log")) / 1024, failure);
        } finally {
            attacker.destroyForcibly();
        }
    }

    private static double rate(SteadyTransfer transfer, int seconds) throws InterruptedException {
        long from = transfer.confirmedBytes();
        long begun = System.nanoTime();
        TimeUnit.SECONDS.sleep(seconds);
        return (transfer.confirmedBytes() - from) / MIB / ((System.nanoTime() - begun) / 1e9);
    }

    private static Socket link(Target target, SSLContext tls) throws IOException {
        return tls == null ? target.link() : target.link(tls);
    }

    /**
     * Waits until a probe passes and a small snapshot is committed.
     *
     * @return what is wrong if that is not so within a minute, else nothing
     */
    private static String awaitGood(Receiver service, Target target, SSLContext tls) throws InterruptedException {
        String problem = "liveness was not asked";
        for (long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1); System.nanoTime() < deadline;) {
            if (!service.isAlive()) {
                return "the service has ended";
            }
            String live = target.probe();
            if (!live.isEmpty()) {
                problem = "liveness: " + live;
            } else {
                try (Socket link = link(target, tls)) {
                    Target.deliver(link);
                    return "";
                } catch (IOException e) {
                    problem = "a small snapshot is not committed: " + e.getMessage();
                }
            }
            TimeUnit.MILLISECONDS.sleep(SAMPLE_MILLIS);
        }
        return problem;
    }

    /** Asks for liveness again and again, in a thread of its own. */
    private static final class Probes {

        private final Target target;
        private final Thread thread = new Thread(this::ask, "probes");
        private volatile boolean isOver;

        // the thread's, until it has ended
        private int asked;
        private int answered;
        private long slowestNanos;
        private final Map<String, Integer> problems = new TreeMap<>();

        Probes(Target target) {
            this.target = target;
            thread.start();
        }

        private void ask() {
            while (!isOver) {
                long begun = System.nanoTime();
                asked++;
                String problem = target.probe();
                if (problem.isEmpty()) {
                    answered++;
                } else {
                    problems.merge(problem, 1, Integer::sum);
                }
                slowestNanos = Math.max(slowestNanos, System.nanoTime() - begun);
                try {
                    TimeUnit.MILLISECONDS.sleep(PROBE_MILLIS);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        void end() throws InterruptedException {
            isOver = true;
            thread.join();
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
