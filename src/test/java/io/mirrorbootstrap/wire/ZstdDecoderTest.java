package io.mirrorbootstrap.wire;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDictCompress;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;

/** Frames that are decoded, and those that are refused before, or while, they are. */
class ZstdDecoderTest {

    private static final int MIB = 1024 * 1024;

    private final ZstdDecoder decoder = new ZstdDecoder();

    @AfterEach
    void close() {
        decoder.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 255, 256, 131_072, 131_073, 3 * MIB + 17})
    void whatIsEncodedIsDecodedHoweverItIsCut(int bytes) {
        for (byte[] payload : new byte[][]{random(bytes, 1), new byte[bytes], text(bytes)}) {
            byte[] frame = frame(payload, 3);
            for (int piece : new int[]{frame.length, 65_537, Math.max(1, frame.length / 7)}) {
                assertArrayEquals(payload, decode(frame, bytes, piece));
            }
        }
        assertArrayEquals(text(100), decode(frame(text(100), 19), 100, 1), "also behind others, a byte at a time");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 19})
    void theEncoderShrinksTextAndSaysWhereItHasNoRoom(int level) {
        byte[] text = text(MIB);
        try (ZstdEncoder encoder = new ZstdEncoder(level)) {
            ByteBuffer room = ByteBuffer.allocateDirect(MIB);
            int length = encoder.encode(direct(text), room).orElseThrow();
            assertTrue(length < MIB / 4, () -> length + " bytes");
            byte[] frame = new byte[length];
            room.flip().get(frame);
            assertArrayEquals(text, decode(frame, MIB, length));
            assertTrue(encoder.encode(direct(random(MIB, 2)), ByteBuffer.allocateDirect(MIB - 1)).isEmpty());
            assertEquals(length, encoder.encode(direct(text), room.clear()).orElseThrow(), "a frame knows no other");
        }
    }

    @Test
    void aFrameThatDoesNotSayItsSizeIsDecodedToo() {
        byte[] text = text(3 * MIB);
        assertArrayEquals(text, decode(streamed(text, 23), text.length, 10_000), "the largest window that is taken");
        assertArrayEquals(text, decode(streamed(text, 17), text.length, 10_000));
    }

    @ParameterizedTest
    @CsvSource({"99, frame of 100 bytes", "101, frame of 100 bytes"})
    void theSizeInTheFrameMustBeThatOfTheChunk(int dataBytes, String why) {
        assertRefused(why, frame(text(100), 3), dataBytes);
    }

    @ParameterizedTest
    @CsvSource({"99_999, more bytes than", "100_001, a zstd frame of 100000 bytes", "0, more bytes than"})
    void theSizeOfWhatComesMustBeThatOfTheChunk(String dataBytes, String why) {
        assertRefused(why, streamed(text(100_000), 17), Integer.parseInt(dataBytes.replace("_", "")));
    }

    @Test
    void notAByteMoreIsHandedOnThanTheChunkHas() {
        byte[] bomb = streamed(new byte[64 * MIB], 23);
        assertTrue(bomb.length < 10_000);
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        decoder.begin(MIB);
        decoder.feed(ByteBuffer.wrap(bomb), slice -> add(slice, payload));
        assertThrows(RefusedException.class, () -> decoder.finish(slice -> add(slice, payload)));
        assertTrue(payload.size() <= MIB);
        assertArrayEquals(text(50), decode(frame(text(50), 3), 50, 9), "the next chunk has nothing of it");
    }

    @ParameterizedTest
    @CsvSource({"'', no zstd frame", "28b52f, no zstd frame", "28b52ffd, no zstd frame",
            "28b52ffd20, ends in the header",
            "28b52ffda0ff, ends in the header", "28b52ffd00, ends in the header",
            // a window of 8 MiB and an eighth; of 3.75 TiB; a single segment of 8 MiB and a byte, of 16 EiB
            "28b52ffd0069000000, a window of 9437184 bytes", "28b52ffd00ff000000, a window of 4123168604160 bytes",
            "28b52ffda001008000000000, a window of 8388609 bytes",
            "28b52ffde0ffffffffffffffff, a zstd frame of 18446744073709551615 bytes",
            // a dictionary, a skippable frame, gzip, zstd 0.7
            "28b52ffd21050a000000, needs a dictionary", "502a4d1800000000, no zstd frame",
            "1f8b080000000000, no zstd frame", "27b52ffd2000010000, no zstd frame",
            // a block of a kind that there is none of, and one that is longer than a block may be
            "28b52ffd2000070000, no zstd frame", "28b52ffd0058f9ffff, no zstd frame"})
    void whatIsNoneOrNeedsTooMuchIsRefused(String hex, String why) {
        byte[] frame = HexFormat.of().parseHex(hex);
        assertRefused(why, frame, hex.startsWith("28b52ffda001008000") ? 8 * MIB + 1 : 0);
    }

    @Test
    void aDictionaryIsNotTaken() {
        byte[] dictionary = text(10_000);
        try (ZstdCompressCtx library = new ZstdCompressCtx();
                ZstdDictCompress withId = new ZstdDictCompress(com.github.luben.zstd.Zstd.trainFromBuffer(
                        samples(dictionary), new byte[2000]) > 0 ? trained(dictionary) : dictionary, 3)) {
            library.loadDict(withId);
            assertRefused("needs a dictionary", library.compress(text(1000)), 1000);
        }
    }

    @Test
    void whatIsCutOrGoesOnIsRefused() {
        byte[] frame = frame(text(200_000), 3);
        for (int length = 18; length < frame.length; length += 997) {
            assertRefused("ends inside its zstd frame", Arrays.copyOf(frame, length), 200_000);
        }
        assertRefused("more bytes follow", Arrays.copyOf(frame, frame.length + 1), 200_000);
        byte[] twice = Arrays.copyOf(frame, 2 * frame.length);
        System.arraycopy(frame, 0, twice, frame.length, frame.length);
        assertRefused("more bytes follow", twice, 200_000);
    }

    /** What is not refused has as many bytes as it says; what they are, the CRC-32C of the chunk says. */
    @Test
    void damageIsRefusedOrYieldsWhatWasSaid() {
        Random random = new Random(42);
        byte[] frame = frame(text(20_000), 3);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] damaged = frame.clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                assertEquals(20_000, decode(damaged, 20_000, damaged.length).length);
            } catch (RefusedException e) {
                assertInstanceOf(Refusal.MalformedChunk.class, e.refusal());
                refused++;
            }
        }
        int count = refused;
        assertTrue(count > 1000 && count < 20_000, () -> count + " are refused");
        assertArrayEquals(text(20_000), decode(frame, 20_000, 100));
    }

    private void assertRefused(String why, byte[] frame, int dataBytes) {
        for (int piece : new int[]{1, Math.max(1, frame.length)}) {
            RefusedException refused = assertThrows(RefusedException.class, () -> decode(frame, dataBytes, piece));
            String reason = assertInstanceOf(Refusal.MalformedChunk.class, refused.refusal()).message();
            assertTrue(reason.contains(why), reason);
        }
    }

    private byte[] decode(byte[] frame, int dataBytes, int piece) {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        decoder.begin(dataBytes);
        for (int at = 0; at < frame.length; at += piece) {
            decoder.feed(ByteBuffer.wrap(frame, at, Math.min(piece, frame.length - at)), slice -> add(slice, payload));
        }
        decoder.finish(slice -> add(slice, payload));
        return payload.toByteArray();
    }

    private static void add(ByteBuffer slice, ByteArrayOutputStream to) {
        byte[] bytes = new byte[slice.remaining()];
        slice.get(bytes);
        to.writeBytes(bytes);
    }

    private static byte[] frame(byte[] payload, int level) {
        try (ZstdCompressCtx library = new ZstdCompressCtx()) {
            return library.setLevel(level).compress(payload);
        }
    }

    /** A frame that does not say how much it yields. */
    private static byte[] streamed(byte[] payload, int windowLog) {
        try (ZstdCompressCtx library = new ZstdCompressCtx()) {
            library.setWindowLog(windowLog).setContentSize(false);
            ByteBuffer to = ByteBuffer.allocateDirect(payload.length + 1000);
            boolean isWhole = false;
            ByteBuffer from = direct(payload);
            while (!isWhole) {
                isWhole = library.compressDirectByteBufferStream(to, from, EndDirective.END);
            }
            byte[] frame = new byte[to.flip().remaining()];
            to.get(frame);
            return frame;
        }
    }

    private static byte[][] samples(byte[] text) {
        byte[][] samples = new byte[50][];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = Arrays.copyOfRange(text, i * 100, i * 100 + 150);
        }
        return samples;
    }

    private static byte[] trained(byte[] text) {
        byte[] dictionary = new byte[2000];
        long length = com.github.luben.zstd.Zstd.trainFromBuffer(samples(text), dictionary);
        return Arrays.copyOf(dictionary, (int) length);
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static byte[] text(int bytes) {
        StringBuilder text = new StringBuilder();
        for (int row = 0; text.length() < bytes; row++) {
            text.append("insert into orders values (").append(row).append(", 'customer ").append(row * 7919 % 10_007)
                    .append("', now());\n");
        }
        return Arrays.copyOf(text.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII), bytes);
    }
}
