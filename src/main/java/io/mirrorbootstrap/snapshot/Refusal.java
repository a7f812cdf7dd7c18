package io.mirrorbootstrap.snapshot;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Why a source is not served: a type per reason, with the numbers that an operator needs. Its code, and
 * the end of the link where there is one, are in one place, in {@code wire}.
 */
public sealed interface Refusal {

    /** One sentence for a person: what is wrong, with the values and the rule. Says nothing about paths. */
    String message();

    /** About the rights of a caller and not about the mirror: it is none of the mirror's errors. */
    sealed interface AboutCaller extends Refusal {
    }

    /** A limit is reached. */
    sealed interface LimitReached extends Refusal {

        /** How much that is. */
        int limit();
    }

    /** A chunk that cannot be read. */
    record MalformedChunk(String message) implements Refusal {
    }

    /** A control message that cannot be read. */
    record MalformedControl(String message) implements Refusal {
    }

    /** A database name that breaks the rule of {@link DatabaseId}. */
    record InvalidDatabaseId(String value) implements Refusal {
        @Override
        public String message() {
            return Text.quoted(value) + " is not a name of a database: it must be "
                    + DatabaseId.RULE;
        }
    }

    /**
     * A database name that the disk, which does not tell upper from lower case, could not tell from another.
     *
     * @param taken the database that has its files
     */
    record IndistinctName(DatabaseId database, Optional<DatabaseId> taken) implements Refusal {
        @Override
        public String message() {
            return "the mirror's disk does not tell upper from lower case: " + taken
                    .map(other -> database + " would have the files of " + other
                            + ", until these are removed and the sidecar is started again")
                    .orElse("a database's name may have no upper-case letter here, and " + database + " has one");
        }
    }

    /** A source cluster that this sidecar was told not to take snapshots from. */
    record ClusterIdMismatch(String declared, List<String> allowed) implements AboutCaller {
        @Override
        public String message() {
            return "cluster " + Text.quoted(declared) + " is none that this source may speak for here, only "
                    + allowed.stream().map(Text::quoted).collect(Collectors.joining(", "));
        }
    }

    /** A payload over {@code limit} bytes. */
    record ChunkTooLarge(long limit) implements Refusal {
        @Override
        public String message() {
            return "a chunk's data may have at most " + limit + " bytes";
        }
    }

    /** A chunk that does not continue where the transfer stands; both in bytes, and 0 where somebody has ended what was to begin. */
    record OffsetRegression(long expected, long actual) implements Refusal {
        @Override
        public String message() {
            if (actual == 0 && expected == 0) {
                return "somebody else has ended the transfer: open again";
            }
            return expected == 0
                    ? "the chunk starts at byte " + actual
                            + ", but no byte has been received: begin at offset 0, or open"
                    : "the chunk starts at byte " + actual + ", but the next one must start at byte " + expected;
        }
    }

    /** A chunk with another identity than the transfer's first, in {@code part} before all others. */
    record IdentityMismatch(SnapshotIdentity.Part part, Object expected, Object actual) implements Refusal {
        @Override
        public String message() {
            return "the snapshot's " + part.words() + " is " + Text.field(String.valueOf(actual))
                    + " in this chunk, but " + Text.field(String.valueOf(expected)) + " in the transfer's first";
        }
    }

    /** A payload with another CRC-32C than its chunk says. */
    record ChunkCrcMismatch(long offset, Crc32c stored, Crc32c computed) implements Refusal {
        @Override
        public String message() {
            return "the data of the chunk at byte " + offset + " has CRC-32C " + computed + ", but its source says "
                    + stored + ": send it again";
        }
    }

    /** A whole snapshot with another CRC-32C than its source says. */
    record SnapshotCrcMismatch(Crc32c stored, Crc32c computed) implements Refusal {
        @Override
        public String message() {
            return "the snapshot received has CRC-32C " + computed + ", but its source says " + stored
                    + ": it was dropped";
        }
    }

    /** More bytes than announced, or the end before all have come; both in bytes. A first chunk drops nothing, any other its transfer. */
    record SnapshotSizeMismatch(long expected, long actual) implements Refusal {
        @Override
        public String message() {
            return (actual > expected ? "the chunk would make the snapshot " : "the last chunk makes the snapshot ")
                    + actual + " bytes, but its source says " + expected;
        }
    }

    /**
     * A snapshot of another sender, another cluster or a later LSN is committed here, and this source does not replace it.
     *
     * @param whose for whose source alone it may be replaced; empty: whoever means to may replace it
     */
    record StaleSnapshot(long declaredLsn, long committedLsn, String declaredCluster,
            String committedCluster, Optional<String> whose) implements AboutCaller {
        @Override
        public String message() {
            return "the snapshot that is here, of cluster " + Text.quoted(committedCluster) + ", LSN " + committedLsn
                    + whose.map(owner -> ", belongs to " + owner + ": only that may replace it")
                            .orElseGet(() -> ", is " + (declaredCluster.equals(committedCluster)
                                    ? (declaredLsn < committedLsn ? "later than" : "here beside") + " this one, LSN "
                                            + declaredLsn
                                    : "of another cluster than this one, of " + Text.quoted(declaredCluster) + ", LSN "
                                            + declaredLsn)
                                    + ": it is replaced only where that is meant (replace)");
        }
    }

    /**
     * A transfer of another sender is under way or kept, or one whose source is there, and this source does not replace it; sizes in bytes.
     *
     * @param whose for whose source alone it may be replaced; empty: whoever means to may replace it
     */
    record TransferInProgress(String sourceClusterId, long snapshotLsn, long bytesDone,
            long bytesTotal, Optional<String> whose) implements AboutCaller {
        @Override
        public String message() {
            return "a transfer of cluster " + Text.quoted(sourceClusterId) + ", LSN " + snapshotLsn + ", is at byte "
                    + bytesDone + (bytesTotal > 0 ? " of " + bytesTotal : "")
                    + whose.map(owner -> " and belongs to " + owner + ": only that may replace it")
                            .orElse(", and its source is there, or was until a moment ago: it is thrown away only where that is "
                                    + "meant (replace)");
        }
    }

    /** A snapshot or transfer of another token, which this one may not drop or remove. */
    record NotOwner(String owner) implements AboutCaller {
        @Override
        public String message() {
            return "it belongs to the token named " + owner + ": only a token of that name may remove it";
        }
    }

    /** A snapshot of another cluster than the one that the caller's certificate names; {@code own}. */
    record NotReadable(String sourceClusterId, String own) implements AboutCaller {
        @Override
        public String message() {
            return "the snapshot is of cluster " + Text.quoted(sourceClusterId)
                    + ", and the certificate that was shown of "
                    + Text.quoted(own) + ", which is not one of reader-clusters";
        }
    }

    /** A database that is none of those that the caller's token is for. */
    record DatabaseNotAllowed(DatabaseId database, List<String> allowed) implements AboutCaller {
        @Override
        public String message() {
            return "the token that was shown is not for database " + database;
        }
    }

    /**
     * No room on the disk; all in bytes.
     *
     * @param reserve how much is left to the mirror, beside what is available
     * @param other the sentence to say where something else than bytes is used up
     */
    record InsufficientStorage(long needed, long available, long reserve, Optional<String> other) implements Refusal {
        @Override
        public String message() {
            return other
                    .orElseGet(() -> "the snapshot needs " + needed + " more bytes on the mirror's disk, " + available
                            + " may be used" + (reserve == 0
                                    ? ""
                                    : ", because " + reserve
                                            + " are left free for the mirror (mirror-bootstrap.disk-reserve-bytes)"));
        }
    }

    /** As many transfers under way as are allowed. */
    record TooManyBootstraps(int limit) implements LimitReached {
        @Override
        public String message() {
            return limit + " transfers are under way, no more are allowed at once: try again later";
        }
    }

    /**
     * One caller has its share of a resource that all callers use.
     *
     * @param limit how many
     * @param of the resource, as a clause: "transfers of this caller are under way"
     * @param key the key that configures it, below {@code mirror-bootstrap.}
     */
    record ShareTaken(int limit, String of, String key) implements AboutCaller, LimitReached {
        @Override
        public String message() {
            return limit + " " + of + ", it may have no more (mirror-bootstrap." + key + ")";
        }
    }

    /**
     * As many databases are known as one sidecar may have.
     *
     * @param removal the request by which a caller removes one
     */
    record TooManyMirrors(int limit, String removal) implements LimitReached {
        @Override
        public String message() {
            return limit + " databases have a snapshot or a transfer here, another one is not allowed: remove one ("
                    + removal + ")";
        }
    }

    /** Another link has taken the database over. */
    record Superseded(DatabaseId database) implements Refusal {
        @Override
        public String message() {
            return "another link has taken over the transfer of " + database;
        }
    }

    /** The link of the source has ended before its message was taken: nobody is told. */
    record LinkEnded() implements AboutCaller {
        @Override
        public String message() {
            return "the link of the source has ended";
        }
    }

    /** A failure of the sidecar itself; the transfer it hit is dropped. */
    record Transport(String message) implements Refusal {
    }
}
