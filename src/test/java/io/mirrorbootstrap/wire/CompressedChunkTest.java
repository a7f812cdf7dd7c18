package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;

/** What a chunk says of its compression, wherever in its map. What is in the frame is not looked at here. */
class CompressedChunkTest {

    private static final int LIMIT = 1000;

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 10_000})
    void whatSaysItMayStandAnywhere(int pieceBytes) {
        byte[] behind = ChunkMessages.map(10, packer -> {
            ChunkMessages.all(packer);
            packer.packString("data_bytes").packInt(77).packString("encoding").packString("zstd");
        });
        byte[] before = ChunkMessages.map(10, packer -> {
            packer.packString("data_bytes").packInt(77).packString("encoding").packString("zstd");
            ChunkMessages.all(packer);
        });
        for (byte[] message : List.of(before, behind)) {
            assertEquals(OptionalInt.of(77), decode(message, pieceBytes, true).dataBytes());
        }
        byte[] none = ChunkMessages.map(10, packer -> {
            ChunkMessages.all(packer);
            packer.packString("data_bytes").packNil().packString("encoding").packNil();
        });
        assertEquals(OptionalInt.empty(), decode(none, pieceBytes, true).dataBytes());
        assertEquals(OptionalInt.empty(), decode(none, pieceBytes, false).dataBytes());
    }

    /** Whatever may yet turn out to be compressed must not be written as it comes. */
    @Test
    void itIsKnownInTimeWhetherPayloadMayBeCompressed() {
        assertEquals(List.of(true), asked(false, "encoding", true), "said before");
        assertEquals(List.of(true), asked(false, "", true), "it may still be said");
        assertEquals(List.of(false), asked(true, "", true), "data is the last value");
        assertEquals(List.of(false), asked(false, "nil", true), "said not to be");
        assertEquals(List.of(false), asked(false, "", false), "it is not agreed on");
        byte[] array = ChunkMessages.pack(packer -> packer.packArrayHeader(8).packString("c").packString("x").packInt(1)
                .packInt(1).packInt(1).packInt(0).packBinaryHeader(1).addPayload(new byte[1]).packBoolean(true));
        ChunkDecoder decoder = new ChunkDecoder(LIMIT, true);
        List<Boolean> asked = new ArrayList<>();
        decoder.feed(ByteBuffer.wrap(array), slice -> asked.add(decoder.mayBeCompressed()));
        assertEquals(List.of(false), asked, "an array has no place to say it");
    }

    private static List<Boolean> asked(boolean isDataLast, String encoding, boolean takesZstd) {
        byte[] message = ChunkMessages.map(encoding.isEmpty() ? 8 : 10, packer -> {
            if (encoding.equals("nil")) {
                packer.packString("encoding").packNil().packString("data_bytes").packNil();
            } else if (!encoding.isEmpty()) {
                packer.packString("encoding").packString("zstd").packString("data_bytes").packInt(1);
            }
            ChunkMessages.head(packer, "x");
            if (isDataLast) {
                packer.packString("done").packBoolean(true);
            }
            packer.packString("data").packBinaryHeader(1).addPayload(new byte[1]);
            if (!isDataLast) {
                packer.packString("done").packBoolean(true);
            }
        });
        ChunkDecoder decoder = new ChunkDecoder(LIMIT, takesZstd);
        List<Boolean> asked = new ArrayList<>();
        decoder.feed(ByteBuffer.wrap(message), slice -> asked.add(decoder.mayBeCompressed()));
        decoder.finish(slice -> {
        });
        return asked;
    }

    @ParameterizedTest
    @CsvSource({"true, gzip, 5, 'must be zstd'", "true, ZSTD, 5, 'must be zstd'", "true, '', 5, 'encoding is missing'",
            "true, zstd, -1, 'data_bytes is missing'", "false, zstd, 5, 'not agreed on'"})
    void whatDoesNotGoTogetherIsRefused(boolean takesZstd, String encoding, int dataBytes, String why) {
        byte[] message = ChunkMessages.map(8 + (encoding.isEmpty() ? 0 : 1) + (dataBytes < 0 ? 0 : 1), packer -> {
            ChunkMessages.all(packer);
            if (!encoding.isEmpty()) {
                packer.packString("encoding").packString(encoding);
            }
            if (dataBytes >= 0) {
                packer.packString("data_bytes").packInt(dataBytes);
            }
        });
        RefusedException refused = assertThrows(RefusedException.class, () -> decode(message, 100, takesZstd));
        String reason = assertInstanceOf(Refusal.MalformedChunk.class, refused.refusal()).message();
        assertTrue(reason.contains(why), reason);
    }

    /** A frame may be somewhat longer than what it yields; the limit is for that. */
    @ParameterizedTest
    @CsvSource({"1000, 1125, true", "1001, 10, false", "5000000000, 10, false", "1000, 1126, false"})
    void theLimitIsForWhatItYields(long dataBytes, int frameBytes, boolean isTaken) {
        byte[] message = ChunkMessages.map(10, packer -> {
            ChunkMessages.head(packer, "x");
            packer.packString("encoding").packString("zstd").packString("data_bytes").packLong(dataBytes);
            packer.packString("done").packBoolean(true);
            packer.packString("data").packBinaryHeader(frameBytes).addPayload(new byte[frameBytes]);
        });
        if (isTaken) {
            assertEquals(dataBytes, decode(message, 100, true).dataBytes().orElseThrow());
        } else {
            RefusedException refused = assertThrows(RefusedException.class, () -> decode(message, 100, true));
            assertEquals(new Refusal.ChunkTooLarge(LIMIT), refused.refusal());
        }
    }

    @Test
    void whatIsNotCompressedAfterAllHasTheLimitToo() {
        byte[] message = ChunkMessages.map(8, packer -> {
            packer.packString("data").packBinaryHeader(LIMIT + 1).addPayload(new byte[LIMIT + 1]);
            ChunkMessages.head(packer, "x");
            packer.packString("done").packBoolean(true);
        });
        RefusedException refused = assertThrows(RefusedException.class, () -> decode(message, 100, true));
        assertEquals(new Refusal.ChunkTooLarge(LIMIT), refused.refusal());
    }

    private static ChunkDecoder decode(byte[] message, int pieceBytes, boolean takesZstd) {
        ChunkDecoder decoder = new ChunkDecoder(LIMIT, takesZstd);
        for (int at = 0; at < message.length; at += pieceBytes) {
            decoder.feed(ByteBuffer.wrap(message, at, Math.min(pieceBytes, message.length - at)), slice -> {
            });
        }
        decoder.finish(slice -> {
        });
        return decoder;
    }
}
