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
            packer.packMapHeader(ChunkField.count());
            packer.packString(Fields.SOURCE_CLUSTER_ID).packString(identity.sourceClusterId());
            packer.packString(Fields.SOURCE_DATABASE_ID).packString(identity.database().value());
            packer.packString(Fields.SNAPSHOT_LSN).packLong(identity.lsn());
            packer.packString(Fields.TOTAL_BYTES).packLong(identity.totalBytes());
            packer.packString(Fields.TOTAL_CRC32C).packLong(identity.totalCrc32c().unsigned());
            packer.packString(Fields.OFFSET).packLong(offset);
            packer.packString(Fields.DONE).packBoolean(done);
            packer.packString(Fields.CHUNK_CRC32C).packLong(chunkCrc32c.unsigned());
            packer.packString(Fields.DATA).packBinaryHeader(dataBytes);
            return packer.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
    }
}
