package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A directory goes to a sidecar and becomes one again, by the packaged {@code send --tar} and {@code wait --extract}. */
@Timeout(240)
class TarIT extends WithSidecar {

    private final List<Process> started = new ArrayList<>();
    private final byte[] table = new byte[MIB];
    private Path source;

    @BeforeEach
    void fill() throws IOException {
        source = Files.createDirectory(directory.resolve("source"));
        Files.writeString(source.resolve("backup_label"),
                "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n");
        Random random = new Random(1);
        for (int i = 0; i < 120; i++) {
            random.nextBytes(table);
            Files.write(Files.createDirectories(source.resolve("base/" + i % 7)).resolve("1638" + i), table);
        }
        Files.createLink(source.resolve("base/again"), source.resolve("base/0/16380"));
        Files.createSymbolicLink(source.resolve("base/öß 日本"), Path.of("0/16380"));
        Files.setAttribute(source.resolve("base/3"), "unix:mode", 0500);
        Files.setLastModifiedTime(source.resolve("base/3"), FileTime.from(Instant.parse("2001-02-03T04:05:06.789Z")));
    }

    @AfterEach
    void end() {
        started.forEach(Process::destroyForcibly);
    }

    @Test
    void aDirectoryGoesOnWhereItStoodAndIsTheSameThere() throws Exception {
        Map<String, String> environment = Preloaded.disk("SLOW_DISK_MS_PER_MIB", 20, "QUARKUS_HTTP_PORT",
                FreePort.take(),
                "MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", "8M");
        start(environment);
        Process send = send("--tar", source.toString());
        awaitBytes(send, 40 * MIB);
        send.destroyForcibly().waitFor();
        Process again = send("--tar", source.toString());
        awaitBytes(again, 70 * MIB);
        sidecar.kill();
        start(environment);
        assertEquals(0, ended(again), this::said);

        String out = Files.readString(directory.resolve("out"));
        assertTrue(out.startsWith("committed " + file("orders.snapshot") + ": ")
                && out.contains(", LSN 0/2000028 = 33554472 ("), out);
        assertTrue(said().contains("resumes=1 "), this::said);
        long sent = Long
                .parseLong(said().replaceAll("(?s).* ended: database=orders transfer=\\S+ bytes=(\\d+) .*", "$1"));
        assertTrue(sent < Files.size(file("orders.snapshot")) - 20L * MIB, "the second one has sent " + sent);
        assertEquals(0,
                run("tar", "--numeric-owner", "-df", file("orders.snapshot").toString(), "-C", source.toString()),
                this::said);

        Path there = directory.resolve("there");
        assertEquals(0,
                ended(command("wait", "orders", "--url", sidecar.uri().toString(), "--extract", there.toString())),
                this::said);
        assertEquals(0, run("diff", "-r", "--no-dereference", source.toString(), there.toString()), this::said);
        assertEquals(0,
                run("tar", "--numeric-owner", "-df", file("orders.snapshot").toString(), "-C", there.toString()),
                this::said);
        assertTrue(Files.isSameFile(there.resolve("base/again"), there.resolve("base/0/16380")));
        assertEquals(Path.of("0/16380"), Files.readSymbolicLink(there.resolve("base/öß 日本")));
    }

    @Test
    void itComesToSeveralMirrorsAndIsNotCommittedWhenItChanges() throws Exception {
        SidecarProcess first = start();
        try (SidecarProcess second = SidecarProcess.start(Files.createDirectory(directory.resolve("second")),
                vmOptions(),
                Map.of())) {
            Process send = send("--tar", source.toString(), "--url", second.uri().toString());
            assertEquals(0, ended(send), this::said);
            assertEquals(-1, Files.mismatch(file("orders.snapshot"),
                    directory.resolve("second/recv_snapshots/orders.snapshot")));
        }
        first.kill();
        start(Map.of("MIRROR_BOOTSTRAP_INGEST_RATE_BYTES_PER_SECOND", "20M", "MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES",
                "0"));
        Files.write(source.resolve("base/1/16381"), table);
        Process send = send("--tar", source.toString());
        patiently().until(() -> !send.isAlive()
                || Files.exists(file("orders.partial")) && Files.size(file("orders.partial")) > 10 * MIB);
        Path last = source.resolve("base/6/163813");
        Files.write(last, new byte[1]);
        assertEquals(5, ended(send), this::said);
        assertTrue(said().contains("/base/6/163813 is new, or other than it was, ")
                && said().contains(" changed while it was being sent: "), this::said);
    }

    @Test
    void anArchiveThatLeadsOutIsRefused() throws Exception {
        start();
        Path link = directory.resolve("link");
        Path inside = Files.createDirectory(directory.resolve("inside"));
        Files.createSymbolicLink(link, inside);
        Files.writeString(inside.resolve("planted"), "x");
        Path archive = directory.resolve("archive");
        assertEquals(0, run("tar", "-cPf", archive.toString(), "-C", directory.toString(), "link", "link/planted"));
        assertEquals(0, ended(send(archive.toString())), this::said);
        Path there = Files.createDirectory(directory.resolve("place")).resolve("there");
        assertEquals(3,
                ended(command("wait", "orders", "--url", sidecar.uri().toString(), "--extract", there.toString(),
                        "--remove-after")),
                this::said);
        assertTrue(said().contains("link is a link that leads out of the directory, or may: to " + inside), this::said);
        assertFalse(Files.exists(there, LinkOption.NOFOLLOW_LINKS));
        assertArrayEquals(new String[0], there.getParent().toFile().list());
        assertTrue(Files.exists(file("orders.snapshot")));
    }

    /** What is printed may be all that tells from where to follow. */
    @Test
    void aResultThatNobodyCanReadLeavesTheSnapshot() throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/full")), "nothing is always full here");
        start();
        assertEquals(0, ended(send("--tar", source.toString())), this::said);
        Path there = directory.resolve("there");
        ProcessBuilder wait = SidecarProcess.command("wait", "orders", "--url", sidecar.uri().toString(), "--extract",
                there.toString(), "--format", "env", "--remove-after");
        Process full = wait.redirectOutput(new File("/dev/full")).redirectError(directory.resolve("err").toFile())
                .start();
        started.add(full);
        assertEquals(1, ended(full), this::said);
        assertTrue(said().contains("standard output cannot be written: the result is lost"), this::said);
        assertTrue(Files.exists(there.resolve("base")), this::said);
        assertTrue(Files.exists(file("orders.snapshot")), "it has the result, too");
    }

    private Process send(String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("send", "--url", sidecar.uri().toString(), "--cluster", "c",
                "--database", "orders"));
        arguments.addAll(List.of(options));
        return command(arguments.toArray(String[]::new));
    }

    private Process command(String... arguments) throws IOException {
        ProcessBuilder command = SidecarProcess.command(arguments);
        command.environment().put("LC_ALL", started.isEmpty() ? "C.UTF-8" : "C"); // names have the same bytes in each
        return started(command);
    }

    private Process started(ProcessBuilder command) throws IOException {
        Process process = command.redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile()).start();
        started.add(process);
        return process;
    }

    private int run(String... command) throws IOException, InterruptedException {
        return ended(started(new ProcessBuilder(command)));
    }

    private int ended(Process process) throws InterruptedException {
        assertTrue(process.waitFor(120, TimeUnit.SECONDS), this::said);
        return process.exitValue();
    }

    private void awaitBytes(Process send, long bytes) {
        patiently().until(() -> {
            assertTrue(send.isAlive(), this::said);
            return sidecar.bytesDone("orders") >= bytes;
        });
    }

    private String said() {
        try {
            return Files.readString(directory.resolve("err"), StandardCharsets.UTF_8)
                    + Files.readString(directory.resolve("out"), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
