package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.Optional;

import io.mirrorbootstrap.wire.Answer;

/** What became of sending a snapshot: a type for each end there is. */
public sealed interface Outcome {

    /** One sentence for a person. */
    String message();

    /**
     * The sidecar has the whole snapshot, verified and durable.
     *
     * @param snapshot what it says about it
     * @param bytesSent payload sent over the last link, 0 when this very snapshot was there already
     * @param took from opening the link to the commit
     */
    record Committed(Answer.Committed snapshot, long bytesSent, Duration took) implements Outcome {
        @Override
        public String message() {
            return "committed as " + snapshot.snapshotPath();
        }
    }

    /**
     * The sidecar refused.
     *
     * @param failure its error object
     */
    record Refused(Answer.Failure failure) implements Outcome {
        @Override
        public String message() {
            return "the sidecar refused (" + failure.code() + "): " + failure.message();
        }
    }

    /**
     * An HTTP server answered, but would not upgrade to a WebSocket.
     *
     * @param status the HTTP status
     * @param answer what it said, if anything
     */
    record NotUpgraded(Endpoint endpoint, int status, Optional<Answer.Failure> answer) implements Outcome {
        @Override
        public String message() {
            return endpoint + " refused the link: HTTP " + status
                    + answer.map(failure -> ", " + failure.code() + ": " + failure.message()).orElse("");
        }
    }

    /**
     * No link came about.
     *
     * @param reason the failure, in words
     */
    record Unreachable(Endpoint endpoint, String reason) implements Outcome {
        @Override
        public String message() {
            return endpoint + " cannot be reached: " + reason;
        }
    }

    /**
     * The link ended before the commit.
     *
     * @param closeCode the WebSocket close code; {@link #CUT} when there was none
     * @param reason what the sidecar gave as the reason, may be empty
     * @param bytesDone bytes of the snapshot that the sidecar had answered
     */
    record LinkLost(int closeCode, String reason, long bytesDone) implements Outcome {

        /** The close code of a link that was cut without one. */
        public static final int CUT = 1006;

        @Override
        public String message() {
            return "the link was lost after " + bytesDone + " bytes"
                    + (closeCode == CUT
                            ? ""
                            : ": the sidecar closed it with " + closeCode
                                    + (reason.isEmpty() ? "" : ", " + reason));
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
            return "the sidecar does not speak this version of the protocol: " + reason;
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
}
