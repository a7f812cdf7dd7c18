package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * What stood between a client and its sidecar, and whether to come back may help: the one rule for all who speak to a
 * sidecar. All messages are readable, see {@link io.mirrorbootstrap.snapshot.Text#readable}.
 */
public sealed interface Obstacle {

    /** What it is, in words that go on after a colon. */
    String message();

    /** Whether it may go away by itself. */
    boolean canHeal();

    /** How long not to come back, where the other side says so; at most {@link RetryAfter#MOST}. */
    default Optional<Duration> comeBackAfter() {
        return Optional.empty();
    }

    /** Nobody is there, or nobody answers: no such name, refused, reset, silent. Names and networks come and go. */
    record Unreachable(String message) implements Obstacle {
        @Override
        public boolean canHeal() {
            return true;
        }
    }

    /** The program that answers is not the sidecar, or cannot be believed: another protocol, a certificate, a strange answer. */
    record Unfit(String message) implements Obstacle {
        @Override
        public boolean canHeal() {
            return false;
        }
    }

    /** What is read in parts is another by now. */
    record Changed(String message) implements Obstacle {
        @Override
        public boolean canHeal() {
            return false;
        }
    }

    /**
     * An answer of HTTP that is not the expected one, of the sidecar or of a proxy in between.
     *
     * @param status the HTTP status
     */
    record Answered(int status, String message, Optional<Duration> comeBackAfter) implements Obstacle {

        /** Of the errors of the client those that speak of time. */
        private static final Set<Integer> HEALING = Set.of(408, 425, 429);

        /** Of the errors of the server those that speak of what it is, and of the network that wants a login. */
        private static final Set<Integer> LASTING = Set.of(501, 505, 506, 510, 511);

        private static final int SERVER_ERRORS = 5;

        @Override
        public boolean canHeal() {
            return HEALING.contains(status) || status / 100 == SERVER_ERRORS && !LASTING.contains(status);
        }
    }
}
