package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

import jakarta.inject.Singleton;

import com.fasterxml.jackson.core.JsonGenerator;

import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.RecordFormat;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;

/** The records on disk as JSON objects, spelled like the protocol. Any thread; no state. */
@Singleton
public final class JsonRecords implements RecordFormat {

    private static final String FILE_MARK = "file_mark";
    private static final String OWNER = "owner";

    @Override
    public byte[] manifest(Manifest manifest) {
        CommittedSnapshot snapshot = manifest.snapshot();
        return Json.write(json -> {
            json.writeStringField("source_cluster_id", snapshot.sourceClusterId());
            json.writeStringField("source_database_id", snapshot.database().value());
            json.writeNumberField("snapshot_lsn", snapshot.lsn());
            json.writeNumberField("bytes", snapshot.bytes());
            json.writeStringField("crc32c", snapshot.crc32c().toString());
            json.writeStringField("committed_at", snapshot.committedAt().toString());
            writeIfThere(json, OWNER, snapshot.owner());
            writeIfThere(json, FILE_MARK, manifest.fileMark());
        }).concat("\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Optional<Manifest> manifest(byte[] bytes) {
        try {
            Json.Reader json = Json.read(new String(bytes, StandardCharsets.UTF_8));
            CommittedSnapshot snapshot = new CommittedSnapshot(json.text("source_cluster_id"),
                    new DatabaseId(json.text("source_database_id")), json.number("snapshot_lsn", Long.MAX_VALUE),
                    json.number("bytes", Long.MAX_VALUE), json.crc("crc32c"),
                    Instant.parse(json.text("committed_at")), owner(json));
            return Optional.of(new Manifest(snapshot, Optional.ofNullable(json.node().path(FILE_MARK).textValue())));
        } catch (RefusedException | DateTimeException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    @Override
    public byte[] checkpoint(Checkpoint checkpoint) {
        SnapshotIdentity identity = checkpoint.identity();
        return Json.write(json -> {
            json.writeStringField("source_cluster_id", identity.sourceClusterId());
            json.writeStringField("source_database_id", identity.database().value());
            json.writeNumberField("snapshot_lsn", identity.lsn());
            json.writeNumberField("total_bytes", identity.totalBytes());
            json.writeStringField("total_crc32c", identity.totalCrc32c().toString());
            json.writeNumberField("durable_bytes", checkpoint.bytes());
            json.writeStringField("durable_crc32c", checkpoint.crc32c().toString());
            writeIfThere(json, OWNER, identity.owner());
        }).concat("\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Optional<Checkpoint> checkpoint(byte[] bytes) {
        try {
            Json.Reader json = Json.read(new String(bytes, StandardCharsets.UTF_8));
            SnapshotIdentity identity = new SnapshotIdentity(json.text("source_cluster_id"),
                    new DatabaseId(json.text("source_database_id")), json.number("snapshot_lsn", Long.MAX_VALUE),
                    json.number("total_bytes", Long.MAX_VALUE), json.crc("total_crc32c"), owner(json));
            return Optional.of(
                    new Checkpoint(identity, json.number("durable_bytes", Long.MAX_VALUE), json.crc("durable_crc32c")));
        } catch (RefusedException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static void writeIfThere(JsonGenerator json, String field, Optional<String> value) throws IOException {
        if (value.isPresent()) {
            json.writeStringField(field, value.get());
        }
    }

    /** What is there must be a name: else what is somebody's would be read as nobody's. */
    private static Optional<String> owner(Json.Reader json) {
        return json.node().hasNonNull(OWNER)
                ? Optional.of(json.text(OWNER)).map(JsonRecords::checked)
                : Optional.empty();
    }

    private static String checked(String owner) {
        if (!Principal.isValidOwner(owner)) {
            throw Json.malformed("owner is " + Text.quoted(owner));
        }
        return owner;
    }
}
