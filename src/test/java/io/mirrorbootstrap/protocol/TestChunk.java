package io.mirrorbootstrap.protocol;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** A chunk as a test wants it, right or wrong. */
record TestChunk(String cluster, String database, long lsn, long totalBytes, int totalCrc, long offset, byte[] data,
        boolean done, Optional<Integer> chunkCrc) {

    /** How a chunk is spelled in MessagePack; all mean the same. */
    enum Form {
        MAP_DATA_LAST, MAP_DATA_FIRST, MAP_IN_TABLE_ORDER, ARRAY, ARRAY_WITH_DATA_AS_ARRAY
    }

    static TestChunk of(byte[] whole, String database) {
        return new TestChunk("cluster-a", database, 42, whole.length, crc(whole), 0, whole, true, Optional.empty());
    }

    /** A chunk of the snapshot {@code whole}: its bytes {@code from} to {@code to}, the last one if it reaches the end. */
    static TestChunk part(byte[] whole, String database, int from, int to) {
        return of(whole, database).at(from).data(java.util.Arrays.copyOfRange(whole, from, to))
                .done(to == whole.length);
    }

    static int crc(byte[] data) {
        return Crc32c.of(ByteBuffer.wrap(data)).bits();
    }

    SnapshotIdentity identity() {
        return new SnapshotIdentity(cluster, new DatabaseId(database), lsn, totalBytes, new Crc32c(totalCrc));
    }

    TestChunk cluster(String other) {
        return new TestChunk(other, database, lsn, totalBytes, totalCrc, offset, data, done, chunkCrc);
    }

    TestChunk lsn(long other) {
        return new TestChunk(cluster, database, other, totalBytes, totalCrc, offset, data, done, chunkCrc);
    }

    TestChunk total(long bytes) {
        return new TestChunk(cluster, database, lsn, bytes, totalCrc, offset, data, done, chunkCrc);
    }

    TestChunk totalCrc(int other) {
        return new TestChunk(cluster, database, lsn, totalBytes, other, offset, data, done, chunkCrc);
    }

    TestChunk at(long other) {
        return new TestChunk(cluster, database, lsn, totalBytes, totalCrc, other, data, done, chunkCrc);
    }

    TestChunk data(byte[] other) {
        return new TestChunk(cluster, database, lsn, totalBytes, totalCrc, offset, other, done, chunkCrc);
    }

    TestChunk done(boolean other) {
        return new TestChunk(cluster, database, lsn, totalBytes, totalCrc, offset, data, other, chunkCrc);
    }

    TestChunk chunkCrc(int other) {
        return new TestChunk(cluster, database, lsn, totalBytes, totalCrc, offset, data, done, Optional.of(other));
    }

    byte[] encode(Form form) {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            List<String> keys = new ArrayList<>(List.of("source_cluster_id", "source_database_id", "snapshot_lsn",
                    "total_bytes", "total_crc32c", "offset", "data", "done"));
            boolean map = form != Form.ARRAY && form != Form.ARRAY_WITH_DATA_AS_ARRAY;
            if (map && chunkCrc.isPresent()) {
                keys.add("chunk_crc32c");
            }
            if (form == Form.MAP_DATA_LAST) {
                keys.remove("data");
                keys.add("data");
            } else if (form == Form.MAP_DATA_FIRST) {
                keys.remove("data");
                keys.add(0, "data");
            }
            if (map) {
                packer.packMapHeader(keys.size());
            } else {
                packer.packArrayHeader(keys.size());
            }
            for (String key : keys) {
                if (map) {
                    packer.packString(key);
                }
                pack(packer, key, form);
            }
            return packer.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void pack(MessageBufferPacker packer, String key, Form form) throws IOException {
        switch (key) {
            case "source_cluster_id" -> packer.packString(cluster);
            case "source_database_id" -> packer.packString(database);
            case "snapshot_lsn" -> packer.packLong(lsn);
            case "total_bytes" -> packer.packLong(totalBytes);
            case "total_crc32c" -> packer.packLong(Integer.toUnsignedLong(totalCrc));
            case "offset" -> packer.packLong(offset);
            case "done" -> packer.packBoolean(done);
            case "chunk_crc32c" -> packer.packLong(Integer.toUnsignedLong(chunkCrc.orElseThrow()));
            case "data" -> {
                if (form == Form.ARRAY_WITH_DATA_AS_ARRAY) {
                    packer.packArrayHeader(data.length);
                    for (byte each : data) {
                        packer.packInt(each & 0xFF);
                    }
                } else {
                    packer.packBinaryHeader(data.length).writePayload(data);
                }
            }
            default -> throw new IllegalArgumentException(key);
        }
    }
}
