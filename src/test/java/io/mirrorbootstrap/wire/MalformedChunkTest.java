package io.mirrorbootstrap.wire;

import static io.mirrorbootstrap.wire.ChunkMessages.MAX_CHUNK_BYTES;
import static io.mirrorbootstrap.wire.ChunkMessages.all;
import static io.mirrorbootstrap.wire.ChunkMessages.decode;
import static io.mirrorbootstrap.wire.ChunkMessages.good;
import static io.mirrorbootstrap.wire.ChunkMessages.head;
import static io.mirrorbootstrap.wire.ChunkMessages.map;
import static io.mirrorbootstrap.wire.ChunkMessages.pack;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;

/** What is no chunk, or a chunk that is too much, wherever it is cut; and that the reason names it. */
class MalformedChunkTest {

    private static final String TOO_MUCH = "what is not data takes more than 65536 bytes";
    private static final String INSIDE = "the message ends inside the envelope";
    private static final String NO_MESSAGE_PACK = "not the MessagePack of a chunk";
    private static final byte[] PAYLOAD = new byte[MAX_CHUNK_BYTES];

    @Test
    void everyTruncationIsMalformed() {
        byte[] message = good();
        for (int length = 0; length < message.length; length++) {
            assertMalformed("the message ends", Arrays.copyOf(message, length));
        }
    }

    @Test
    void bytesBehindTheChunkAreMalformed() {
        byte[] good = good();
        assertMalformed("more bytes follow the end", Arrays.copyOf(good, good.length + 1));
    }

    @Test
    void aMissingKeyIsNamed() {
        assertMalformed("done is missing", map(7, packer -> {
            head(packer, "x");
            packer.packString("data").packBinaryHeader(0);
        }));
        assertMalformed("source_cluster_id is missing", new byte[]{(byte) 0x80});
    }

    @Test
    void aKeyThatComesTwiceIsRefused() {
        assertMalformed("offset is there twice", map(9, packer -> {
            head(packer, "x");
            packer.packString("offset").packInt(1);
        }));
    }

    @Test
    void wrongTypesAreNamed() {
        assertMalformed("source_cluster_id is of type integer", map(8, packer -> packer
                .packString("source_cluster_id").packInt(1)));
        assertMalformed("done is of type integer", map(8, packer -> {
            head(packer, "x");
            packer.packString("done").packInt(1);
        }));
        assertMalformed("data is of type string", map(8, packer -> {
            head(packer, "x");
            packer.packString("data").packString("text");
        }));
        assertMalformed("snapshot_lsn is of type float", map(8, packer -> packer
                .packString("snapshot_lsn").packDouble(1)));
        assertMalformed("a key of the chunk's map is of type integer", map(8, packer -> packer.packInt(1)));
        assertMalformed("a chunk is a map or an array, not a value of type string",
                pack(packer -> packer.packString("chunk")));
        assertMalformed("a chunk in array form has 8 values, not 9", pack(packer -> packer.packArrayHeader(9)));
        assertMalformed(NO_MESSAGE_PACK, new byte[]{(byte) 0xc1});
    }

    @Test
    void integersOutOfRangeAreNamedWithTheRule() {
        assertMalformed("offset is 9223372036854775808, it must be from 0 to 9223372036854775807",
                map(8, packer -> packer.packString("offset").packBigInteger(BigInteger.ONE.shiftLeft(63))));
        assertMalformed("offset is -1, it must be from 0 to 9223372036854775807",
                map(8, packer -> packer.packString("offset").packInt(-1)));
        assertMalformed("total_crc32c is 4294967296, it must be from 0 to 4294967295",
                map(8, packer -> packer.packString("total_crc32c").packLong(1L << 32)));
    }

    @Test
    void elementsOfADataArrayAreBytes() {
        assertMalformed("uint 8 elements, not type 0xcd", map(8, packer -> {
            head(packer, "x");
            packer.packString("data").packArrayHeader(2).packInt(255).packInt(256);
            packer.packString("done").packBoolean(true);
        }));
        assertMalformed("uint 8 elements, not type 0xff", map(8, packer -> {
            head(packer, "x");
            packer.packString("data").packArrayHeader(1).packInt(-1);
            packer.packString("done").packBoolean(true);
        }));
    }

    @Test
    void invalidUtf8IsMalformed() {
        byte[] bad = {(byte) 0xC3, (byte) 0x28};
        assertMalformed("source_cluster_id is not UTF-8", map(8, packer -> packer.packString("source_cluster_id")
                .packRawStringHeader(2).writePayload(bad)));
        assertMalformed("a key of the chunk's map is not UTF-8",
                map(8, packer -> packer.packRawStringHeader(2).writePayload(bad)));
    }

    @Test
    void aClusterNameThatCouldForgeALogLineIsMalformed() {
        assertMalformed("no control character", map(8, packer -> packer.packString("source_cluster_id")
                .packString("a\nINFO all is well")));
    }

    @Test
    void valuesOfUnknownKeysMayBeNestedButNotDeeply() {
        assertTrue(decode(nested(15), 1000).decoder().done());
        assertMalformed("values are nested more than 16 deep", nested(16));
        assertMalformed("values are nested more than 16 deep", nested(60_000));
    }

    private static byte[] nested(int depth) {
        return map(9, packer -> {
            packer.packString("deep");
            for (int i = 0; i < depth; i++) {
                packer.packArrayHeader(1);
            }
            packer.packNil();
            all(packer);
        });
    }

    @Test
    void whatValuesOfUnknownKeysSayOfThemselvesIsNotBelieved() {
        // twice the entries of this map is -2 as an int
        assertMalformed(INSIDE, map(9, packer -> {
            packer.packString("many").addPayload(new byte[]{(byte) 0xdf, 0x7f, -1, -1, -1});
            all(packer);
        }));
        assertMalformed("a string of an unknown key is not UTF-8", map(9, packer -> {
            head(packer, "x");
            packer.packString("text").addPayload(new byte[]{(byte) 0xa1, (byte) 0xff});
        }));
        assertMalformed("\"twice\" is there twice", map(10, packer -> {
            packer.packString("twice").packNil().packString("twice").packNil();
            head(packer, "x");
        }));
    }

    @Test
    void announcedLengthsAllocateNothing() {
        assertMalformed("source_cluster_id has 2147483647 bytes, it may have at most 65536", map(8, packer -> packer
                .packString("source_cluster_id").packRawStringHeader(Integer.MAX_VALUE)));
        assertMalformed(INSIDE, map(8, packer -> packer
                .packString("unknown").packBinaryHeader(Integer.MAX_VALUE)));
        assertMalformed(INSIDE, map(8, packer -> packer
                .packString("unknown").packExtensionTypeHeader((byte) 1, Integer.MAX_VALUE)));
        assertMalformed("at most 64 entries, not 2147483647",
                pack(packer -> packer.packMapHeader(Integer.MAX_VALUE)));
    }

    /** With four bytes of length. */
    @ParameterizedTest
    @ValueSource(ints = {0xc6, 0xc9, 0xdb, 0xdd, 0xdf})
    void lengthsThatAreNoIntAreRefusedWithTheirNumber(int type) {
        for (int length : new int[]{Integer.MIN_VALUE, -1}) {
            byte[] header = ByteBuffer.allocate(5).put((byte) type).putInt(length).array();
            String number = Integer.toUnsignedString(length);
            assertMalformed(number, map(9, packer -> packer.packString("unknown").addPayload(header)));
            if (type == 0xdd || type == 0xdf) {
                assertMalformed(number, header);
            }
        }
    }

    @Test
    void whatIsNotDataIsBounded() {
        assertMalformed(TOO_MUCH, map(9, packer -> packer
                .packString("unknown").packBinaryHeader(70_000).writePayload(new byte[70_000])));
        assertMalformed("at most 64 entries, not 65", map(65, packer -> {
            for (int i = 0; i < 65; i++) {
                packer.packString("k" + i).packNil();
            }
        }));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 17, 100, 511, 513, 4096, 1_000_000})
    void howMuchEnvelopeThereMayBeDoesNotDependOnWhereItIsCut(int pieceBytes) {
        int most = ChunkDecoder.MAX_ENVELOPE_BYTES - withUnknown(0).length + PAYLOAD.length;
        for (int unknown : new int[]{40_000, 53_000, most}) {
            ChunkMessages.Decoded chunk = decode(withUnknown(unknown), pieceBytes);
            assertTrue(chunk.decoder().done());
            assertArrayEquals(PAYLOAD, chunk.payload());
        }
        byte[] oneMore = withUnknown(most + 1);
        assertMalformed(TOO_MUCH, () -> decode(oneMore, pieceBytes));
    }

    /** With a value of so many bytes that nobody knows, whose header is as long whatever it says. */
    private static byte[] withUnknown(int bytes) {
        return map(9, packer -> {
            packer.packString("unknown").addPayload(
                    ByteBuffer.allocate(5 + bytes).put((byte) 0xc6).putInt(bytes).array());
            head(packer, "x");
            packer.packString("done").packBoolean(true);
            packer.packString("data").packBinaryHeader(PAYLOAD.length).writePayload(PAYLOAD);
        });
    }

    @Test
    void aPayloadOverTheLimitIsRefusedByItsLengthAlone() {
        for (int length : new int[]{MAX_CHUNK_BYTES + 1, Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
            assertTooLarge(tooMuch(0xc6, length));
            assertTooLarge(tooMuch(0xdd, length));
        }
    }

    private static byte[] tooMuch(int type, int length) {
        return map(8, packer -> {
            head(packer, "x");
            packer.packString("data").addPayload(ByteBuffer.allocate(5).put((byte) type).putInt(length).array());
        });
    }

    private static void assertTooLarge(byte[] message) {
        assertEquals(new Refusal.ChunkTooLarge(MAX_CHUNK_BYTES), refusal(
                () -> new ChunkDecoder(MAX_CHUNK_BYTES, false).feed(ByteBuffer.wrap(message), slice -> {
                    throw new AssertionError("no payload came");
                })));
    }

    @Test
    void aNameThatIsNoneIsRefusedAsSuch() {
        byte[] message = map(8, packer -> head(packer, "../x"));
        assertEquals(new Refusal.InvalidDatabaseId("../x"), refusal(() -> decode(message, 100)));
    }

    private static void assertMalformed(String reason, byte[] message) {
        for (int pieceBytes : new int[]{1, 17, Math.max(1, message.length)}) {
            assertMalformed(reason, () -> decode(message, pieceBytes));
        }
    }

    private static void assertMalformed(String reason, Executable decoding) {
        String said = assertInstanceOf(Refusal.MalformedChunk.class, refusal(decoding)).message();
        assertTrue(said.contains(reason), said);
    }

    private static Refusal refusal(Executable decoding) {
        return assertThrows(RefusedException.class, decoding).refusal();
    }
}
