package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.Seed;

class FrameParserTest {

    private static final long SEED = Seed.of(0);
    private static final int MAX_FRAME_BYTES = 1_000_000;

    private final FrameParser parser = new FrameParser(MAX_FRAME_BYTES);

    @Test
    void messagesAndControlFramesAreTheSameWhereverTheBytesAreCut() {
        for (long seed = SEED; seed < SEED + 100; seed++) {
            Random random = new Random(seed);
            ByteArrayOutputStream wire = new ByteArrayOutputStream();
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                writeMessage(random, wire, expected);
            }
            byte[] close = {3, (byte) 0xE8};
            wire.writeBytes(frame(random, 0x88, close));
            expected.add("close " + Arrays.hashCode(close));
            wire.writeBytes(new byte[100]); // nothing counts behind a close

            assertEquals(expected, parse(new FrameParser(MAX_FRAME_BYTES), random, wire.toByteArray()),
                    "seed " + seed);
        }
    }

    @Test
    void aPieceIsAtMostOneCacheFull() {
        byte[] payload = new byte[3 * FrameParser.MAX_PIECE_BYTES + 1];
        ByteBuffer wire = ByteBuffer.wrap(frame(new Random(SEED), 0x82, payload));
        List<Integer> lengths = new ArrayList<>();
        for (Optional<Frame> next = parser.next(wire); next.isPresent(); next = parser.next(wire)) {
            lengths.add(((Frame.Piece) next.get()).payload().remaining());
        }
        assertEquals(List.of(FrameParser.MAX_PIECE_BYTES, FrameParser.MAX_PIECE_BYTES, FrameParser.MAX_PIECE_BYTES, 1),
                lengths);
    }

    @Test
    void itIsMidwayFromTheFirstByteOfAMessageToItsLast() {
        Random random = new Random(SEED);
        byte[] first = frame(random, 0x02, new byte[10]);
        byte[] last = frame(random, 0x80, new byte[10]);
        assertFalse(parser.isMidway());
        for (byte[] frame : List.of(first, last)) {
            for (int i = 0; i < frame.length; i++) {
                parser.next(ByteBuffer.wrap(frame, i, 1));
                assertEquals(frame != last || i < frame.length - 1, parser.isMidway(), "byte " + i);
            }
        }
    }

    @Test
    void behindWhatIsNoFrameTheCloseOfTheSourceIsFoundWhereverTheBytesAreCut() {
        for (int length : new int[]{0, 2, 3, 60, 125}) {
            for (long seed = SEED; seed < SEED + 50; seed++) {
                Random random = new Random(seed);
                byte[] payload = new byte[length];
                Arrays.fill(payload, (byte) 'x');
                if (length > 0) {
                    ByteBuffer.wrap(payload).putShort((short) 1002);
                }
                ByteArrayOutputStream wire = new ByteArrayOutputStream();
                wire.writeBytes(new byte[]{(byte) 0xC2, (byte) 0x80}); // where its key would be is not known
                byte[] junk = new byte[random.nextInt(400)];
                Arrays.fill(junk, (byte) 0x55);
                wire.writeBytes(junk);
                wire.writeBytes(frame(random, 0x88, payload));
                assertEquals(
                        List.of("unacceptable NotWebSocket[reason=a frame has reserved bits set, and no extension was agreed on]",
                                "close " + Arrays.hashCode(payload)),
                        parse(new FrameParser(MAX_FRAME_BYTES), random, wire.toByteArray()),
                        "seed " + seed + ", " + length + " bytes");
            }
        }
    }

    @Test
    void aFrameMayBeAsLongAsIsAllowedAndNoLonger() {
        assertEquals(List.of(), parse(parser, new Random(SEED), header(MAX_FRAME_BYTES)));
        assertTrue(parser.isMidway());
        FrameParser other = new FrameParser(MAX_FRAME_BYTES);
        assertEquals(List.of("unacceptable FrameTooLarge[]"),
                parse(other, new Random(SEED), header(MAX_FRAME_BYTES + 1)));
        assertFalse(other.isMidway());
    }

    private static byte[] header(long length) {
        return ByteBuffer.allocate(14).put((byte) 0x82).put((byte) 0xFF).putLong(length).putInt(0).array();
    }

    private static void writeMessage(Random random, ByteArrayOutputStream wire, List<String> expected) {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        boolean text = random.nextBoolean();
        int frames = 1 + random.nextInt(3);
        for (int i = 0; i < frames; i++) {
            boolean last = i == frames - 1;
            byte[] payload = new byte[length(random)];
            random.nextBytes(payload);
            whole.writeBytes(payload);
            wire.writeBytes(frame(random, (last ? 0x80 : 0) | (i > 0 ? 0 : text ? 1 : 2), payload));
            if (last) {
                expected.add((text ? "text " : "binary ") + Arrays.hashCode(whole.toByteArray()));
            }
            if (random.nextInt(3) == 0) {
                byte[] said = new byte[random.nextInt(126)];
                random.nextBytes(said);
                boolean pong = random.nextBoolean(); // which needs no answer
                wire.writeBytes(frame(random, pong ? 0x8A : 0x89, said));
                if (!pong) {
                    expected.add("ping " + Arrays.hashCode(said));
                }
            }
        }
    }

    /** Each of the three forms that a length has, their ends above all. */
    private static int length(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(4);
            case 1 -> 124 + random.nextInt(4);
            case 2 -> 65_534 + random.nextInt(4);
            default -> random.nextInt(300_000);
        };
    }

    private static byte[] frame(Random random, int head, byte[] payload) {
        byte[] key = new byte[4];
        random.nextBytes(key);
        return MaskedFrame.of(head, payload, key);
    }

    /** What the parser makes of {@code wire}, cut at random, as text. */
    private static List<String> parse(FrameParser parser, Random random, byte[] wire) {
        List<String> parsed = new ArrayList<>();
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        int most = 1 << random.nextInt(20);
        ByteBuffer whole = ByteBuffer.allocateDirect(wire.length).put(wire).clear();
        for (int at = 0; at < wire.length;) {
            int length = Math.min(1 + random.nextInt(most), wire.length - at);
            ByteBuffer bytes = whole.slice(at, length);
            at += length;
            for (Optional<Frame> next = parser.next(bytes); next.isPresent(); next = parser.next(bytes)) {
                if (next.get() instanceof Frame.Piece piece) {
                    byte[] payload = new byte[piece.payload().remaining()];
                    piece.payload().get(payload);
                    message.writeBytes(payload);
                    if (piece.last()) {
                        parsed.add((piece.text() ? "text " : "binary ") + Arrays.hashCode(message.toByteArray()));
                        message.reset();
                    }
                } else if (next.get() instanceof Frame.Ping ping) {
                    parsed.add("ping " + Arrays.hashCode(ping.payload().array()));
                } else if (next.get() instanceof Frame.Close close) {
                    parsed.add("close " + Arrays.hashCode(close.payload().array()));
                } else if (next.get() instanceof Frame.Unacceptable unacceptable) {
                    parsed.add("unacceptable " + unacceptable.reason());
                }
            }
            assertFalse(bytes.hasRemaining());
        }
        return parsed;
    }
}
