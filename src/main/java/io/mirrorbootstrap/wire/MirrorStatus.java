package io.mirrorbootstrap.wire;

import java.util.Optional;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;

/**
 * What the HTTP API says of one mirror, as its clients read it.
 *
 * @param word {@code bootstrapping}, {@code disconnected}, {@code following} or {@code failed}
 * @param bytesDone received and accepted, in bytes
 * @param bytesTotal 0: a stream of unknown size, or empty
 * @param rateBytesPerSecond over the last seconds
 * @param lsn the WAL position of the snapshot
 * @param crc32c where it is known
 * @param snapshotPath of the committed snapshot, as the sidecar sees it
 * @param lastError code and message of what was last refused
 */
public record MirrorStatus(String word, long bytesDone, long bytesTotal, long rateBytesPerSecond, long lsn,
        Optional<Crc32c> crc32c, Optional<String> snapshotPath, Optional<String> lastError) {

    /**
     * Reads one.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} when it is none
     */
    public static MirrorStatus read(String text) {
        Json.Reader mirror = Json.read(text);
        JsonNode error = mirror.node().path("last_error");
        return new MirrorStatus(mirror.text("status"), mirror.number("bytes_done", Long.MAX_VALUE),
                mirror.number("bytes_total", Long.MAX_VALUE), mirror.number("rate_bytes_per_second", Long.MAX_VALUE),
                mirror.number("snapshot_lsn", Long.MAX_VALUE),
                Optional.ofNullable(mirror.node().path("crc32c").textValue()).flatMap(Crc32c::parse),
                Optional.ofNullable(mirror.node().path("snapshot_path").textValue()),
                error.isObject()
                        ? Optional.of(error.path("code").asText() + ": " + error.path("message").asText())
                        : Optional.empty());
    }
}
