package io.mirrorbootstrap.wire;

import java.util.Optional;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;

/**
 * A committed snapshot as a mirror needs it.
 *
 * @param database what it is of
 * @param path where it is, as the mirror sees it
 * @param lsn its WAL position
 * @param crc32c the CRC-32C of all of it
 * @param bytes its size
 * @param position from where to follow, in the database's own words, where its source has said it
 */
public record HandedOver(DatabaseId database, String path, long lsn, Crc32c crc32c, long bytes,
        Optional<String> position) {

    /** One JSON object in one line, spelled as in the HTTP API; a position that is not there is null. */
    public String json() {
        return JsonWriter.write(json -> {
            JsonWriter.writeDatabase(json, database);
            json.writeStringField(Fields.SNAPSHOT_PATH, path);
            json.writeNumberField(Fields.SNAPSHOT_LSN, lsn);
            json.writeStringField(Fields.CRC32C, crc32c.toString());
            json.writeNumberField(Fields.BYTES, bytes);
            json.writeStringField(Fields.POSITION, position.orElse(null));
        });
    }
}
