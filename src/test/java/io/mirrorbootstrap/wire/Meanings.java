package io.mirrorbootstrap.wire;

import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** What messages mean, as docs/protocol-vectors.json says it. */
final class Meanings {

    private static final ObjectMapper JSON = new ObjectMapper();

    private Meanings() {
    }

    static JsonNode of(ChunkMessages.Decoded chunk) throws JsonProcessingException {
        Map<String, Object> fields = identity(chunk.identity());
        fields.put("offset", chunk.decoder().head().orElseThrow().offset());
        fields.put("data", HexFormat.of().formatHex(chunk.payload()));
        fields.put("done", chunk.decoder().done());
        chunk.decoder().chunkCrc32c().ifPresent(crc -> fields.put("chunk_crc32c", crc.unsigned()));
        chunk.decoder().position().ifPresent(position -> fields.put("position", position));
        chunk.decoder().dataBytes().ifPresent(bytes -> {
            fields.put("encoding", "zstd");
            fields.put("data_bytes", bytes);
        });
        return tree(fields);
    }

    static JsonNode of(Control control) throws JsonProcessingException {
        if (control instanceof Control.Abort abort) {
            return tree(Map.of("type", "abort", "source_database_id", abort.database().value()));
        }
        Announcement open = ((Control.Open) control).snapshot();
        Map<String, Object> fields = identity(open.identity());
        fields.put("type", "open");
        open.identity().streamId().ifPresent(id -> fields.put("stream_id", id));
        if (open.isMeant()) {
            fields.put("replace", true);
        }
        open.notes().position().ifPresent(position -> fields.put("position", position));
        if (!open.notes().labels().isEmpty()) {
            fields.put("labels", open.notes().labels());
        }
        if (((Control.Open) control).offersZstd()) {
            fields.put("compression", List.of("zstd"));
        }
        return tree(fields);
    }

    private static Map<String, Object> identity(SnapshotIdentity identity) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("source_cluster_id", identity.sourceClusterId());
        fields.put("source_database_id", identity.database().value());
        fields.put("snapshot_lsn", identity.lsn());
        fields.put("total_bytes", identity.totalBytes());
        fields.put("total_crc32c", identity.totalCrc32c().unsigned());
        return fields;
    }

    /** As it would be read: a number has the type there that its size asks for. */
    private static JsonNode tree(Map<String, Object> fields) throws JsonProcessingException {
        return JSON.readTree(JSON.writeValueAsString(fields));
    }
}
