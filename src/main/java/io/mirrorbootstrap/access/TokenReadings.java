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

    private static final String UNUSABLE = "the sidecar cannot use its token file at this moment, and lets nobody in: come back later";
    private static final String UNCONFIRMED = "the sidecar has read its token file once only since that has changed, "
            + "or could not be used: come back in a moment";

    /**
     * What lets callers in now.
     *
     * @param tokens those in which both readings agree
     * @param doubt why another token may be a good one all the same, for its caller; empty: none is
     */
    record Known(Tokens tokens, Optional<String> doubt) {
    }

    /**
     * Both, one behind the other.
     *
     * @param agreed the tokens in which they agree
     * @param several whether more than one caller is known
     */
    private record Pair(Reading before, Reading last, Tokens agreed, boolean several) {

        private static Pair first(Reading only) {
            return new Pair(only, only, only.tokens(), only.tokens().callers() > 1);
        }

        private Pair then(Reading next) {
            Tokens known = next.tokens();
            boolean isSure = next.problem().isEmpty() && next.equals(last);
            return new Pair(last, next, known.agreedWith(last.tokens()), known.callers() > 1 || several && !isSure);
        }

        private boolean isConfirmed() {
            return last.problem().isEmpty() && last.equals(before);
        }

        private Known known() {
            Optional<String> doubt = isConfirmed()
                    ? Optional.empty()
                    : Optional.of(last.problem().isPresent() ? UNUSABLE : UNCONFIRMED);
            return new Known(agreed, doubt);
        }
    }

    private volatile Pair pair;

    /** @param first stands for both, until there is another */
    TokenReadings(Reading first) {
        this.pair = Pair.first(first);
    }

    /** The file has been read again, or does not answer. One thread at a time. */
    void take(Reading now) {
        pair = pair.then(now);
    }

    /**
     * Whether more than one caller has tokens. One that is seen counts at once; that the others are gone is believed when two readings
     * in a row agree on it.
     */
    boolean hasSeveralCallers() {
        return pair.several();
    }

    /** The last reading. */
    Reading last() {
        return pair.last();
    }

    /** The tokens that let callers in now, and whether that is certain: of the same two readings. */
    Known known() {
        return pair.known();
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
