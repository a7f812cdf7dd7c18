package io.mirrorbootstrap.access;

import java.util.Optional;

/**
 * The last two readings of the token file, and what follows from both: a file that is read while it is written may have half a line.
 * Any thread; both readings change at once.
 */
final class TokenReadings {

    /**
     * One reading.
     *
     * @param problem why it lets nobody in
     */
    record Reading(Tokens tokens, Optional<String> problem) {

        static Reading none(String problem) {
            return new Reading(Tokens.NONE, Optional.of(problem));
        }
    }

    /**
     * Both, one behind the other.
     *
     * @param agreed the tokens in which they agree
     */
    private record Pair(Reading before, Reading last, Tokens agreed) {

        private static Pair of(Reading before, Reading last) {
            return new Pair(before, last, last.tokens().agreedWith(before.tokens()));
        }

        private boolean isConfirmed() {
            return last.problem().isEmpty() && last.equals(before);
        }
    }

    private volatile Pair pair;

    /** @param first stands for both, until there is another */
    TokenReadings(Reading first) {
        this.pair = Pair.of(first, first);
    }

    /** The file has been read again, or does not answer. One thread at a time. */
    void take(Reading now) {
        pair = Pair.of(pair.last(), now);
    }

    /** The last reading. */
    Reading last() {
        return pair.last();
    }

    /** The tokens that let callers in now: those in which both readings agree. */
    Tokens agreed() {
        return pair.agreed();
    }

    /**
     * The token that the file has now in place of {@code token}: the same, one with other rights, or none. A file that cannot be read
     * changes nothing, nor does one of which two readings differ.
     */
    Optional<Tokens.Token> now(Tokens.Token token) {
        Pair both = pair; // once: another reading may come meanwhile
        Tokens.Token now = both.last().tokens().known().get(token.digest());
        return token.equals(now) || !both.isConfirmed() ? Optional.of(token) : Optional.ofNullable(now);
    }
}
