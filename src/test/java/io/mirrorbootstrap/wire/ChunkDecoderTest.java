package io.mirrorbootstrap.wire;

import static io.mirrorbootstrap.wire.ChunkMessages.DATA;
import static io.mirrorbootstrap.wire.ChunkMessages.MAX_CHUNK_BYTES;
import static io.mirrorbootstrap.wire.ChunkMessages.all;
import static io.mirrorbootstrap.wire.ChunkMessages.decode;
import static io.mirrorbootstrap.wire.ChunkMessages.good;
import static io.mirrorbootstrap.wire.ChunkMessages.head;
import static io.mirrorbootstrap.wire.ChunkMessages.map;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.Seed;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** Chunks that are read, and whatever else comes; what is wrong with it is in {@link MalformedChunkTest}. */
class ChunkDecoderTest {

    @Test
    void whatTheEncoderWritesIsRead() {
        ChunkMessages.Decoded chunk = decode(good(), good().length);
        assertEquals(new SnapshotIdentity("cluster", new DatabaseId("db"), 42, 1000, new Crc32c(0xCAFEBABE)),
                chunk.identity());
        assertEquals(500, chunk.decoder().head().orElseThrow().offset());
        assertEquals(Optional.of(new Crc32c(7)), chunk.decoder().chunkCrc32c());
        assertTrue(chunk.decoder().done());
        assertArrayEquals(DATA, chunk.payload());
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
        byte[] hello = "hello".getBytes(StandardCharsets.US_ASCII);
        for (byte[] message : List.of(map.toByteArray(), array.toByteArray())) {
            ChunkMessages.Decoded chunk = decode(message, message.length);
            assertArrayEquals(hello, chunk.payload());
            assertEquals(new SnapshotIdentity("c1", new DatabaseId("orders"), 42, 5,
                    Crc32c.of(ByteBuffer.wrap(hello))), chunk.identity());
        }
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    @Test
    void aMessageMayBeCutAnywhere() {
        Random random = new Random(Seed.of(1));
        for (int i = 0; i < 500; i++) {
            assertArrayEquals(DATA, decode(good(), 1 + random.nextInt(40)).payload());
        }
    }

    @Test
    void thePayloadIsHandedOnBeforeTheMessageIsWhole() {
        byte[] message = good();
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        ChunkDecoder decoder = new ChunkDecoder(MAX_CHUNK_BYTES, false);
        decoder.feed(ByteBuffer.wrap(message, 0, message.length - 3),
                slice -> payload.writeBytes(ChunkMessages.bytes(slice)));
        assertEquals(DATA.length - 3, payload.size());
        assertTrue(decoder.head().isPresent());
    }

    @Test
    void unknownKeysAreIgnoredWhateverTheyHold() {
        byte[] message = map(11, packer -> {
            packer.packString("nested").packArrayHeader(1).packMapHeader(1).packNil().packDouble(1.5);
            head(packer, "x");
            packer.packString("bytes").packBinaryHeader(3).writePayload(new byte[3]);
            packer.packString("data").packBinaryHeader(1).addPayload(new byte[]{9});
            packer.packString("done").packBoolean(false);
            packer.packString("later").packString("on");
        });
        assertArrayEquals(new byte[]{9}, decode(message, 7).payload());
    }

    /** The end of the message is where what waits is read at last, the data in its middle included. */
    @Test
    void longValuesOfUnknownKeysMayStandOnBothSidesOfTheData() {
        for (int before = 100; before < 3000; before += 100) {
            for (int behind = 100; behind < 3000; behind += 100) {
                byte[] message = withUnknown("x".repeat(before), "x".repeat(behind));
                String sizes = before + " and " + behind + " bytes";
                assertArrayEquals(new byte[]{9}, decode(message, message.length).payload(), sizes);
                assertArrayEquals(new byte[]{9}, decode(message, 300).payload(), sizes);
            }
        }
    }

    private static byte[] withUnknown(String before, String behind) {
        return map(10, packer -> {
            packer.packString("before").packString(before);
            head(packer, "x");
            packer.packString("data").packBinaryHeader(1).addPayload(new byte[]{9});
            packer.packString("behind").packString(behind);
            packer.packString("done").packBoolean(false);
        });
    }

    @Test
    void nilForTheOptionalCrcIsNone() {
        byte[] message = map(9, packer -> {
            packer.packString("chunk_crc32c").packNil();
            all(packer);
        });
        assertEquals(Optional.empty(), decode(message, 10).decoder().chunkCrc32c());
    }

    @Test
    void noBytesMakeItFailOtherwise() {
        Random random = new Random(Seed.of(99));
        byte[] good = good();
        for (int i = 0; i < 100_000; i++) {
            byte[] mutated = good.clone();
            for (int n = random.nextInt(4); n >= 0; n--) {
                mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
            }
            try {
                decode(mutated, 1 + random.nextInt(mutated.length));
            } catch (RefusedException expected) {
                assertTrue(expected.refusal() instanceof Refusal.MalformedChunk
                        || expected.refusal() instanceof Refusal.ChunkTooLarge
                        || expected.refusal() instanceof Refusal.InvalidDatabaseId,
                        () -> expected.refusal().toString());
            }
        }
    }
}
