package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;

/** What became of sending a snapshot: a type for each end there is. What a sidecar says is as it came, but in messages. */
public sealed interface Outcome {

    /** One sentence for a person, in which what others say is made readable: see {@link Text#readable}. */
    String message();

    /** What stood in between, where that is what has ended it. */
    default Optional<Obstacle> obstructed() {
        return Optional.empty();
    }

    /** Whether coming back later may help: a link that broke, a disk that is full, a sidecar that restarts. */
    default boolean canHeal() {
        return obstructed().filter(Obstacle::canHeal).isPresent();
    }

    /** How long not to come back, where the other side says so. */
    default Optional<Duration> comeBackAfter() {
        return obstructed().flatMap(Obstacle::comeBackAfter);
    }

    /** How far the snapshot got, in bytes, as far as that is known. */
    default long bytesDone() {
        return 0;
    }

    /**
     * The sidecar has the whole snapshot, verified and durable.
     *
     * @param snapshot what it says about it
     * @param bytesSent payload sent over the last link, 0 when this very snapshot was there already
     * @param took from opening the link to the commit
     */
    record Committed(Answer.Committed snapshot, long bytesSent, Duration took) implements Outcome {

        /** A success, if nothing is wrong with its path: it would be printed for scripts. */
        static Outcome checked(Answer.Committed snapshot, long bytesSent, Duration took) {
            return Text.isPlain(snapshot.snapshotPath())
                    ? new Committed(snapshot, bytesSent, took)
                    : new NotUnderstood("it says that it has committed the snapshot, but its snapshot_path, "
                            + Text.readable(snapshot.snapshotPath()) + ", has characters that no path here may have");
        }

        @Override
        public String message() {
            return "committed as " + Text.readable(snapshot.snapshotPath());
        }
    }

    /**
     * The sidecar refused.
     *
     * @param failure its error object
     * @param bytesDone bytes of the snapshot that it had answered before
     */
    record Refused(Answer.Failure failure, long bytesDone) implements Outcome {

        /** All others say that the source is wrong, or, {@code superseded}, that another one is at work. */
        private static final Set<String> HEALING = Stream.of(ErrorCode.CHUNK_CRC_MISMATCH,
                ErrorCode.INSUFFICIENT_STORAGE, ErrorCode.TOO_MANY_BOOTSTRAPS, ErrorCode.TRANSPORT)
                .map(ErrorCode::spelling).collect(Collectors.toUnmodifiableSet());

        @Override
        public boolean canHeal() {
            return HEALING.contains(failure.code());
        }

        @Override
        public String message() {
            return "the sidecar refused (" + Text.readable(failure.code()) + "): " + Text.readable(failure.message());
        }
    }

    /**
     * No link came about.
     *
     * @param obstacle what stood in between
     */
    record NoLink(Endpoint endpoint, Obstacle obstacle) implements Outcome {

        @Override
        public Optional<Obstacle> obstructed() {
            return Optional.of(obstacle);
        }

        @Override
        public String message() {
            return endpoint + (obstacle instanceof Obstacle.Answered ? " refused the link: " : " cannot be reached: ")
                    + obstacle.message();
        }
    }

    /**
     * The link ended before the commit.
     *
     * @param closeCode the WebSocket close code; {@link #CUT} when there was none
     * @param reason what the sidecar gave as the reason, or why the link was cut here; may be empty
     * @param bytesDone bytes of the snapshot that the sidecar had answered
     */
    record LinkLost(int closeCode, String reason, long bytesDone) implements Outcome {

        /** The close code of a link that was cut without one. */
        public static final int CUT = 1006;

        /**
         * What a sidecar does in order, what happens to it, and, 1014, to a gateway that has lost it; other codes say that the source is
         * wrong.
         */
        private static final Set<Integer> HEALING = Set.of(1000, 1001, CUT, 1011, 1012, 1013, 1014);

        @Override
        public boolean canHeal() {
            return HEALING.contains(closeCode);
        }

        @Override
        public String message() {
            return "the link was lost after " + bytesDone + " bytes"
                    + (closeCode == CUT ? "" : ": the sidecar closed it with " + closeCode)
                    + (reason.isEmpty() ? "" : (closeCode == CUT ? ": " : ", ") + Text.readable(reason));
        }
    }

    /**
     * The link ended behind the last chunk of a stream with bytes, and nobody says what became of it: a commit that has begun is finished
     * without it. Of an older sidecar, which cannot be asked to go on, the mirror's status tells; to open it again would take over what is
     * under way.
     *
     * @param sent what was sent, with its size and CRC-32C
     * @param took from opening the link to its end
     * @param why it is not known, in words that go on after a colon
     * @param canHeal whether to ask may help
     */
    record CommitUnknown(SnapshotIdentity sent, Duration took, String why, boolean canHeal,
            Optional<Duration> comeBackAfter) implements Outcome {

        @Override
        public long bytesDone() {
            return sent.totalBytes();
        }

        @Override
        public String message() {
            return "all was sent, whether it was committed is not known: " + why;
        }
    }

    /**
     * The sidecar answered what the protocol does not know, or not here.
     *
     * @param reason what it was
     */
    record NotUnderstood(String reason) implements Outcome {
        @Override
        public String message() {
            return "the sidecar does not speak this version of the protocol: " + Text.readable(reason);
        }
    }

    /**
     * The input changed while it was being sent, so it is no snapshot.
     *
     * @param change in what
     */
    record InputChanged(String name, String change) implements Outcome {
        @Override
        public String message() {
            return name + " changed while it was being sent: " + change + ". Nothing was committed";
        }
    }

    /**
     * The input could not be read.
     *
     * @param reason the failure, in words
     */
    record InputFailed(String name, String reason) implements Outcome {
        @Override
        public String message() {
            return name + " cannot be read: " + reason;
        }
    }

    /** The input cannot be read from where it stands, because of {@code obstacle}; the sidecar keeps what it has. */
    record InputCut(String name, Obstacle obstacle, long bytesDone) implements Outcome {
        @Override
        public Optional<Obstacle> obstructed() {
            return Optional.of(obstacle);
        }

        @Override
        public String message() {
            return name + " cannot be read: " + obstacle.message();
        }
    }

    /**
     * The sidecar has lost bytes of a stream that it had called durable; they cannot be read again.
     *
     * @param offset from where it wants to go on, in bytes
     * @param firstByte the first byte that can still be sent
     */
    record BytesLost(String name, long offset, long firstByte) implements Outcome {
        @Override
        public String message() {
            return "the sidecar has lost bytes that it had called durable: it wants to go on at byte " + offset
                    + ", and what comes before byte " + firstByte + " of " + name
                    + " cannot be read again";
        }
    }

    /**
     * The sidecar has other bytes of a stream than were sent.
     *
     * @param offset up to where, in bytes
     * @param sent the CRC-32C of what was sent
     * @param stored the CRC-32C of what the sidecar has
     */
    record BytesDiffer(String name, long offset, Crc32c sent, Crc32c stored) implements Outcome {
        @Override
        public String message() {
            return "the sidecar has other bytes than were sent: up to byte " + offset + " of " + name
                    + " their CRC-32C is " + stored + " there, not " + sent;
        }
    }

    /**
     * Other mirrors of a stream have waited for this one as long as they wait; they go on without it.
     *
     * @param limit how long that is
     * @param bytesDone bytes of the snapshot that the sidecar had answered
     */
    record LeftBehind(String name, Duration limit, long bytesDone) implements Outcome {
        @Override
        public String message() {
            return "this mirror was left behind after " + bytesDone
                    + " bytes: all that can be held was held for it, the others "
                    + "have waited for it for more than " + limit.toSeconds() + " seconds (--lag-limit), and " + name
                    + " cannot be read again";
        }
    }

    /** The input has no bytes, and that was not meant: nothing was opened at the sidecar. */
    record InputEmpty(String name) implements Outcome {
        @Override
        public String message() {
            return name + " is empty, which is no snapshot. Nothing was sent";
        }
    }

    /**
     * The input is none that could be sent: nothing was opened at the sidecar.
     *
     * @param message what is wrong, as a sentence
     */
    record InputUnusable(String message) implements Outcome {
    }

    /**
     * The program that wrote the snapshot did not finish it.
     *
     * @param producer its name
     * @param end how it ended, in words
     */
    record ProducerFailed(String producer, String end) implements Outcome {
        @Override
        public String message() {
            return producer + " " + end + ". Nothing was committed";
        }
    }

    /**
     * A fault of this program, which nobody has foreseen.
     *
     * @param fault its trace is to be reported
     */
    record Unexpected(Throwable fault) implements Outcome {
        @Override
        public String message() {
            return "failed unexpectedly, please report this: " + Text.readable(String.valueOf(fault));
        }
    }
}
