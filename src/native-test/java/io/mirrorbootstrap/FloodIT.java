package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * Random and mutated messages over the real port, in numbers: each is answered or its link closed for a reason that is
 * the source's fault, nothing grows, and a good snapshot still commits. {@code -Dflood.messages=N -Dseed=N}.
 */
class FloodIT {

    private static final int MESSAGES = Integer.getInteger("flood.messages", 100_000);
    private static final long SEED = Seed.of(50296405605594L);
    private static final int SOURCES = 4;
    private static final int PATIENCE_MILLIS = 60_000;

    /** Of a process whose heap is bounded anyway: what the same messages again may add. */
    private static final long MAX_GROWTH_KIB = 24 * 1024;

    private static final Pattern CODE = Pattern.compile("\"code\":\"([a-z_0-9]+)\"");
    private static final Pattern TYPE = Pattern.compile("\"type\":\"([a-z_]+)\"");

    @TempDir
    Path temp;

    private final Map<String, AtomicLong> answers = new ConcurrentSkipListMap<>();
    private final AtomicInteger left = new AtomicInteger();

    @Test
    void noMessageBreaksIt() throws Exception {
        System.out.printf("flood: seed %d, %d messages%n", SEED, MESSAGES);
        Path data = temp.resolve("data");
        try (SidecarProcess sidecar = SidecarProcess.start(data, List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m"),
                Map.of("MIRROR_BOOTSTRAP_MAX_BOOTSTRAPS", "100", "QUARKUS_LOG_LEVEL", "ERROR",
                        "QUARKUS_LOG_CATEGORY__IO_QUARKUS__LEVEL", "INFO"))) {
            flood(sidecar, MESSAGES / 2, SEED);
            awaitNoLinks(sidecar);
            long before = residentKib(sidecar);
            long descriptors = descriptors(sidecar);
            flood(sidecar, MESSAGES - MESSAGES / 2, SEED + SOURCES);
            awaitNoLinks(sidecar);
            long after = residentKib(sidecar);

            System.out.printf("flood: %s; resident %d MiB half-way, %d at the end; descriptors %d and %d%n", answers,
                    before >> 10, after >> 10, descriptors, descriptors(sidecar));
            assertTrue(after - before < MAX_GROWTH_KIB, before + " KiB resident, then " + after);
            assertTrue(descriptors(sidecar) <= descriptors + 2,
                    descriptors + " descriptors, then " + descriptors(sidecar));
            assertEquals(0, count("transport") + count("no answer"), () -> answers + "\n" + log(sidecar));
            for (String code : List.of("malformed_envelope", "malformed_control", "invalid_database_id", "opened",
                    "pending",
                    "committed", "aborted", "snapshot_offset_regression", "chunk_crc_mismatch", "snapshot_crc_mismatch",
                    "snapshot_size_mismatch", "superseded")) {
                assertTrue(count(code) > 0, code + " never came: " + answers);
            }
            assertNothingFailed(sidecar);
            commitGood(sidecar.uri(), data);
        }
    }

    private static void awaitNoLinks(SidecarProcess sidecar) {
        Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> {
            try (InputStream metrics = sidecar.uri().resolve("/q/metrics").toURL().openStream()) {
                return new String(metrics.readAllBytes(), StandardCharsets.UTF_8).lines()
                        .anyMatch("mirror_bootstrap_links 0.0"::equals);
            }
        });
    }

    private void assertNothingFailed(SidecarProcess sidecar) throws IOException {
        assertEquals(List.of(),
                sidecar.log().lines().filter(line -> line.contains(" ERROR ") && !line.contains(": failed: "))
                        .toList());
    }

    private static String log(SidecarProcess sidecar) {
        try {
            return sidecar.log();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private long count(String answer) {
        return answers.getOrDefault(answer, new AtomicLong()).get();
    }

    private void flood(SidecarProcess sidecar, int messages, long seed) throws Exception {
        left.set(messages);
        ExecutorService threads = Executors.newFixedThreadPool(SOURCES);
        try {
            List<Future<Void>> sources = new ArrayList<>();
            for (int i = 0; i < SOURCES; i++) {
                long own = seed + i;
                Callable<Void> source = () -> {
                    new Stranger(sidecar.uri(), new Random(own)).run();
                    return null;
                };
                sources.add(threads.submit(source));
            }
            for (Future<Void> source : sources) {
                source.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void commitGood(URI sidecar, Path data) throws Exception {
        byte[] whole = new byte[1_000_000];
        new Random(SEED).nextBytes(whole);
        Crc32c crc = Crc32c.of(ByteBuffer.wrap(whole));
        SnapshotIdentity identity = new SnapshotIdentity("good", new DatabaseId("good"), 1, whole.length, crc);
        RawClient client = new RawClient(sidecar);
        byte[] head = ChunkEncoder.head(identity, 0, whole.length, crc, true);
        client.binary(ByteBuffer.allocate(head.length + whole.length).put(head).put(whole).array(), 65_536);
        assertEquals("committed", client.answer().path("type").asText());
        assertArrayEquals(whole, Files.readAllBytes(data.resolve("recv_snapshots/good.snapshot")));
        client.close();
    }

    private static long descriptors(SidecarProcess sidecar) throws IOException {
        try (var open = Files.list(Path.of("/proc", String.valueOf(sidecar.pid()), "fd"))) {
            return open.count();
        }
    }

    private static long residentKib(SidecarProcess sidecar) throws IOException {
        return Files.readAllLines(Path.of("/proc", String.valueOf(sidecar.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmRSS:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst().orElseThrow();
    }

    /** Sends one message after another, each mutated or not, on a link until that is closed, then on another. */
    private final class Stranger {

        private final URI sidecar;
        private final Random random;

        Stranger(URI sidecar, Random random) {
            this.sidecar = sidecar;
            this.random = random;
        }

        void run() throws IOException {
            while (left.get() > 0) {
                try (Socket socket = connect()) {
                    socket.setTcpNoDelay(true);
                    socket.setSoTimeout(PATIENCE_MILLIS);
                    OutputStream out = socket.getOutputStream();
                    out.write(
                            ("GET /v1/bootstrap HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
                    InputStream in = new BufferedInputStream(socket.getInputStream());
                    assertTrue(skipResponse(in).startsWith("HTTP/1.1 101"));
                    converse(in, out);
                } catch (SocketException | EOFException e) {
                    tell("cut"); // closed with bytes of ours unread: the close frame may be lost, as TCP has it
                }
            }
        }

        private Socket connect() {
            try {
                return new Socket(sidecar.getHost(), sidecar.getPort());
            } catch (IOException e) {
                throw new AssertionError("the sidecar is not there any more", e);
            }
        }

        private void converse(InputStream in, OutputStream out) throws IOException {
            boolean open = true;
            while (open && left.getAndDecrement() > 0) {
                boolean text = random.nextInt(4) == 0;
                byte[] message = mutated(text ? control() : chunk());
                byte[] frames = frames(text, message);
                if (random.nextInt(16) == 0) {
                    frames[random.nextInt(Math.min(frames.length, 8))] ^= (byte) (1 << random.nextInt(8));
                    out.write(frames);
                    out.write(frame(0x88, new byte[0])); // it may be payload now: then cut it
                    tell("torn");
                    return;
                }
                out.write(frames);
                open = answered(in);
            }
        }

        /** @return whether the link is open still */
        private boolean answered(InputStream in) throws IOException {
            int head = in.read();
            if (head < 0) {
                tell("no answer");
                return false;
            }
            int length = in.read();
            if (length == 126) {
                length = in.read() << 8 | in.read();
            }
            byte[] data = in.readNBytes(length);
            if ((head & 0xF) == 8) {
                tell("closed " + ((data[0] & 0xFF) << 8 | data[1] & 0xFF));
                return false;
            }
            String answer = new String(data, StandardCharsets.UTF_8);
            Matcher code = CODE.matcher(answer);
            Matcher type = TYPE.matcher(answer);
            tell(code.find() ? code.group(1) : type.find() ? type.group(1) : answer);
            return !answer.contains("\"type\":\"error\"") || answered(in, answer);
        }

        /** An error of those that close is followed by the close. */
        private boolean answered(InputStream in, String error) throws IOException {
            boolean closes = Pattern
                    .compile(
                            "malformed|invalid_database_id|mismatch\":|too_large|superseded|transport|insufficient|too_many")
                    .matcher(error.substring(0, Math.min(error.length(), 60))).find();
            return !closes || answered(in);
        }

        private void tell(String answer) {
            answers.computeIfAbsent(answer, any -> new AtomicLong()).incrementAndGet();
        }

        private SnapshotIdentity identity(byte[] whole) {
            return new SnapshotIdentity("cluster" + random.nextInt(2), new DatabaseId("db" + random.nextInt(8)),
                    random.nextInt(3), random.nextInt(4) == 0 ? 0 : whole.length, Crc32c.of(ByteBuffer.wrap(whole)));
        }

        private byte[] chunk() {
            byte[] whole = new byte[1 + random.nextInt(3000)];
            int from = random.nextInt(3) == 0 ? random.nextInt(whole.length) : 0;
            byte[] payload = Arrays.copyOfRange(whole, from, from + random.nextInt(whole.length - from + 1));
            Crc32c crc = random.nextInt(8) == 0 ? new Crc32c(random.nextInt()) : Crc32c.of(ByteBuffer.wrap(payload));
            byte[] head = ChunkEncoder.head(identity(whole), from, payload.length, crc, random.nextBoolean());
            return ByteBuffer.allocate(head.length + payload.length).put(head).put(payload).array();
        }

        private byte[] control() {
            SnapshotIdentity identity = identity(new byte[1 + random.nextInt(3000)]);
            return JsonMessages
                    .write(random.nextBoolean() ? new Control.Open(identity) : new Control.Abort(identity.database()))
                    .getBytes(StandardCharsets.UTF_8);
        }

        /** The same, or with some bytes changed, cut out, doubled, or all of them replaced. */
        private byte[] mutated(byte[] message) {
            byte[] bytes = message.clone();
            switch (random.nextInt(6)) {
                case 0:
                    for (int i = 0; i <= random.nextInt(4); i++) {
                        bytes[random.nextInt(Math.min(bytes.length, 300))] = (byte) random.nextInt();
                    }
                    return bytes;
                case 1:
                    return Arrays.copyOf(bytes, random.nextInt(bytes.length));
                case 2:
                    int at = random.nextInt(Math.min(bytes.length, 300));
                    byte[] hostile = List.of(new byte[]{(byte) 0xdf, 127, -1, -1, -1},
                            new byte[]{(byte) 0xc6, -1, -1, -1, -1},
                            new byte[]{(byte) 0xdd, 127, -1, -1, -1}, new byte[]{(byte) 0xcf, -1, 0, 0, 0, 0, 0, 0, 0},
                            new byte[random.nextInt(70_000)]).get(random.nextInt(5));
                    return ByteBuffer.allocate(bytes.length + hostile.length).put(bytes, 0, at).put(hostile)
                            .put(bytes, at, bytes.length - at).array();
                case 3:
                    random.nextBytes(bytes);
                    return bytes;
                default :
                    return bytes;
            }
        }

        private byte[] frames(boolean text, byte[] message) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            int at = 0;
            do {
                int length = random.nextInt(4) == 0 ? random.nextInt(message.length - at + 1) : message.length - at;
                int head = (at > 0 || out.size() > 0 ? 0 : text ? 1 : 2) | (at + length == message.length ? 0x80 : 0);
                out.writeBytes(frame(head, Arrays.copyOfRange(message, at, at + length)));
                at += length;
                if ((head & 0x80) != 0) {
                    return out.toByteArray();
                }
            } while (true);
        }

        private byte[] frame(int head, byte[] data) {
            ByteBuffer frame = ByteBuffer.allocate(14 + data.length).put((byte) head);
            if (data.length < 126) {
                frame.put((byte) (0x80 | data.length));
            } else if (data.length < 65_536) {
                frame.put((byte) (0x80 | 126)).putShort((short) data.length);
            } else {
                frame.put((byte) (0x80 | 127)).putLong(data.length);
            }
            int mask = random.nextInt();
            frame.putInt(mask);
            for (int i = 0; i < data.length; i++) {
                frame.put((byte) (data[i] ^ mask >> 24 - 8 * (i % 4)));
            }
            return Arrays.copyOf(frame.array(), frame.position());
        }

        private static String skipResponse(InputStream in) throws IOException {
            StringBuilder response = new StringBuilder();
            while (response.indexOf("\r\n\r\n") < 0) {
                int next = in.read();
                if (next < 0) {
                    throw new EOFException();
                }
                response.append((char) next);
            }
            return response.toString();
        }
    }
}
