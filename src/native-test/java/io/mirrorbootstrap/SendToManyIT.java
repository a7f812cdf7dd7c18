package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the packaged {@code send} brings to several packaged sidecars at once, whatever happens to one of them. */
@Timeout(300)
class SendToManyIT extends WithSidecar {

    private static final int MIB = 1024 * 1024;
    private static final int SIZE = 96 * MIB;
    private static final Map<String, String> SLOW = Map.of("MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "4M",
            "MIRROR_BOOTSTRAP_WINDOW_BYTES", "4M", "MIRROR_BOOTSTRAP_INGEST_RATE_BYTES_PER_SECOND", "20M",
            "MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES", "0");

    private final List<Process> started = new ArrayList<>();
    private final List<SidecarProcess> sidecars = new ArrayList<>();
    private int current;

    @Override
    Path data() {
        return directory.resolve("mirror" + current).resolve("data");
    }

    @AfterEach
    void end() throws Exception {
        for (SidecarProcess each : sidecars) {
            signal("CONT", each);
        }
        started.forEach(Process::destroyForcibly);
        sidecars.forEach(SidecarProcess::close);
    }

    @Test
    void aFileIsReadOnceAndComesToAll() throws Exception {
        three(Map.of("MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES", "0"));
        List<String> command = SidecarProcess.command(arguments(urls(), "--lag-limit", "60", whole().toString()))
                .command();
        List<String> counting = new ArrayList<>(List.of("sh", "-c", "\"$@\" && grep rchar /proc/$$/io", "sh"));
        counting.addAll(command); // what a process reads is counted for its parent, too, once it has ended
        Process send = started(new ProcessBuilder(counting));

        assertEquals(0, ended(send), this::said);
        assertWhole(0, 1, 2);
        List<String> lines = Files.readAllLines(directory.resolve("out"));
        for (SidecarProcess each : sidecars) {
            String name = " mirror=" + each.uri().getAuthority();
            assertEquals(1, lines.stream().filter(line -> line.startsWith("committed ") && line.endsWith(name)).count(),
                    lines::toString);
            assertTrue(said().contains(name + " ended: database=orders"), this::said);
        }
        Matcher read = Pattern.compile("rchar: (\\d+)").matcher(lines.get(lines.size() - 1));
        assertTrue(read.matches() && Long.parseLong(read.group(1)) < SIZE * 1.2, lines::toString);
    }

    @Test
    void oneThatStopsComesBackByItself() throws Exception {
        three(SLOW);
        Process send = send("--replay-buffer", "8M", whole().toString());
        awaitBytes(send, 1, 12 * MIB);
        signal("STOP", sidecars.get(1));
        awaitWhole(send, 0, 2);
        assertTrue(send.isAlive(), this::said);
        assertTrue(said().contains("mirror=" + sidecars.get(1).uri().getAuthority()) && said().contains("by itself"),
                this::said);
        signal("CONT", sidecars.get(1));

        assertEquals(0, ended(send), this::said);
        assertWhole(0, 1, 2);
    }

    @Test
    void oneThatIsKilledGoesOnWhereItStood() throws Exception {
        three(SLOW);
        Process send = send("--replay-buffer", "8M", "--lag-limit", "100", "--", "cat", whole().toString());
        awaitBytes(send, 2, 12 * MIB);
        int port = sidecars.get(2).uri().getPort();
        sidecars.get(2).kill();
        current = 2;
        sidecars.set(2, start(SLOW, Map.of("QUARKUS_HTTP_PORT", String.valueOf(port))));

        assertEquals(0, ended(send), this::said);
        assertWhole(0, 1, 2);
        assertTrue(said().contains("trying again"), this::said);
    }

    @Test
    void aStreamGoesOnWithoutOneThatStops() throws Exception {
        three(SLOW);
        Process send = send("--replay-buffer", "8M", "--lag-limit", "2", "--", "cat", whole().toString());
        awaitBytes(send, 1, 12 * MIB);
        signal("STOP", sidecars.get(1));

        assertEquals(4, ended(send), this::said);
        assertWhole(0, 2);
        assertTrue(said().contains("mirror=" + sidecars.get(1).uri().getAuthority() + ": this mirror was left behind"),
                this::said);
    }

    @Test
    void oneThatRefusesIsNamedAndAFailedProducerCommitsNothing() throws Exception {
        three(Map.of("MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES", "0"));
        Process later = started(SidecarProcess.command(arguments(urls().subList(2, 4), "--lsn", "9",
                Files.writeString(directory.resolve("later"), "later").toString())));
        assertEquals(0, ended(later), this::said);

        assertEquals(3, ended(send("--", "cat", whole().toString())), this::said);
        assertWhole(0, 2);
        assertTrue(
                said().contains("mirror=" + sidecars.get(1).uri().getAuthority() + ": the sidecar refused (stale_snap"),
                this::said);

        assertEquals(6, ended(send("--replace", "--lsn", "10", "--", "sh", "-c", "cat " + whole() + "; exit 3")),
                this::said);
        assertWhole(0, 2);
        current = 1;
        assertEquals("later", Files.readString(file("orders.snapshot")));
    }

    @Test
    void eachAddressOfANameIsASidecar() throws Exception {
        int port = FreePort.take();
        for (String address : List.of("127.0.0.1", "127.0.0.2")) {
            current = sidecars.size();
            sidecars.add(SidecarProcess.start(prepared(), vmOptions(), Map.of("QUARKUS_HTTP_HOST", address,
                    "QUARKUS_HTTP_PORT", String.valueOf(port), "MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES", "0")));
        }
        assertEquals(0, toEveryAddress("http://127.0.0.1:" + port + " http://127.0.0.2:" + port), this::said);
        assertWhole(0, 1);
        assertTrue(said().contains("mirror=127.0.0.1:" + port) && said().contains("mirror=127.0.0.2:" + port),
                this::said);
        assertEquals(0, toEveryAddress("http://localhost:" + port), this::said); // which has one of IPv6, too
        assertTrue(said().contains("it is sent to those of one kind, 1 of 2"), this::said);
    }

    private int toEveryAddress(String urls) throws Exception {
        return ended(started(SidecarProcess
                .command(arguments(List.of("--url", urls), "--every-address", whole().toString()))));
    }

    @Test
    void moreThanTheMemoryIsEnoughForAreNotSentToAtAll() throws Exception {
        List<String> line = new ArrayList<>(SidecarProcess.program(List.of("-XX:MaxDirectMemorySize=96m")));
        List<String> urls = List.of("--url", IntStream.rangeClosed(1, 24).mapToObj(port -> "http://127.0.0.1:" + port)
                .collect(Collectors.joining(" ")));
        line.addAll(List.of(arguments(urls, "--compress", "zstd", whole().toString())));
        assertEquals(2, ended(started(new ProcessBuilder(line))), this::said);
        assertTrue(said().contains("so many mirrors at once, 24, need "), this::said);
    }

    private Path prepared() throws IOException {
        return Files.createDirectories(data());
    }

    private void three(Map<String, String> environment) throws IOException {
        for (current = 0; current < 3; current++) {
            sidecars.add(start(environment));
        }
    }

    private Path whole() throws IOException {
        Path whole = directory.resolve("whole");
        if (!Files.exists(whole)) {
            byte[] mib = new byte[MIB];
            Random random = new Random(7);
            try (RandomAccessFile file = new RandomAccessFile(whole.toFile(), "rw")) {
                for (int at = 0; at < SIZE; at += MIB) {
                    random.nextBytes(mib);
                    file.write(mib);
                }
            }
        }
        return whole;
    }

    private List<String> urls() {
        return sidecars.stream().flatMap(each -> Stream.of("--url", each.uri().toString())).toList();
    }

    private Process send(String... more) throws IOException {
        return started(SidecarProcess.command(arguments(urls(), more)));
    }

    private static String[] arguments(List<String> urls, String... more) {
        Stream<String> lsn = List.of(more).contains("--lsn") ? Stream.of() : Stream.of("--lsn", "7");
        return Stream.of(Stream.of("send", "--cluster", "c", "--database", "orders", "--give-up-after", "120"),
                urls.stream(), lsn, Stream.of(more)).flatMap(part -> part).toArray(String[]::new);
    }

    private Process started(ProcessBuilder builder) throws IOException {
        Process process = builder.redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile()).start();
        started.add(process);
        return process;
    }

    private int ended(Process process) throws InterruptedException {
        assertTrue(process.waitFor(120, TimeUnit.SECONDS), this::said);
        return process.exitValue();
    }

    private static void signal(String name, SidecarProcess to) throws Exception {
        new ProcessBuilder("kill", "-" + name, String.valueOf(to.pid())).start().waitFor();
    }

    private void awaitBytes(Process send, int index, long bytes) {
        patiently().until(() -> {
            assertTrue(send.isAlive(), this::said);
            return sidecars.get(index).bytesDone("orders") >= bytes;
        });
    }

    private void awaitWhole(Process send, int... indexes) throws Exception {
        for (int index : indexes) {
            patiently().until(() -> {
                assertTrue(send.isAlive(), this::said);
                return sidecars.get(index).word("orders").equals("following");
            });
        }
        assertWhole(indexes);
    }

    private void assertWhole(int... indexes) throws IOException {
        for (int index : indexes) {
            current = index;
            assertEquals(-1, Files.mismatch(whole(), file("orders.snapshot")));
            assertFalse(Files.exists(file("orders.partial")));
        }
    }

    private String said() {
        try {
            return Files.readString(directory.resolve("err"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
