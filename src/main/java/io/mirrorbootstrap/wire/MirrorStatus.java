package io.mirrorbootstrap.wire;

import java.util.Optional;

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
 * @param lastError code and message, if it has one, of the last refusal
 */
public record MirrorStatus(DatabaseId database, String word, long bytesDone, long bytesTotal, long rateBytesPerSecond,
        long lsn,
        Optional<Crc32c> crc32c, Optional<String> snapshotPath, Optional<String> position, Optional<String> lastError) {

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
        Json.Reader mirror = Json.read(utf8);
        JsonNode error = mirror.node().path(Fields.LAST_ERROR);
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
                mirror.position(),
                error.isObject()
                        ? Optional.of(error.path(Fields.CODE).asText()
                                + (error.hasNonNull(Fields.MESSAGE) ? ": " + error.path(Fields.MESSAGE).asText() : ""))
                        : Optional.empty());
    }
}
