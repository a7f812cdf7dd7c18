package io.mirrorbootstrap.bench;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Measures the service, its peers and the floor in turn, in one run, on the same snapshot and the same disk. Each result
 * is compared with the snapshot byte for byte. Run by {@code bench/compare}.
 */
public final class Compare {

    private static final int MIB = 1024 * 1024;
    private static final int LINKS = 8;
    private static final long COLD_BYTES = 1024L * MIB;

    /** One transfer of one receiver. */
    private record Sample(double seconds, double cpuSeconds, double jitSeconds, long bytes) {

        Sample and(Sample next) {
            return new Sample(seconds + next.seconds, cpuSeconds + next.cpuSeconds, jitSeconds + next.jitSeconds,
                    bytes + next.bytes);
        }

        double mibPerSecond() {
            return bytes / seconds / MIB;
        }

        /** CPU-seconds per GiB, compilers apart. */
        double cost() {
            return (cpuSeconds - jitSeconds) * 1024 * MIB / bytes;
        }

        double jitCost() {
            return jitSeconds * 1024 * MIB / bytes;
        }
    }

    interface Sender {
        void send(int port) throws Exception;
    }

    /** A row of the table. */
    private static final class Contestant {
        private final String name;
        private final List<String> command;
        private final Map<String, String> environment;
        private final Sender sender;
        private final List<Path> payloads;
        private final List<Sample> samples = new ArrayList<>();
        private final List<Sample> cold = new ArrayList<>();
        private Receiver receiver;
        private long idleMib;
        private long peakMib;

        private final List<Path> leftBehind;

        Contestant(String name, List<String> command, Map<String, String> environment, Sender sender,
                List<Path> payloads, List<Path> leftBehind) {
            this.name = name;
            this.command = command;
            this.environment = environment;
            this.sender = sender;
            this.payloads = payloads;
            this.leftBehind = leftBehind;
        }

        Sample measure() throws Exception {
            long bytes = 0;
            for (Path payload : payloads) {
                bytes += Files.size(payload);
            }
            // not before: a virtual machine may give memory that is free back to its host, and getting it again costs
            // whoever writes next several times what writing costs
            leftBehind.forEach(Compare::delete);
            leftBehind.clear();
            double cpu = receiver.cpuSeconds();
            double jit = receiver.jitSeconds();
            long start = System.nanoTime();
            sender.send(receiver.port());
            double seconds = (System.nanoTime() - start) / 1e9;
            receiver.awaitQuiet();
            Sample sample = new Sample(seconds, receiver.cpuSeconds() - cpu, receiver.jitSeconds() - jit, bytes);
            peakMib = Math.max(peakMib, receiver.peakMib());
            verify();
            return sample;
        }

        private void verify() throws IOException {
            Path snapshots = receiver.directory().resolve("recv_snapshots");
            Path directory = Files.isDirectory(snapshots) ? snapshots : receiver.directory();
            for (int i = 0; i < payloads.size(); i++) {
                Path received = directory.resolve("db" + i + ".snapshot");
                long difference = Files.mismatch(received, payloads.get(i));
                if (difference >= 0) {
                    throw new IOException(name + " differs at byte " + difference);
                }
                leftBehind.add(received);
            }
        }

        void start(Path work) throws IOException, InterruptedException {
            receiver = Receiver.start(name.replace(' ', '-'), command, environment, work);
            idleMib = receiver.nowMib();
        }

        /** One after another, until so many bytes have come. */
        Sample measure(long bytes) throws Exception {
            Sample sum = measure();
            while (sum.bytes() < bytes) {
                sum = sum.and(measure());
            }
            return sum;
        }

        double median(ToDoubleFunction<Sample> figure) {
            return middle(samples.stream().mapToDouble(figure));
        }

        /** Round by round: what disturbs a machine lasts longer than one. */
        double timesThe(Contestant floor, ToDoubleFunction<Sample> figure) {
            return middle(IntStream.range(0, samples.size()).mapToDouble(
                    i -> figure.applyAsDouble(samples.get(i)) / figure.applyAsDouble(floor.samples.get(i))));
        }

        double medianCold() {
            return cold.isEmpty()
                    ? Double.NaN
                    : middle(cold.stream().mapToDouble(sample -> sample.cost() + sample.jitCost()));
        }
    }

    private final Map<String, String> options;
    private final Path work;
    private final int mib;
    private final int frameBytes;
    private final List<Contestant> contestants = new ArrayList<>();
    private final List<Path> leftBehind = new ArrayList<>();

    private Compare(Map<String, String> options) {
        this.options = options;
        this.work = Path.of(options.getOrDefault("dir", "target/bench/work"));
        this.mib = Integer.parseInt(options.getOrDefault("mib", "256"));
        this.frameBytes = Integer.parseInt(options.getOrDefault("frame-kib", "256")) * 1024;
    }

    /** @param arguments pairs of {@code --option value}; {@code bench/compare --help} lists them */
    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i].substring(2), arguments[i + 1]);
        }
        new Compare(options).run();
    }

    private void run() throws Exception {
        Files.createDirectories(work);
        prepare();
        int colds = Integer.parseInt(options.getOrDefault("cold", "5"));
        long warmUp = Long.parseLong(options.getOrDefault("warm-up", "12")) * mib * MIB;
        int rounds = Integer.parseInt(options.getOrDefault("rounds", "15"));
        try {
            for (int i = 0; i < colds; i++) {
                for (Contestant contestant : contestants) {
                    contestant.start(work);
                    contestant.cold.add(contestant.measure(COLD_BYTES));
                    contestant.receiver.close();
                    System.out.printf(Locale.ROOT, "%-22s cold %d  %s%n", contestant.name, i,
                            line(contestant.cold.get(i)));
                }
            }
            for (Contestant contestant : contestants) {
                contestant.start(work);
                contestant.measure(warmUp);
            }
            for (int round = 0; round < rounds; round++) {
                for (Contestant contestant : contestants) {
                    Sample sample = contestant.measure();
                    contestant.samples.add(sample);
                    System.out.printf(Locale.ROOT, "%-22s round %d %s%n", contestant.name, round, line(sample));
                }
            }
            report(rounds);
        } finally {
            for (Contestant contestant : contestants) {
                if (contestant.receiver != null) {
                    contestant.receiver.close();
                }
            }
        }
    }

    private static String line(Sample sample) {
        return String.format(Locale.ROOT, "%6.0f MiB/s  %.2f CPU-s/GiB + %.2f compiling", sample.mibPerSecond(),
                sample.cost(), sample.jitCost());
    }

    private void prepare() throws Exception {
        List<String> wanted = List
                .of(options.getOrDefault("only", "floor,service,tls,nginx,eight,ws,tus,rsync").split(","));
        Path payload = random(work.resolve("payload"), mib);
        leftBehind.add(random(work.resolve("first"), mib)); // so that the first, too, finds memory that was used before
        WireImage one = new WireImage(payload, work.resolve("image"), "db0", frameBytes);
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<Path> single = List.of(payload);
        if (wanted.contains("floor")) {
            contestants.add(new Contestant("NIO floor",
                    List.of(java, "-Xmx64m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
                            Floor.class.getName(), "PORT", "DIR"),
                    Map.of(), one::sendRaw, single, leftBehind));
        }
        Map<String, String> environment = new LinkedHashMap<>(Map.of("MIRROR_BOOTSTRAP_DATA_DIR", "DIR",
                "QUARKUS_HTTP_PORT", "PORT", "QUARKUS_HTTP_HOST", "127.0.0.1"));
        options.entrySet().stream().filter(option -> option.getKey().startsWith("env."))
                .forEach(option -> environment.put(option.getKey().substring(4), option.getValue()));
        if (wanted.contains("service")) {
            service("mirror-bootstrap", "native executable", environment, one::send, single);
        }
        if (wanted.contains("vertx")) {
            for (String way : List.of("frames", "socket")) {
                contestants.add(new Contestant("Vert.x " + way,
                        List.of(java, "-Xmx64m", "-XX:MaxDirectMemorySize=96m", "-XX:+UseSerialGC",
                                "-XX:CompileThresholdScaling=3", "-XX:CICompilerCount=2", "-cp",
                                System.getProperty("java.class.path"), "io.mirrorbootstrap.link.VertxReceiver", "PORT",
                                "DIR", way),
                        Map.of("MALLOC_ARENA_MAX", "1"), one::send, single, leftBehind));
            }
        }
        Optional<Tls> tls = wanted.contains("tls") ? Optional.of(Tls.in(work)) : Optional.empty();
        if (tls.isPresent()) {
            service("mirror-bootstrap, TLS", "native, TLS", tls.get().added(environment), tls.get().before(one::send),
                    single);
            contestants.add(new Contestant("nginx PUT, TLS",
                    nginx("ssl", "ssl_certificate " + tls.get().certificate() + "; ssl_certificate_key "
                            + tls.get().key() + "; ssl_protocols TLSv1.3;"),
                    Map.of(), tls.get().before(port -> put(payload, port)), single, leftBehind));
        }
        if (wanted.contains("nginx")) {
            contestants.add(new Contestant("nginx PUT", nginx("", ""), Map.of(),
                    port -> put(payload, port), single, leftBehind));
        }
        if (wanted.contains("eight")) {
            List<Path> parts = new ArrayList<>();
            List<WireImage> images = new ArrayList<>();
            for (int i = 0; i < LINKS; i++) {
                parts.add(random(work.resolve("payload" + i), Math.max(1, mib / 2)));
                images.add(new WireImage(parts.get(i), work.resolve("image" + i), "db" + i, frameBytes));
            }
            service("the same, 8 databases", "native, 8 databases", environment, port -> together(images, port), parts);
            if (tls.isPresent()) {
                service("TLS, 8 databases", "native, TLS, 8 databases", tls.get().added(environment),
                        tls.get().before(port -> together(images, port)), parts);
            }
        }
        Path peers = Path.of("target/bench/peers");
        if (wanted.contains("ws")) {
            contestants.add(new Contestant("Node ws",
                    List.of("node", peers.resolve("ws-receiver.mjs").toString(), "PORT", "DIR"), Map.of(), one::send,
                    single, leftBehind));
        }
        if (wanted.contains("tus")) {
            contestants.add(new Contestant("tus, one request",
                    List.of("node", peers.resolve("tus-receiver.mjs").toString(), "PORT", "DIR"), Map.of(),
                    port -> TusSender.send(payload, port), single, leftBehind));
        }
        List<String> rsync = List.of("sh", "-c",
                "printf 'use chroot=no\\n[all]\\npath=DIR\\nread only=no\\nuid=0\\ngid=0\\n' > DIR/rsyncd.conf; "
                        + "exec rsync --daemon --no-detach --port=PORT --config=DIR/rsyncd.conf");
        if (wanted.contains("rsync")) {
            contestants
                    .add(new Contestant("rsync daemon", rsync, Map.of(), port -> rsync(payload, module(port)), single,
                            leftBehind));
        }
        if (wanted.contains("rsync-ssh")) {
            Path key = Ssh.key(work);
            contestants.add(new Contestant("rsync over ssh", Ssh.daemon(key), Map.of(),
                    port -> rsync(payload,
                            "root@127.0.0.1:" + work.toAbsolutePath().resolve("rsync-over-ssh/db0.snapshot"),
                            "-e", Ssh.client(key, port)),
                    single, leftBehind));
        }
        if (wanted.contains("rsync-fsync")) {
            contestants.add(new Contestant("rsync daemon, --fsync", rsync, Map.of(),
                    port -> rsync(payload, module(port), "--fsync"), single, leftBehind));
        }
    }

    /** The service on this Java, and each executable. */
    private void service(String name, String executable, Map<String, String> environment, Sender sender,
            List<Path> payloads) {
        contestants
                .add(new Contestant(name, List.of("bin/mirror-bootstrap", "serve"), environment, sender, payloads,
                        leftBehind));
        List<String> files = options.containsKey("native") ? List.of(options.get("native").split(",")) : List.of();
        for (String file : files) {
            contestants.add(
                    new Contestant(files.size() == 1 ? executable : executable + ", " + Path.of(file).getFileName(),
                            List.of(file, "serve"), environment, sender, payloads, leftBehind));
        }
    }

    /** One process of nginx that keeps what is PUT. */
    private static List<String> nginx(String listens, String settings) {
        return List.of("sh", "-c",
                "printf '%s' 'daemon off; master_process off; user root; pid DIR/pid; error_log DIR/log;"
                        + "events {} http { access_log off; client_max_body_size 0; client_body_temp_path DIR/tmp;"
                        + "server { listen 127.0.0.1:PORT " + listens + "; " + settings
                        + " location / { root DIR; dav_methods PUT; } } }' > DIR/nginx.conf; exec nginx -c DIR/nginx.conf");
    }

    private static void together(List<WireImage> images, int port) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(images.size());
        try {
            List<Future<Void>> ends = new ArrayList<>();
            for (WireImage image : images) {
                Callable<Void> send = () -> {
                    image.send(port);
                    return null;
                };
                ends.add(threads.submit(send));
            }
            for (Future<Void> end : ends) {
                end.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    private static void put(Path payload, int port) throws IOException {
        try (FileChannel all = FileChannel.open(payload)) {
            TusSender.request(port, "PUT /db0.snapshot", "Content-Length: " + all.size(),
                    socket -> WireImage.transfer(all, socket), " 20");
        }
    }

    private static String module(int port) {
        return "rsync://127.0.0.1:" + port + "/all/db0.snapshot";
    }

    private static void rsync(Path payload, String destination, String... options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("rsync", "--whole-file"));
        command.addAll(List.of(options));
        command.addAll(List.of(payload.toString(), destination));
        Process rsync = new ProcessBuilder(command).inheritIO().start();
        if (rsync.waitFor() != 0) {
            throw new IOException("rsync failed");
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path random(Path file, int mib) throws IOException {
        byte[] block = new byte[MIB];
        Random random = new Random(file.hashCode());
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 2 * MIB)) {
            for (int i = 0; i < mib; i++) {
                random.nextBytes(block);
                out.write(block);
            }
        }
        return file;
    }

    private void report(int rounds) throws IOException {
        Contestant floor = contestants.get(0);
        StringBuilder table = new StringBuilder();
        table.append(String.format(Locale.ROOT,
                "Measured on %s, %s, Java %s, %d cores: %d MiB in frames of %d KiB, on %s; "
                        + "medians of %d rounds in turn, and of %d cold starts; ratios are of each round's own floor.%n%n",
                LocalDate.now(), System.getProperty("os.name"),
                Runtime.version(), Runtime.getRuntime().availableProcessors(), mib, frameBytes / 1024,
                Files.getFileStore(work).type(), rounds, floor.cold.size()));
        table.append(
                "| receiver | MiB/s | of the floor | CPU-s/GiB | × the floor | compiling | first GiB | × floor's "
                        + "| RSS idle | RSS peak |\n|---|---|---|---|---|---|---|---|---|---|\n");
        for (Contestant each : contestants) {
            table.append(String.format(Locale.ROOT,
                    "| %s | %.0f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %d MiB | %d MiB |%n", each.name,
                    each.median(Sample::mibPerSecond), each.timesThe(floor, Sample::mibPerSecond),
                    each.median(Sample::cost), each.timesThe(floor, Sample::cost), each.median(Sample::jitCost),
                    each.medianCold(), each.medianCold() / floor.medianCold(), each.idleMib, each.peakMib));
        }
        System.out.println("\n" + table);
        if (options.containsKey("out")) {
            Path out = Files.createDirectories(Path.of(options.get("out")));
            Files.writeString(out.resolve("compare.md"), table);
            Files.writeString(out.resolve("compare.svg"), chart());
        }
    }

    /** The median. */
    static double middle(DoubleStream figures) {
        double[] sorted = figures.sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private String chart() {
        int row = 34;
        int height = 40 + contestants.size() * row;
        double widestCost = contestants.stream().mapToDouble(each -> each.median(Sample::cost)
                + each.median(Sample::jitCost)).max().orElse(1);
        double widestRate = contestants.stream().mapToDouble(each -> each.median(Sample::mibPerSecond)).max().orElse(1);
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"%d\" font-family=\"sans-serif\" "
                        + "font-size=\"13\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n"
                        + "<text x=\"170\" y=\"22\">MiB/s</text><text x=\"520\" y=\"22\">CPU-seconds per GiB "
                        + "(light: compiling)</text>%n",
                height));
        int y = 36;
        for (Contestant each : contestants) {
            double rate = each.median(Sample::mibPerSecond);
            double cost = each.median(Sample::cost);
            double jit = each.median(Sample::jitCost);
            double costWidth = cost / widestCost * 260;
            svg.append(String.format(Locale.ROOT,
                    "<text x=\"8\" y=\"%d\">%s</text>%n<rect x=\"170\" y=\"%d\" width=\"%.0f\" height=\"18\" "
                            + "fill=\"#3b6ea5\"/><text x=\"%.0f\" y=\"%d\">%.0f</text>%n"
                            + "<rect x=\"520\" y=\"%d\" width=\"%.0f\" height=\"18\" fill=\"#a5563b\"/>"
                            + "<rect x=\"%.0f\" y=\"%d\" width=\"%.0f\" height=\"18\" fill=\"#e0bfb4\"/>"
                            + "<text x=\"%.0f\" y=\"%d\">%.2f</text>%n",
                    y + 14, each.name, y, rate / widestRate * 270, 176 + rate / widestRate * 270, y + 14, rate, y,
                    costWidth, 520 + costWidth, y, jit / widestCost * 260,
                    526 + costWidth + jit / widestCost * 260, y + 14, cost));
            y += row;
        }
        return svg.append("</svg>\n").toString();
    }
}
