package io.mirrorbootstrap.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** Messages of chunks, right and wrong, and what the decoder makes of them. */
final class ChunkMessages {

    static final int MAX_CHUNK_BYTES = 100_000;
    static final byte[] DATA = "the payload of a chunk".getBytes(StandardCharsets.UTF_8);

    private ChunkMessages() {
    }

    /** What is packed into a message. */
    interface Packing {
        void on(MessageBufferPacker packer) throws IOException;
    }

    /** What has been read of a message. */
    record Decoded(ChunkDecoder decoder, byte[] payload) {

        /** What it yields, where that is compressed. */
        byte[] yields() {
            ByteArrayOutputStream yields = new ByteArrayOutputStream();
            try (ZstdDecoder zstd = new ZstdDecoder()) {
                zstd.begin(decoder.dataBytes().orElseThrow());
                zstd.feed(ByteBuffer.wrap(payload), slice -> yields.writeBytes(bytes(slice)));
                zstd.finish(slice -> yields.writeBytes(bytes(slice)));
            }
            return yields.toByteArray();
        }

        SnapshotIdentity identity() {
            return decoder.head().orElseThrow().identity();
        }
    }

    /** As the encoder writes it, with {@link #DATA}. */
    static byte[] good() {
        byte[] head = ChunkEncoder.head(
                new SnapshotIdentity("cluster", new DatabaseId("db"), 42, 1000, new Crc32c(0xCAFEBABE)), 500,
                DATA.length, new Crc32c(7), true);
        return ByteBuffer.allocate(head.length + DATA.length).put(head).put(DATA).array();
    }

    static byte[] pack(Packing packing) {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packing.on(packer);
            return packer.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] map(int fields, Packing packing) {
        return pack(packer -> {
            packer.packMapHeader(fields);
            packing.on(packer);
        });
    }

    /** Identity and offset: six of the eight fields that must be there. */
    static void head(MessageBufferPacker packer, String database) throws IOException {
        packer.packString("source_cluster_id").packString("c").packString("source_database_id").packString(database)
                .packString("snapshot_lsn").packInt(1).packString("total_bytes").packInt(1)
                .packString("total_crc32c").packInt(1).packString("offset").packInt(0);
    }

    /** All that must be there, and no byte of data. */
    static void all(MessageBufferPacker packer) throws IOException {
        head(packer, "x");
        packer.packString("data").packBinaryHeader(0);
        packer.packString("done").packBoolean(true);
    }

    /** Reads a message that comes in pieces of so many bytes. */
    static Decoded decode(byte[] message, int pieceBytes) {
        return decode(message, pieceBytes, MAX_CHUNK_BYTES);
    }

    /** The same with a limit of its own for the payload. */
    static Decoded decode(byte[] message, int pieceBytes, int maxChunkBytes) {
        return decode(message, pieceBytes, maxChunkBytes, false);
    }

    /** The same where compression may be agreed on: the payload is as it came. */
    static Decoded decode(byte[] message, int pieceBytes, int maxChunkBytes, boolean takesZstd) {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        ChunkDecoder decoder = new ChunkDecoder(maxChunkBytes, takesZstd);
        for (int at = 0; at < message.length; at += pieceBytes) {
            decoder.feed(ByteBuffer.wrap(message, at, Math.min(pieceBytes, message.length - at)),
                    slice -> payload.writeBytes(bytes(slice)));
        }
        decoder.finish(slice -> payload.writeBytes(bytes(slice)));
        return new Decoded(decoder, payload.toByteArray());
    }

    static byte[] bytes(ByteBuffer slice) {
        byte[] bytes = new byte[slice.remaining()];
        slice.get(bytes);
        return bytes;
    }
}
