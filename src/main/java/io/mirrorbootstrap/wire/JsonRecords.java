package io.mirrorbootstrap.wire;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

import jakarta.inject.Singleton;

import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.RecordFormat;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;

/** The records on disk as JSON objects, spelled like the protocol. Any thread; no state. */
@Singleton
public final class JsonRecords implements RecordFormat {

    @Override
    public byte[] manifest(Manifest manifest) {
        CommittedSnapshot snapshot = manifest.snapshot();
        return JsonWriter.write(json -> {
            JsonWriter.writeOrigin(json, snapshot.sourceClusterId(), snapshot.database(), snapshot.lsn());
            json.writeNumberField(Fields.BYTES, snapshot.bytes());
            json.writeStringField(Fields.CRC32C, snapshot.crc32c().toString());
            json.writeStringField(Fields.COMMITTED_AT, snapshot.committedAt().toString());
            JsonWriter.writeIfThere(json, Fields.STREAM_ID, snapshot.streamId());
            JsonWriter.writeNotes(json, snapshot.notes());
            JsonWriter.writeIfThere(json, Fields.OWNER, snapshot.owner());
            JsonWriter.writeIfThere(json, Fields.FILE_MARK, manifest.fileMark());
        }).concat("\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Optional<Manifest> manifest(byte[] bytes) {
        try {
            Json.Reader json = Json.read(bytes);
            CommittedSnapshot snapshot = new CommittedSnapshot(json.cluster(),
                    json.database(), json.number(Fields.SNAPSHOT_LSN),
                    json.number(Fields.BYTES), json.crc(Fields.CRC32C),
                    Instant.parse(json.text(Fields.COMMITTED_AT)), json.streamId(), json.notes(), owner(json));
            return Optional
                    .of(new Manifest(snapshot, Optional.ofNullable(json.node().path(Fields.FILE_MARK).textValue())));
        } catch (RefusedException | DateTimeException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    @Override
    public byte[] checkpoint(Checkpoint checkpoint) {
        SnapshotIdentity identity = checkpoint.identity();
        return JsonWriter.write(json -> {
            JsonWriter.writeIdentity(json, identity);
            json.writeStringField(Fields.TOTAL_CRC32C, identity.totalCrc32c().toString());
            json.writeNumberField(Fields.DURABLE_BYTES, checkpoint.bytes());
            json.writeStringField(Fields.DURABLE_CRC32C, checkpoint.crc32c().toString());
            JsonWriter.writeNotes(json, checkpoint.notes());
            JsonWriter.writeIfThere(json, Fields.OWNER, identity.owner());
        }).concat("\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Optional<Checkpoint> checkpoint(byte[] bytes) {
        try {
            Json.Reader json = Json.read(bytes);
            return Optional.of(new Checkpoint(json.identity(owner(json)), json.number(Fields.DURABLE_BYTES),
                    json.crc(Fields.DURABLE_CRC32C), json.notes()));
        } catch (RefusedException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** An owner that is there must be a valid name: else a snapshot with an owner would be read as one without. */
    private static Optional<String> owner(Json.Reader json) {
        return json.node().hasNonNull(Fields.OWNER)
                ? Optional.of(json.text(Fields.OWNER)).map(JsonRecords::checked)
                : Optional.empty();
    }

    private static String checked(String owner) {
        if (!Principal.isValidOwner(owner)) {
            throw Json.malformed(Fields.OWNER + " is " + Text.quoted(owner));
        }
        return owner;
    }
}
