package io.mirrorbootstrap.wire;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;

/**
 * The status of one mirror, as clients read it from the HTTP API. Texts are not checked: they may have any character.
 *
 * @param database whose mirror it is
 * @param word {@code bootstrapping}, {@code disconnected}, {@code following} or {@code failed}
 * @param bytesDone received and accepted, in bytes
 * @param bytesTotal 0: a stream of unknown size, or empty
 * @param rateBytesPerSecond over the last seconds; 0 also where it is not told
 * @param lsn the WAL position of the snapshot
 * @param crc32c where it is known; always there for {@code following}
 * @param snapshotPath of the committed snapshot, as the sidecar sees it; always there for {@code following}
 * @param position from where to follow, in the database's own words, where its source has said it
 * @param error of the last refusal
 * @param cluster the source's
 * @param durableBytes in bytes
 * @param etaSeconds until the last byte, in seconds, if that can be told
 * @param updatedAt when it last changed, by the clock of the sidecar
 * @param committedAt when the snapshot at {@code snapshotPath} was committed
 * @param sourceAddress where the source is, or was
 */
public record MirrorStatus(DatabaseId database, String word, long bytesDone, long bytesTotal, long rateBytesPerSecond,
        long lsn,
        Optional<Crc32c> crc32c, Optional<String> snapshotPath, Optional<String> position, Optional<LastError> error,
        Optional<String> cluster, OptionalLong durableBytes, OptionalLong etaSeconds, Optional<Instant> updatedAt,
        Optional<Instant> committedAt, Optional<String> sourceAddress) {

    /** As many as a sidecar lists. */
    public static final int MOST = 1000;

    /** The word for a mirror whose last transfer was refused or could not be stored. */
    public static final String FAILED = "failed";

    /** What was last refused; of a sidecar that does not tell it whole, what it tells. */
    public record LastError(String code, Optional<String> message, Optional<Instant> at) {

        /** Code and message, if it has one. */
        public String words() {
            return code + message.map(": "::concat).orElse("");
        }
    }

    /** The word for a mirror whose snapshot is on its way, up to its commit. */
    public static final String BOOTSTRAPPING = "bootstrapping";

    /** The word for a mirror whose source is away, perhaps because the sidecar's disk has failed. */
    public static final String DISCONNECTED = "disconnected";

    /** The word for a mirror that has its snapshot, while no transfer is under way. */
    public static final String FOLLOWING = "following";

    /**
     * Reads the JSON object of one mirror.
     *
     * @throws RefusedException with {@link Refusal.MalformedControl} or {@link Refusal.InvalidDatabaseId} when {@code utf8} is no mirror's
     */
    public static MirrorStatus read(byte[] utf8) {
        return of(Json.read(utf8));
    }

    /**
     * Reads the JSON array of all mirrors; what a sidecar that is older does not tell may be missing.
     *
     * @return by name
     * @throws RefusedException as {@link #read}, also where there are more than {@link #MOST}, or one twice
     */
    public static List<MirrorStatus> readAll(byte[] utf8) {
        List<MirrorStatus> mirrors = JsonArrays.read(utf8, MOST, MirrorStatus::of).stream()
                .sorted(Comparator.comparing(each -> each.database().value())).toList();
        for (int i = 1; i < mirrors.size(); i++) {
            if (mirrors.get(i).database().equals(mirrors.get(i - 1).database())) {
                throw Json.malformed(mirrors.get(i).database() + " is there twice");
            }
        }
        return mirrors;
    }

    private static MirrorStatus of(Json.Reader mirror) {
        String word = mirror.text(Fields.STATUS);
        boolean there = word.equals(FOLLOWING); // else its CRC-32C and path may be null
        return new MirrorStatus(mirror.database(), word,
                mirror.number(Fields.BYTES_DONE),
                mirror.number(Fields.BYTES_TOTAL), mirror.optionalNumber(Fields.RATE_BYTES_PER_SECOND).orElse(0),
                mirror.number(Fields.SNAPSHOT_LSN),
                there
                        ? Optional.of(mirror.crc(Fields.CRC32C))
                        : Optional.ofNullable(mirror.node().path(Fields.CRC32C).textValue()).flatMap(Crc32c::parse),
                there
                        ? Optional.of(mirror.text(Fields.SNAPSHOT_PATH))
                        : Optional.ofNullable(mirror.node().path(Fields.SNAPSHOT_PATH).textValue()),
                mirror.position(), error(mirror.node().path(Fields.LAST_ERROR)),
                mirror.optionalText(Fields.SOURCE_CLUSTER_ID),
                mirror.optionalNumber(Fields.DURABLE_BYTES), mirror.optionalNumber(Fields.ETA_SECONDS),
                mirror.optionalTime(Fields.UPDATED_AT), mirror.optionalTime(Fields.COMMITTED_AT),
                mirror.optionalText(Fields.SOURCE_ADDRESS));
    }

    private static Optional<LastError> error(JsonNode error) {
        return error.isObject()
                ? Optional.of(new LastError(error.path(Fields.CODE).asText(),
                        error.hasNonNull(Fields.MESSAGE)
                                ? Optional.of(error.path(Fields.MESSAGE).asText())
                                : Optional.empty(),
                        new Json.Reader(error).optionalTime(Fields.AT)))
                : Optional.empty();
    }

    /** Code and message, if it has one, of the last refusal. */
    public Optional<String> lastError() {
        return error.map(LastError::words);
    }

    /** One JSON object in one line, spelled as in the HTTP API, of ASCII alone: what is not known is null. */
    public String json() {
        return JsonWriter.write(json -> {
            json.setHighestNonEscapedChar('~');
            JsonWriter.writeDatabase(json, database);
            json.writeStringField(Fields.SOURCE_CLUSTER_ID, cluster.orElse(null));
            json.writeStringField(Fields.STATUS, word);
            json.writeNumberField(Fields.BYTES_DONE, bytesDone);
            json.writeNumberField(Fields.BYTES_TOTAL, bytesTotal);
            JsonWriter.writeOrNull(json, Fields.DURABLE_BYTES, durableBytes);
            json.writeNumberField(Fields.SNAPSHOT_LSN, lsn);
            json.writeStringField(Fields.CRC32C, crc32c.map(Crc32c::toString).orElse(null));
            json.writeStringField(Fields.SNAPSHOT_PATH, snapshotPath.orElse(null));
            json.writeStringField(Fields.POSITION, position.orElse(null));
            json.writeStringField(Fields.SOURCE_ADDRESS, sourceAddress.orElse(null));
            json.writeStringField(Fields.COMMITTED_AT, committedAt.map(Instant::toString).orElse(null));
            json.writeNumberField(Fields.RATE_BYTES_PER_SECOND, rateBytesPerSecond);
            JsonWriter.writeOrNull(json, Fields.ETA_SECONDS, etaSeconds);
            json.writeStringField(Fields.UPDATED_AT, updatedAt.map(Instant::toString).orElse(null));
            if (error.isEmpty()) {
                json.writeNullField(Fields.LAST_ERROR);
                return;
            }
            json.writeObjectFieldStart(Fields.LAST_ERROR);
            json.writeStringField(Fields.CODE, error.get().code());
            json.writeStringField(Fields.MESSAGE, error.get().message().orElse(null));
            json.writeStringField(Fields.AT, error.get().at().map(Instant::toString).orElse(null));
            json.writeEndObject();
        });
    }
}
