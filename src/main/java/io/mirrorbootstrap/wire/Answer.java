package io.mirrorbootstrap.wire;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;

/** What the sidecar says to a source: one JSON object in one text message. */
public sealed interface Answer {

    /**
     * To {@code open}: send from byte {@code offset}.
     *
     * @param offset 0 for the start; {@code total_bytes} when only an empty {@code done} chunk is missing
     * @param maxChunkBytes the largest payload accepted in one chunk, in bytes
     * @param windowBytes how many payload bytes the source may have unanswered
     * @param windowMessages how many messages the source may have unanswered; empty when the sidecar does not say it
     * @param checkpointBytes at most so many bytes are received and not durable; empty when the sidecar does not say it: then it knows no
     *            names of streams
     * @param crc32c of the bytes up to {@code offset}, as the sidecar has them; empty where there are none, or it does not say it
     * @param takesZstd whether chunks may be compressed from now on
     */
    record Opened(DatabaseId database, long offset, long maxChunkBytes, long windowBytes, OptionalLong windowMessages,
            OptionalLong checkpointBytes, Optional<Crc32c> crc32c, boolean takesZstd)
            implements
                Answer {

    }

    /**
     * To a chunk that is not the last.
     *
     * @param bytesDone bytes received and accepted
     * @param durableBytes how many of these survive a power cut
     */
    record Pending(DatabaseId database, long bytesDone, long durableBytes) implements Answer {
    }

    /**
     * To the last chunk, or to {@code open} when this same snapshot is committed already.
     *
     * @param position from where to follow, in the database's own words, where the source has said it
     */
    record Committed(DatabaseId database, long lsn, long bytes, Crc32c crc32c, String snapshotPath,
            Optional<String> position) implements Answer {
    }

    /** To {@code abort}. */
    record Aborted(DatabaseId database) implements Answer {
    }

    /**
     * A refusal, as the sidecar makes it: code and fields follow from the refusal.
     *
     * @param database the database of the message; empty when the message was refused before its database was known
     */
    record Refused(Refusal refusal, Optional<DatabaseId> database) implements Answer {
    }

    /**
     * A refusal as a source reads it.
     *
     * @param code the code as it stood on the wire, known to this version or not
     * @param message the code again where there is none
     * @param fields the code's own fields, as text
     */
    record Failure(String code, String message, Optional<String> database, Map<String, String> fields)
            implements
                Answer {
    }
}
