package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.OptionalInt;

import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** Writes chunks in the map form with {@code data} last, so that the sidecar can work while the payload arrives. */
public final class ChunkEncoder {

    private ChunkEncoder() {
    }

    /** As {@link #head(SnapshotIdentity, long, int, OptionalInt, Crc32c, boolean, Optional)}, as it is and without a position. */
    public static byte[] head(SnapshotIdentity identity, long offset, int dataBytes, Crc32c chunkCrc32c, boolean done) {
        return head(identity, offset, dataBytes, OptionalInt.empty(), chunkCrc32c, done, Optional.empty());
    }

    /**
     * Everything of a chunk's message up to the payload; the message is complete when the payload has
     * followed. Any thread.
     *
     * @param identity stamped into the chunk
     * @param offset position of the payload's first byte in the snapshot, in bytes
     * @param dataBytes length of the payload, in bytes, 0 or more
     * @param frameBytes length of the zstd frame that stands for the payload, in bytes; empty: the payload itself follows
     * @param chunkCrc32c CRC-32C of the payload alone
     * @param done whether it is the last chunk
     * @param position from where to follow the snapshot, if that is said here
     */
    public static byte[] head(SnapshotIdentity identity, long offset, int dataBytes, OptionalInt frameBytes,
            Crc32c chunkCrc32c, boolean done, Optional<String> position) {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packMapHeader(ChunkField.REQUIRED.size() + 1 + (position.isPresent() ? 1 : 0)
                    + (frameBytes.isPresent() ? 2 : 0));
            packer.packString(Fields.SOURCE_CLUSTER_ID).packString(identity.sourceClusterId());
            packer.packString(Fields.SOURCE_DATABASE_ID).packString(identity.database().value());
            packer.packString(Fields.SNAPSHOT_LSN).packLong(identity.lsn());
            packer.packString(Fields.TOTAL_BYTES).packLong(identity.totalBytes());
            packer.packString(Fields.TOTAL_CRC32C).packLong(identity.totalCrc32c().unsigned());
            packer.packString(Fields.OFFSET).packLong(offset);
            packer.packString(Fields.DONE).packBoolean(done);
            packer.packString(Fields.CHUNK_CRC32C).packLong(chunkCrc32c.unsigned());
            if (position.isPresent()) {
                packer.packString(Fields.POSITION).packString(position.get());
            }
            if (frameBytes.isPresent()) {
                packer.packString(Fields.ENCODING).packString(Fields.ZSTD);
                packer.packString(Fields.DATA_BYTES).packInt(dataBytes);
            }
            packer.packString(Fields.DATA).packBinaryHeader(frameBytes.orElse(dataBytes));
            return packer.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
    }
}
