package io.mirrorbootstrap.wire;

import static io.mirrorbootstrap.wire.EnvelopeValues.malformed;

import java.io.IOException;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

import org.msgpack.core.MessageUnpacker;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;

/**
 * The fields of one chunk, as far as they are read. Each method that reads throws a {@link RefusedException} with
 * {@link Refusal.MalformedChunk} or {@link Refusal.InvalidDatabaseId} for a field that is not what it must be. Not for more than
 * one thread at a time.
 */
final class Envelope {

    private static final long NOT_SAID = -1;

    private final Set<ChunkField> seen = EnumSet.noneOf(ChunkField.class);
    /** The keys of no field. Few sources have any, and this is made for each chunk. */
    private Set<String> unknown = Set.of();

    private String cluster;
    private DatabaseId database;
    private long lsn;
    private long totalBytes;
    private Crc32c totalCrc32c;
    private long offset;
    private boolean done;
    private Crc32c chunkCrc32c;
    private String position;
    private boolean isEncoded;
    private long dataBytes = NOT_SAID;

    /** @throws RefusedException when {@code field} is there already */
    void requireNew(ChunkField field) {
        if (seen.contains(field)) {
            throw malformed(field.key() + " is there twice");
        }
    }

    /** All of {@code field} has been read. */
    void has(ChunkField field) {
        seen.add(field);
    }

    /** Reads the value of {@code field}, which is new and is not the payload. */
    void read(ChunkField field, MessageUnpacker in) throws IOException {
        switch (field) {
            case SOURCE_CLUSTER_ID:
                cluster = EnvelopeValues.string(field, in);
                if (!SnapshotIdentity.isValidClusterId(cluster)) {
                    throw malformed(Fields.wrongClusterId(cluster));
                }
                break;
            case SOURCE_DATABASE_ID:
                database = new DatabaseId(EnvelopeValues.string(field, in));
                break;
            case SNAPSHOT_LSN:
                lsn = EnvelopeValues.number(field, in);
                break;
            case TOTAL_BYTES:
                totalBytes = EnvelopeValues.number(field, in);
                break;
            case TOTAL_CRC32C:
                totalCrc32c = EnvelopeValues.crc(field, in);
                break;
            case OFFSET:
                offset = EnvelopeValues.number(field, in);
                break;
            case DONE:
                done = EnvelopeValues.bool(field, in);
                break;
            case CHUNK_CRC32C: // encoders of optional values write nil for none
                chunkCrc32c = in.tryUnpackNil() ? null : EnvelopeValues.crc(field, in);
                break;
            case POSITION:
                position = in.tryUnpackNil() ? null : EnvelopeValues.string(field, in);
                if (position != null && !Notes.isValidPosition(position)) {
                    throw malformed(Fields.wrongPosition(position));
                }
                break;
            case ENCODING:
                isEncoded = !in.tryUnpackNil();
                if (isEncoded) {
                    String encoding = EnvelopeValues.string(field, in);
                    if (!encoding.equals(Fields.ZSTD)) {
                        throw malformed(Fields.ENCODING + " is " + Text.quoted(encoding) + ", it must be "
                                + Fields.ZSTD);
                    }
                }
                break;
            case DATA_BYTES:
                dataBytes = in.tryUnpackNil() ? NOT_SAID : EnvelopeValues.number(field, in);
                break;
            default :
                throw new IllegalStateException("no field with a value of its own: " + field);
        }
        has(field);
    }

    /** Passes over the value of {@code key}, which is no field's. */
    void skip(String key, MessageUnpacker in) throws IOException {
        EnvelopeValues.skip(in);
        if (unknown.isEmpty()) {
            unknown = new HashSet<>();
        }
        if (!unknown.add(key)) {
            throw malformed(Text.quoted(key) + " is there twice");
        }
    }

    /** @throws RefusedException when a field is missing that every chunk has, or one that goes with another */
    void requireAll() {
        for (ChunkField field : ChunkField.REQUIRED) {
            if (!seen.contains(field)) {
                throw malformed(field.key() + " is missing");
            }
        }
        if (isEncoded != dataBytes >= 0) {
            throw malformed(isEncoded
                    ? Fields.DATA_BYTES + " is missing, as there is an " + Fields.ENCODING
                    : Fields.ENCODING + " is missing, as there is " + Fields.DATA_BYTES);
        }
    }

    /** Whether it is known by now whether the payload is encoded. */
    boolean saysEncoding() {
        return seen.contains(ChunkField.ENCODING);
    }

    /** How many bytes a payload yields that is encoded; empty: it is as it is, as far as is known. */
    OptionalLong dataBytes() {
        return isEncoded ? OptionalLong.of(dataBytes) : OptionalLong.empty();
    }

    /** Whether the payload is encoded, as far as is known. */
    boolean isEncoded() {
        return isEncoded;
    }

    /** Identity and offset, as soon as they are known. */
    Optional<ChunkDecoder.Head> head() {
        return seen.containsAll(ChunkField.HEAD)
                ? Optional.of(new ChunkDecoder.Head(
                        new SnapshotIdentity(cluster, database, lsn, totalBytes, totalCrc32c), offset))
                : Optional.empty();
    }

    /** The database, as soon as it is known. */
    Optional<DatabaseId> database() {
        return Optional.ofNullable(database);
    }

    /** Whether it is the last chunk, once that is read. */
    boolean done() {
        return done;
    }

    /** What the payload's CRC-32C must be, where the source says it, once that is read. */
    Optional<Crc32c> chunkCrc32c() {
        return Optional.ofNullable(chunkCrc32c);
    }

    /** From where to follow the snapshot, where the source says it, once that is read. */
    Optional<String> position() {
        return Optional.ofNullable(position);
    }
}
