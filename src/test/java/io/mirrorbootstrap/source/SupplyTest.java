package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.Seed;
import io.mirrorbootstrap.snapshot.Crc32c;

/** What is sent again over another link is what was sent before, whatever was read, written and made durable meanwhile. */
@Timeout(120)
class SupplyTest {

    private static final int MIB = 1024 * 1024;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int[] CHUNKS = {4096, 65_536, 700_000, MIB};

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {1, 8191, 8192, MIB - 1, MIB, MIB + 1, 2 * MIB, 4 * MIB, 5 * MIB + 17, 8 * MIB})
    void overAnyLinksOfAnyChunksAStreamIsTheSame(int bytes) throws Exception {
        long seed = Seed.of(bytes);
        byte[] whole = random(bytes, seed);
        for (int play = 0; play < 5; play++) {
            Random random = new Random(seed + play);
            try (StreamInput stream = new StreamInput(Channels.newChannel(piecemeal(whole, random)), "stream")) {
                play(stream, whole, random);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, MIB, 2 * MIB, 5 * MIB + 17})
    void overAnyLinksOfAnyChunksAFileIsTheSame(int bytes) throws Exception {
        long seed = Seed.of(bytes);
        byte[] whole = random(bytes, seed);
        Path file = Files.write(directory.resolve("file"), whole);
        for (int play = 0; play < 5; play++) {
            try (FileInput input = new FileInput(file)) {
                play(input, whole, new Random(seed + play));
            }
        }
    }

    @Test
    void whatIsReadBeforeAFailureIsSent() throws Exception {
        byte[] whole = random(MIB, 1);
        InputStream failing = new InputStream() {
            private final InputStream bytes = new ByteArrayInputStream(whole);

            @Override
            public int read() throws IOException {
                throw new IOException("not asked for one byte");
            }

            @Override
            public int read(byte[] to, int from, int length) throws IOException {
                int read = bytes.read(to, from, length);
                if (read < 0) {
                    throw new IOException("torn");
                }
                return read;
            }
        };
        try (StreamInput stream = new StreamInput(Channels.newChannel(failing), "stream")) {
            Supply supply = supply(stream, 4);
            supply.goTo(0, Optional.empty(), MIB, true);
            assertTrue(supply.read(PATIENCE));
            Payload payload = supply.take().orElseThrow();
            assertFalse(payload.isLast());
            check(payload, whole, 0);
            assertEquals("torn", assertThrows(IOException.class, () -> supply.read(PATIENCE)).getMessage());
        }
    }

    /** Links are lost at any moment, and the sidecar stands anywhere then from what is durable to what was sent. */
    private static void play(SnapshotInput input, byte[] whole, Random random) throws Exception {
        Supply supply = supply(input, 4 + random.nextInt(4));
        boolean isFile = input.size().isPresent();
        boolean isSent = false;
        for (int link = 0; !isSent; link++) {
            long from = supply.firstByte() + random.nextInt((int) (supply.furthestByte() - supply.firstByte()) + 1);
            Crc32c before = Crc32c.of(ByteBuffer.wrap(whole, 0, (int) from));
            if (!isFile) {
                assertEquals(Optional.of(before), supply.heldCrc32c(from));
            }
            supply.goTo(from, Optional.of(before), CHUNKS[random.nextInt(CHUNKS.length)], true);
            boolean isLost = false;
            supply.linkIsOut();
            Deque<ChunkMessage> onTheWay = new ArrayDeque<>();
            while (!isSent && !isLost) {
                if (!supply.isAhead() && supply.hasRoom()) {
                    assertTrue(supply.read(PATIENCE));
                    long next = supply.nextByte();
                    Payload payload = supply.take().orElseThrow();
                    boolean isLast = payload.isLast();
                    check(payload, whole, next);
                    payload.memory().ifPresent(
                            memory -> onTheWay.add(memory.message(new byte[]{1}, payload.from(), payload.bytes())));
                    assertTrue(!isLast || supply.nextByte() == whole.length);
                    isSent = isLast && (link > 3 || random.nextBoolean());
                    isLost = isLast && !isSent || link < 20 && random.nextInt(40) == 0;
                } else if (onTheWay.isEmpty()) { // all that is held is to be made durable
                    supply.durable(supply.nextByte());
                }
                if (!onTheWay.isEmpty() && random.nextBoolean()) {
                    supply.written(onTheWay.remove());
                }
                if (random.nextInt(20) == 0) {
                    long durable = supply.durableBytes();
                    supply.durable(durable + random.nextInt((int) (supply.nextByte() - durable) + 1));
                }
            }
        }
        assertEquals(whole.length, supply.endByte());
        assertEquals(Crc32c.of(ByteBuffer.wrap(whole)), supply.runningCrc32c());
        supply.close();
    }

    private static Supply supply(SnapshotInput input, int mostSegments) {
        ChunkMemory memory = new ChunkMemory(64);
        return new Supply(new Stock(input, memory, mostSegments, Lag.ofOne()), memory, Stock.FLOWING);
    }

    private static void check(Payload payload, byte[] whole, long next) {
        assertEquals(next, payload.offset());
        byte[] wanted = Arrays.copyOfRange(whole, (int) next, (int) next + payload.bytes());
        byte[] head = {1, 2, 3, 4, 5};
        payload.memory().ifPresent(memory -> assertArrayEquals(join(head, wanted),
                ReceivedFrames.message(memory.message(head, payload.from(), wanted.length))));
        assertEquals(Crc32c.of(ByteBuffer.wrap(wanted)), payload.crc32c());
    }

    private static byte[] join(byte[] head, byte[] rest) {
        return ByteBuffer.allocate(head.length + rest.length).put(head).put(rest).array();
    }

    /** As a pipe gives them: as many as there are. */
    private static InputStream piecemeal(byte[] whole, Random random) {
        long seed = random.nextLong();
        return new ByteArrayInputStream(whole) {
            private final Random pieces = new Random(seed);

            @Override
            public synchronized int read(byte[] to, int from, int length) {
                return super.read(to, from, Math.min(length, 1 + pieces.nextInt(65_536)));
            }
        };
    }
}
