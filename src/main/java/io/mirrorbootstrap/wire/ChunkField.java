package io.mirrorbootstrap.wire;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** The fields of a chunk, in the order of the array form; those behind {@link #DONE} are of the map form only, and nil there is none. */
enum ChunkField {
    SOURCE_CLUSTER_ID(Fields.SOURCE_CLUSTER_ID),
    SOURCE_DATABASE_ID(Fields.SOURCE_DATABASE_ID),
    SNAPSHOT_LSN(Fields.SNAPSHOT_LSN),
    TOTAL_BYTES(Fields.TOTAL_BYTES),
    TOTAL_CRC32C(Fields.TOTAL_CRC32C),
    OFFSET(Fields.OFFSET),
    DATA(Fields.DATA),
    DONE(Fields.DONE),
    CHUNK_CRC32C(Fields.CHUNK_CRC32C),
    POSITION(Fields.POSITION),
    ENCODING(Fields.ENCODING),
    DATA_BYTES(Fields.DATA_BYTES);

    /** Identity and offset: what must be known before a payload has a place. Not to be changed. */
    static final Set<ChunkField> HEAD = EnumSet.range(SOURCE_CLUSTER_ID, OFFSET);

    /** What every chunk has, and all that the array form has. Not to be changed. */
    static final Set<ChunkField> REQUIRED = EnumSet.range(SOURCE_CLUSTER_ID, DONE);

    private static final ChunkField[] ALL = values();

    private final String key;

    ChunkField(String key) {
        this.key = key;
    }

    /** Its key in the map form. */
    String key() {
        return key;
    }

    /** The field with that key; empty when no field of a chunk has it. */
    static Optional<ChunkField> of(String key) {
        for (ChunkField field : ALL) {
            if (field.key.equals(key)) {
                return Optional.of(field);
            }
        }
        return Optional.empty();
    }

    /** The field at {@code index} of the array form, from 0. */
    static ChunkField at(int index) {
        return ALL[index];
    }
}
