package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

class ChunkDecoderTest {

    private static final int MAX_CHUNK_BYTES = 100_000;
    private static final byte[] PAYLOAD = new byte[MAX_CHUNK_BYTES];
    private static final byte[] DATA = "the payload of a chunk".getBytes(StandardCharsets.UTF_8);

    @Test
    void whatTheEncoderWritesIsRead() {
        byte[] message = good();
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        ChunkDecoder decoder = decode(message, message.length, payload);

        assertEquals(new SnapshotIdentity("cluster", new DatabaseId("db"), 42, 1000, new Crc32c(0xCAFEBABE)),
                decoder.head().orElseThrow().identity());
        assertEquals(500, decoder.head().orElseThrow().offset());
        assertEquals(Optional.of(new Crc32c(7)), decoder.chunkCrc32c());
        assertTrue(decoder.done());
        assertArrayEquals(DATA, payload.toByteArray());
    }

    @Test
    void theExamplesInTheDocumentationAreChunks() throws IOException {
        String page = Files.readString(Path.of("docs/protocol.md"));
        ByteArrayOutputStream map = new ByteArrayOutputStream();
        ByteArrayOutputStream array = new ByteArrayOutputStream();
        for (String line : page.lines().toList()) {
            if (line.startsWith("98 a2")) {
                array.writeBytes(bytes(line));
            } else if (line.matches("89 {5,}map of 9") || line.matches("[ab][0-9a-f] [a-z_0-9]+ .*")) {
                map.writeBytes(bytes(line.replaceAll(" [a-z_0-9]{4,} | map of 9", " ")));
            }
        }
        for (byte[] message : List.of(map.toByteArray(), array.toByteArray())) {
            ByteArrayOutputStream payload = new ByteArrayOutputStream();
            ChunkDecoder decoder = decode(message, message.length, payload);
            assertEquals("hello", payload.toString(StandardCharsets.US_ASCII));
            assertEquals(new SnapshotIdentity("c1", new DatabaseId("orders"), 42, 5,
                    Crc32c.of(ByteBuffer.wrap(payload.toByteArray()))), decoder.head().orElseThrow().identity());
        }
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    @Test
    void aMessageMayBeCutAnywhere() {
        Random random = new Random(1);
        byte[] message = good();
        for (int i = 0; i < 500; i++) {
            ByteArrayOutputStream payload = new ByteArrayOutputStream();
            decode(message, 1 + random.nextInt(40), payload);
            assertArrayEquals(DATA, payload.toByteArray());
        }
    }

    @Test
    void thePayloadIsHandedOnBeforeTheMessageIsWhole() {
        byte[] message = good();
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        ChunkDecoder decoder = new ChunkDecoder(MAX_CHUNK_BYTES);
        decoder.feed(ByteBuffer.wrap(message, 0, message.length - 3), slice -> collect(slice, payload));
        assertEquals(DATA.length - 3, payload.size());
        assertTrue(decoder.head().isPresent());
    }

    @Test
    void everyTruncationIsMalformed() {
        byte[] message = good();
        for (int length = 0; length < message.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(message, length);
            assertMalformed("the message ends", cut);
        }
    }

    @Test
    void unknownKeysAreIgnoredWhateverTheyHold() {
        byte[] message = map(11, packer -> {
            packer.packString("nested").packArrayHeader(1).packMapHeader(1).packNil().packDouble(1.5);
            base(packer, "x");
            packer.packString("bytes").packBinaryHeader(3).writePayload(new byte[3]);
            packer.packString("data").packBinaryHeader(1).addPayload(new byte[]{9});
            packer.packString("done").packBoolean(false);
            packer.packString("later").packString("on");
        });
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        decode(message, 7, payload);
        assertArrayEquals(new byte[]{9}, payload.toByteArray());
    }

    @Test
    void valuesOfUnknownKeysMayBeNestedButNotDeeply() {
        assertTrue(decode(nested(15), 1000, new ByteArrayOutputStream()).done());
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
            base(packer, "x");
            packer.packString("data").packBinaryHeader(0);
            packer.packString("done").packBoolean(true);
        });
    }

    @Test
    void whatValuesOfUnknownKeysSayOfThemselvesIsNotBelieved() {
        // twice the entries of this map is -2 as an int
        assertMalformed("the message ends inside the envelope", map(9, packer -> {
            packer.packString("many").addPayload(new byte[]{(byte) 0xdf, 0x7f, -1, -1, -1});
            base(packer, "x");
            packer.packString("data").packBinaryHeader(0);
            packer.packString("done").packBoolean(true);
        }));
        assertMalformed("not the MessagePack of a chunk", map(9, packer -> {
            base(packer, "x");
            packer.packString("text").addPayload(new byte[]{(byte) 0xa1, (byte) 0xff});
        }));
        assertMalformed("\"twice\" is there twice", map(10, packer -> {
            packer.packString("twice").packNil().packString("twice").packNil();
            base(packer, "x");
        }));
    }

    @Test
    void nilForTheOptionalCrcIsNone() {
        byte[] message = map(9, packer -> {
            base(packer, "x");
            packer.packString("chunk_crc32c").packNil();
            packer.packString("data").packBinaryHeader(0);
            packer.packString("done").packBoolean(true);
        });
        assertEquals(Optional.empty(), decode(message, 10, new ByteArrayOutputStream()).chunkCrc32c());
    }

    @Test
    void aMissingKeyIsNamed() {
        assertMalformed("done is missing", map(7, packer -> {
            base(packer, "x");
            packer.packString("data").packBinaryHeader(0);
        }));
        assertMalformed("source_cluster_id is missing", new byte[]{(byte) 0x80});
    }

    @Test
    void aKeyThatComesTwiceIsRefused() {
        assertMalformed("offset is there twice", map(9, packer -> {
            base(packer, "x");
            packer.packString("offset").packInt(1);
        }));
    }

    @Test
    void wrongTypesAreNamed() {
        assertMalformed("source_cluster_id is of type integer", map(8, packer -> packer
                .packString("source_cluster_id").packInt(1)));
        assertMalformed("done is of type integer", map(8, packer -> {
            base(packer, "x");
            packer.packString("done").packInt(1);
        }));
        assertMalformed("data is of type string", map(8, packer -> {
            base(packer, "x");
            packer.packString("data").packString("text");
        }));
        assertMalformed("snapshot_lsn is of type float", map(8, packer -> packer
                .packString("snapshot_lsn").packDouble(1)));
        assertMalformed("a key of the chunk's map is of type integer", map(8, packer -> packer.packInt(1)));
        assertMalformed("a chunk is a map or an array, not a value of type string",
                pack(packer -> packer.packString("chunk")));
        assertMalformed("a chunk in array form has 8 values, not 9", pack(packer -> packer.packArrayHeader(9)));
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
            base(packer, "x");
            packer.packString("data").packArrayHeader(2).packInt(255).packInt(256);
            packer.packString("done").packBoolean(true);
        }));
        assertMalformed("uint 8 elements, not type 0xff", map(8, packer -> {
            base(packer, "x");
            packer.packString("data").packArrayHeader(1).packInt(-1);
            packer.packString("done").packBoolean(true);
        }));
    }

    @Test
    void invalidUtf8IsMalformed() {
        assertMalformed("not the MessagePack of a chunk", map(8, packer -> packer.packString("source_cluster_id")
                .packRawStringHeader(2).writePayload(new byte[]{(byte) 0xC3, (byte) 0x28})));
    }

    @Test
    void aClusterNameThatCouldForgeALogLineIsMalformed() {
        assertMalformed("no control character", map(8, packer -> packer.packString("source_cluster_id")
                .packString("a\nINFO all is well")));
    }

    @Test
    void bytesBehindTheChunkAreMalformed() {
        byte[] good = good();
        assertMalformed("more bytes follow the end", java.util.Arrays.copyOf(good, good.length + 1));
    }

    @Test
    void announcedLengthsAllocateNothing() {
        assertMalformed("cannot unpack a String of size larger than 65,536", map(8, packer -> packer
                .packString("source_cluster_id").packRawStringHeader(Integer.MAX_VALUE)));
        assertMalformed("the message ends inside the envelope", map(8, packer -> packer
                .packString("unknown").packBinaryHeader(Integer.MAX_VALUE)));
        assertMalformed("at most 64 entries, not 2147483647",
                pack(packer -> packer.packMapHeader(Integer.MAX_VALUE)));
    }

    @Test
    void whatIsNotDataIsBounded() {
        assertMalformed("what is not data takes more than 65536 bytes", map(9, packer -> packer
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
        int rest = withUnknown(0).length;
        for (int unknown : new int[]{40_000, 53_000, ChunkDecoder.MAX_ENVELOPE_BYTES - rest + PAYLOAD.length}) {
            ByteArrayOutputStream payload = new ByteArrayOutputStream();
            assertTrue(decode(withUnknown(unknown), pieceBytes, payload).done());
            assertArrayEquals(PAYLOAD, payload.toByteArray());
        }
        byte[] oneMore = withUnknown(ChunkDecoder.MAX_ENVELOPE_BYTES - rest + PAYLOAD.length + 1);
        Refusal refusal = assertThrows(RefusedException.class,
                () -> decode(oneMore, pieceBytes, new ByteArrayOutputStream())).refusal();
        assertTrue(refusal.message().contains("what is not data takes more than 65536 bytes"), refusal.message());
    }

    /** With a value of so many bytes that nobody knows, whose header is as long whatever it says. */
    private static byte[] withUnknown(int bytes) {
        return map(9, packer -> {
            packer.packString("unknown").addPayload(
                    ByteBuffer.allocate(5 + bytes).put((byte) 0xc6).putInt(bytes).array());
            base(packer, "x");
            packer.packString("done").packBoolean(true);
            packer.packString("data").packBinaryHeader(PAYLOAD.length).writePayload(PAYLOAD);
        });
    }

    @Test
    void aPayloadOverTheLimitIsRefusedByItsLengthAlone() {
        for (boolean array : new boolean[]{true, false}) {
            byte[] message = map(8, packer -> {
                base(packer, "x");
                packer.packString("data");
                if (array) {
                    packer.packArrayHeader(MAX_CHUNK_BYTES + 1);
                } else {
                    packer.packBinaryHeader(MAX_CHUNK_BYTES + 1);
                }
            });
            Refusal refusal = assertThrows(RefusedException.class,
                    () -> new ChunkDecoder(MAX_CHUNK_BYTES).feed(ByteBuffer.wrap(message), slice -> {
                        throw new AssertionError("no payload came");
                    })).refusal();
            assertEquals(new Refusal.ChunkTooLarge(MAX_CHUNK_BYTES), refusal);
        }
    }

    @Test
    void aNameThatIsNoneIsRefusedAsSuch() {
        Refusal refusal = assertThrows(RefusedException.class,
                () -> decode(map(8, packer -> base(packer, "../x")), 100, new ByteArrayOutputStream())).refusal();
        assertEquals(new Refusal.InvalidDatabaseId("../x"), refusal);
    }

    @Test
    void noBytesMakeItFailOtherwise() {
        Random random = new Random(99);
        byte[] good = good();
        for (int i = 0; i < 100_000; i++) {
            byte[] mutated = good.clone();
            for (int n = random.nextInt(4); n >= 0; n--) {
                mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
            }
            try {
                decode(mutated, 1 + random.nextInt(mutated.length), new ByteArrayOutputStream());
            } catch (RefusedException expected) {
                assertTrue(expected.refusal() instanceof Refusal.MalformedEnvelope
                        || expected.refusal() instanceof Refusal.ChunkTooLarge
                        || expected.refusal() instanceof Refusal.InvalidDatabaseId,
                        () -> expected.refusal().toString());
            }
        }
    }

    private static byte[] good() {
        byte[] head = ChunkEncoder.head(
                new SnapshotIdentity("cluster", new DatabaseId("db"), 42, 1000, new Crc32c(0xCAFEBABE)), 500,
                DATA.length, new Crc32c(7), true);
        return ByteBuffer.allocate(head.length + DATA.length).put(head).put(DATA).array();
    }

    private static ChunkDecoder decode(byte[] message, int pieceBytes, ByteArrayOutputStream payload) {
        ChunkDecoder decoder = new ChunkDecoder(MAX_CHUNK_BYTES);
        for (int at = 0; at < message.length; at += pieceBytes) {
            decoder.feed(ByteBuffer.wrap(message, at, Math.min(pieceBytes, message.length - at)),
                    slice -> collect(slice, payload));
        }
        decoder.finish(slice -> collect(slice, payload));
        return decoder;
    }

    private static void collect(ByteBuffer slice, ByteArrayOutputStream payload) {
        byte[] bytes = new byte[slice.remaining()];
        slice.get(bytes);
        payload.writeBytes(bytes);
    }

    private static void assertMalformed(String reason, byte[] message) {
        for (int pieceBytes : new int[]{1, 17, Math.max(1, message.length)}) {
            Refusal refusal = assertThrows(RefusedException.class,
                    () -> decode(message, pieceBytes, new ByteArrayOutputStream())).refusal();
            assertTrue(refusal instanceof Refusal.MalformedEnvelope, refusal::toString);
            assertTrue(refusal.message().contains(reason), refusal.message());
        }
    }

    private interface Packing {
        void on(MessageBufferPacker packer) throws IOException;
    }

    /** Identity and offset: six of the fields. */
    private static void base(MessageBufferPacker packer, String database) throws IOException {
        packer.packString("source_cluster_id").packString("c").packString("source_database_id").packString(database)
                .packString("snapshot_lsn").packInt(1).packString("total_bytes").packInt(1)
                .packString("total_crc32c").packInt(1).packString("offset").packInt(0);
    }

    private static byte[] map(int fields, Packing packing) {
        return pack(packer -> {
            packer.packMapHeader(fields);
            packing.on(packer);
        });
    }

    private static byte[] pack(Packing packing) {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packing.on(packer);
            return packer.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
