package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.protocol.RawClient;

/**
 * The packaged service under everything that can happen to it: links dropped, {@code kill -9} at random instants (and so
 * between the steps of a commit), SIGTERM, a full disk, bits flipped on the way and on disk, two sources that fight for one
 * database, several databases at once, links with TLS and without by turns. {@code -Dtorture.faults=N} makes it longer, {@code -Dseed=N} repeats a run.
 */
class TortureIT extends WithSidecar {

    private static final int DATABASES = 3;
    private static final long CHECKPOINT_BYTES = 1024 * 1024;
    private static final Pattern LIVE = Pattern
            .compile("db[0-9](\\.partial|\\.checkpoint\\.json|\\.snapshot|\\.(manifest|successor)\\.json)");

    private final int faults = Integer.getInteger("torture.faults", 20);
    private final long seed = Seed.of(20261127);
    private final Random random = new Random(seed);
    /** Held while there is no sidecar. */
    private final Object lifecycle = new Object();
    private TestAuthority authority;
    private HttpClient secure;

    @Test
    void nothingIsLostAndNothingWrongIsPublished() throws Exception {
        System.out.printf("torture: seed %d, %d faults%n", seed, faults);
        TortureSource.Counts counts = new TortureSource.Counts();
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            authority = new TestAuthority(directory, "authority");
            secure = HttpClient.newBuilder().sslContext(authority.client(null)).build();
            startOnDisk();
            List<TortureSource> sources = new ArrayList<>();
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < DATABASES; i++) {
                TortureSource source = new TortureSource("db" + i, random.nextLong(), CHECKPOINT_BYTES, counts,
                        links(new Random(random.nextLong())));
                sources.add(source);
                running.add(threads.submit(source));
            }
            int kills = 0;
            int terms = 0;
            int flips = 0;
            int fulls = 0;
            for (int i = 0; i < faults; i++) {
                // a random instant is the point: there is no event to wait for
                TimeUnit.MILLISECONDS.sleep(200 + random.nextInt(2500));
                running.forEach(TortureIT::rethrowIfDone);
                if (random.nextInt(3) == 0) {
                    Files.createFile(fullDisk());
                    TimeUnit.MILLISECONDS.sleep(100 + random.nextInt(500));
                    Files.delete(fullDisk());
                    fulls++;
                }
                synchronized (lifecycle) {
                    boolean kill = random.nextInt(3) != 0;
                    for (TortureSource source : sources) {
                        source.expect(kill ? CHECKPOINT_BYTES : 0);
                    }
                    if (kill) {
                        sidecar.kill();
                        kills++;
                    } else {
                        assertEquals(143, sidecar.terminate(), () -> "SIGTERM must end it in order");
                        terms++;
                    }
                    // again: since then, and before its end, a source may have seen that nothing was missing
                    for (TortureSource source : sources) {
                        source.expect(kill ? CHECKPOINT_BYTES : 0);
                    }
                    checkFiles(sources);
                    if (random.nextInt(4) == 0) {
                        TortureSource victim = sources.get(random.nextInt(sources.size()));
                        if (flipBit(victim)) {
                            victim.expect(Long.MAX_VALUE);
                            flips++;
                        }
                    }
                    startOnDisk();
                }
            }
            sources.forEach(TortureSource::finish);
            for (Future<?> source : running) {
                source.get(120, TimeUnit.SECONDS);
            }
            checkNothingLeaks();
            assertEquals(143, sidecar.terminate());
            checkFiles(sources);
            try (var left = Files.list(file("."))) {
                assertEquals(2L * DATABASES, left.count(), "a snapshot and its manifest each, and nothing else");
            }
            System.out.printf(
                    "torture: survived %d kills, %d terminations, %d full disks, %d bits flipped on disk, %s%n",
                    kills, terms, fulls, flips, counts);
        } finally {
            threads.shutdownNow();
        }
    }

    private void startOnDisk() throws Exception {
        start(authority.serviceWithoutTrust(),
                Preloaded.disk("FULL_DISK_WHILE", fullDisk(), "MIRROR_BOOTSTRAP_CHECKPOINT_BYTES", CHECKPOINT_BYTES,
                        "MIRROR_BOOTSTRAP_DISK_RESERVE_BYTES", 0));
    }

    /** Links to the sidecar, with TLS or without; who opens one waits while there is no sidecar. */
    private Callable<RawClient> links(Random choice) {
        return () -> {
            boolean encrypted = choice.nextBoolean();
            URI address;
            synchronized (lifecycle) {
                address = encrypted ? sidecar.secureUri() : sidecar.uri();
            }
            return encrypted ? new RawClient(address, secure) : new RawClient(address);
        };
    }

    private Path fullDisk() {
        return directory.resolve("full");
    }

    private static void rethrowIfDone(Future<?> source) {
        if (source.isDone()) {
            try {
                source.get();
                throw new AssertionError("a source ended before it was told to");
            } catch (Exception e) {
                throw new AssertionError("a source failed: " + e.getMessage(), e);
            }
        }
    }

    /** Every snapshot is what its source has, and there is nothing that should not be. Before start-up repairs. */
    private void checkFiles(List<TortureSource> sources) throws IOException {
        Path files = file(".");
        try (var there = Files.list(files)) {
            for (Path file : there.toList()) {
                String name = file.getFileName().toString();
                // what was being written when the process was killed starts with a dot, and is removed at start
                assertTrue(name.startsWith(".") || LIVE.matcher(name).matches(), name);
            }
        }
        for (TortureSource source : sources) {
            Path snapshot = files.resolve(source.database() + ".snapshot");
            if (Files.exists(snapshot)) {
                byte[] bytes = Files.readAllBytes(snapshot);
                long lsn = source.lsnOf(bytes);
                assertArrayEquals(source.content(lsn), bytes, "seed " + seed);
                List<Long> told = new ArrayList<>();
                for (String record : List.of(".manifest.json", ".successor.json")) {
                    Path file = files.resolve(source.database() + record);
                    if (Files.exists(file)) {
                        told.add(new ObjectMapper().readTree(Files.readAllBytes(file)).path("snapshot_lsn").asLong());
                    }
                }
                // killed behind the payload's rename, it is the successor record that tells
                assertTrue(told.contains(lsn), () -> lsn + " of which nothing is told but " + told);
                assertTrue(lsn >= source.lastCommitted(), "a committed snapshot was lost, seed " + seed);
            } else {
                assertEquals(0, source.lastCommitted(), "a committed snapshot is gone, seed " + seed);
            }
        }
    }

    private boolean flipBit(TortureSource victim) throws IOException {
        Path partial = file(victim.database() + ".partial");
        if (!Files.exists(partial) || Files.size(partial) == 0) {
            return false;
        }
        try (RandomAccessFile file = new RandomAccessFile(partial.toFile(), "rw")) {
            long at = random.nextLong(file.length());
            file.seek(at);
            int old = file.read();
            file.seek(at);
            file.write(old ^ 1 << random.nextInt(8));
        }
        return true;
    }

    private void checkNothingLeaks() throws IOException {
        try (var descriptors = Files.list(sidecar.proc("fd")); var tasks = Files.list(sidecar.proc("task"))) {
            List<String> open = new ArrayList<>();
            for (Path descriptor : descriptors.toList()) {
                try {
                    open.add(Files.readSymbolicLink(descriptor).toString());
                } catch (NoSuchFileException e) {
                    // closed since it was listed: what was asked for is that it is not open
                }
            }
            assertEquals(List.of(), open.stream().filter(name -> name.contains("recv_snapshots")).toList());
            assertTrue(tasks.count() < 80, "threads");
        }
    }
}
