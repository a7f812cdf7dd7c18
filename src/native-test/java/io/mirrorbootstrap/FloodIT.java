package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.RawClient;

/**
 * Random and mutated messages over the real ports, with TLS and without, in numbers: each is answered or its link closed for a reason that is
 * the source's fault, nothing grows, and a good snapshot still commits. {@code -Dflood.messages=N -Dseed=N}.
 */
class FloodIT extends WithSidecar {

    private static final int MESSAGES = Integer.getInteger("flood.messages", 40_000);
    private static final long SEED = Seed.of(50296405605594L);
    private static final int SOURCES = 4;

    /** Of a process whose heap is bounded anyway: what the same messages again may add. */
    private static final long MAX_GROWTH_KIB = 24 * 1024;

    private final Map<String, AtomicLong> answers = new ConcurrentSkipListMap<>();
    private final AtomicInteger left = new AtomicInteger();
    private SSLContext tls;

    @Test
    void noMessageBreaksIt() throws Exception {
        System.out.printf("flood: seed %d, %d messages%n", SEED, MESSAGES);
        TestAuthority authority = new TestAuthority(directory, "authority");
        tls = authority.client(null);
        start(authority.serviceWithoutTrust(),
                Map.of("MIRROR_BOOTSTRAP_MAX_BOOTSTRAPS", "100", "QUARKUS_LOG_LEVEL", "ERROR",
                        "QUARKUS_LOG_CATEGORY__IO_QUARKUS__LEVEL", "INFO"));
        flood(MESSAGES / 2, SEED);
        awaitNoLinks();
        long before = sidecar.residentKib();
        long descriptors = sidecar.descriptors();
        flood(MESSAGES - MESSAGES / 2, SEED + SOURCES);
        awaitNoLinks();
        long after = sidecar.residentKib();

        System.out.printf("flood: %s; resident %d MiB half-way, %d at the end; descriptors %d and %d%n", answers,
                before >> 10, after >> 10, descriptors, sidecar.descriptors());
        assertTrue(after - before < MAX_GROWTH_KIB, before + " KiB resident, then " + after);
        assertTrue(sidecar.descriptors() <= descriptors + 2,
                descriptors + " descriptors, then " + sidecar.descriptors());
        assertEquals(0, count("transport") + count("no answer"), () -> answers + "\n" + log());
        for (String code : List.of("malformed_envelope", "malformed_control", "invalid_database_id", "opened",
                "pending",
                "committed", "aborted", "snapshot_offset_regression", "chunk_crc_mismatch", "snapshot_crc_mismatch",
                "snapshot_size_mismatch", "superseded")) {
            assertTrue(count(code) > 0, code + " never came: " + answers);
        }
        assertNothingFailed();
        commitGood();
    }

    @Override
    List<String> vmOptions() {
        return List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m");
    }

    private void awaitNoLinks() {
        patiently().until(() -> sidecar.metric("mirror_bootstrap_links") == 0);
    }

    private void assertNothingFailed() throws IOException {
        assertEquals(List.of(),
                sidecar.log().lines().filter(line -> line.contains(" ERROR ") && !line.contains(": failed: "))
                        .toList());
    }

    private String log() {
        try {
            return sidecar.log();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private long count(String answer) {
        return answers.getOrDefault(answer, new AtomicLong()).get();
    }

    private void flood(int messages, long seed) throws Exception {
        left.set(messages);
        URI plain = sidecar.uri();
        URI secure = sidecar.secureUri();
        ExecutorService threads = Executors.newFixedThreadPool(SOURCES);
        try {
            List<Future<Void>> sources = new ArrayList<>();
            for (int i = 0; i < SOURCES; i++) {
                sources.add(threads.submit(new FloodSource(() -> PlainSocket.to(plain),
                        () -> PlainSocket.to(secure, tls), new Random(seed + i), left, this::tell)));
            }
            for (Future<Void> source : sources) {
                source.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private void tell(String answer) {
        answers.computeIfAbsent(answer, any -> new AtomicLong()).incrementAndGet();
    }

    private void commitGood() throws Exception {
        TestSnapshot good = TestSnapshot.random("good", 1_000_000);
        RawClient client = new RawClient(sidecar.uri());
        good.committed(client);
        assertArrayEquals(good.bytes(), Files.readAllBytes(file("good.snapshot")));
        client.close();
    }
}
