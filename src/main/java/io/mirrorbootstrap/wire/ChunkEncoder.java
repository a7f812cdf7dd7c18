package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.io.UncheckedIOException;

import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** Writes chunks in the map form with {@code data} last, so that the sidecar can work while the payload arrives. */
public final class ChunkEncoder {

    private ChunkEncoder() {
    }

    /**
     * Everything of a chunk's message up to the payload; the message is complete when exactly {@code dataBytes} bytes
     * of payload have followed. Any thread.
     *
     * @param identity stamped into the chunk
     * @param offset position of the payload's first byte in the snapshot, in bytes
     * @param dataBytes length of the payload, in bytes, 0 or more
     * @param chunkCrc32c CRC-32C of the payload alone
     * @param done whether it is the last chunk
     */
    public static byte[] head(SnapshotIdentity identity, long offset, int dataBytes, Crc32c chunkCrc32c,
            boolean done) {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packMapHeader(9);
            packer.packString("source_cluster_id").packString(identity.sourceClusterId());
            packer.packString("source_database_id").packString(identity.database().value());
            packer.packString("snapshot_lsn").packLong(identity.lsn());
            packer.packString("total_bytes").packLong(identity.totalBytes());
            packer.packString("total_crc32c").packLong(identity.totalCrc32c().unsigned());
            packer.packString("offset").packLong(offset);
            packer.packString("done").packBoolean(done);
            packer.packString("chunk_crc32c").packLong(chunkCrc32c.unsigned());
            packer.packString("data").packBinaryHeader(dataBytes);
            return packer.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
    }
}
