package io.mirrorbootstrap.wire;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

import jakarta.inject.Singleton;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.RecordFormat;
import io.mirrorbootstrap.snapshot.RefusedException;

/** The records on disk as JSON objects, spelled like the protocol. Any thread; no state. */
@Singleton
public final class JsonRecords implements RecordFormat {

    @Override
    public byte[] manifest(CommittedSnapshot snapshot) {
        return Json.write(json -> {
            json.writeStringField("source_cluster_id", snapshot.sourceClusterId());
            json.writeStringField("source_database_id", snapshot.database().value());
            json.writeNumberField("snapshot_lsn", snapshot.lsn());
            json.writeNumberField("bytes", snapshot.bytes());
            json.writeStringField("crc32c", snapshot.crc32c().toString());
            json.writeStringField("committed_at", snapshot.committedAt().toString());
        }).concat("\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Optional<CommittedSnapshot> manifest(byte[] bytes) {
        try {
            Json.Reader json = Json.read(new String(bytes, StandardCharsets.UTF_8));
            return Optional.of(new CommittedSnapshot(json.text("source_cluster_id"),
                    new DatabaseId(json.text("source_database_id")), json.number("snapshot_lsn", Long.MAX_VALUE),
                    json.number("bytes", Long.MAX_VALUE), json.crc("crc32c"),
                    Instant.parse(json.text("committed_at"))));
        } catch (RefusedException | DateTimeException e) {
            return Optional.empty();
        }
    }
}
