package io.mirrorbootstrap.wire;

import java.util.Optional;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;

/**
 * What the HTTP API says of one mirror, as its clients read it. Texts are as they came: they may have any character.
 *
 * @param database whose mirror it is
 * @param word {@code bootstrapping}, {@code disconnected}, {@code following} or {@code failed}
 * @param bytesDone received and accepted, in bytes
 * @param bytesTotal 0: a stream of unknown size, or empty
 * @param rateBytesPerSecond over the last seconds
 * @param lsn the WAL position of the snapshot
 * @param crc32c where it is known; always of one that is {@code following}
 * @param snapshotPath of the committed snapshot, as the sidecar sees it; always of one that is {@code following}
 * @param lastError code and message of what was last refused
 */
public record MirrorStatus(DatabaseId database, String word, long bytesDone, long bytesTotal, long rateBytesPerSecond,
        long lsn,
        Optional<Crc32c> crc32c, Optional<String> snapshotPath, Optional<String> lastError) {

    /** The word for a mirror that has its snapshot, and no other on its way. */
    public static final String FOLLOWING = "following";

    /**
     * Reads one.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} or {@link Refusal.InvalidDatabaseId} when it is none
     */
    public static MirrorStatus read(String text) {
        Json.Reader mirror = Json.read(text);
        JsonNode error = mirror.node().path("last_error");
        String word = mirror.text("status");
        boolean there = word.equals(FOLLOWING); // else what follows may be null
        return new MirrorStatus(new DatabaseId(mirror.text("source_database_id")), word,
                mirror.number("bytes_done", Long.MAX_VALUE),
                mirror.number("bytes_total", Long.MAX_VALUE), mirror.number("rate_bytes_per_second", Long.MAX_VALUE),
                mirror.number("snapshot_lsn", Long.MAX_VALUE),
                there
                        ? Optional.of(mirror.crc("crc32c"))
                        : Optional.ofNullable(mirror.node().path("crc32c").textValue()).flatMap(Crc32c::parse),
                there
                        ? Optional.of(mirror.text("snapshot_path"))
                        : Optional.ofNullable(mirror.node().path("snapshot_path").textValue()),
                error.isObject()
                        ? Optional.of(error.path("code").asText() + ": " + error.path("message").asText())
                        : Optional.empty());
    }
}
