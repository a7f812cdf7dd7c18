package io.mirrorbootstrap.source;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * A WAL position as a person writes it. Any thread.
 *
 * @param position 0 to 2^63-1; empty: the snapshot itself says it
 * @param asGiven the text, where it is of PostgreSQL's form
 */
public record Lsn(OptionalLong position, Optional<String> asGiven) {

    /** What stands for a position that the snapshot itself says. */
    public static final String AUTO = "auto";

    private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,19}");
    private static final String RULE = "it must be a number from 0 to " + Long.MAX_VALUE
            + ", or of PostgreSQL's form, as in 16/B374D848, or " + AUTO;

    /**
     * Reads a decimal number, PostgreSQL's two hexadecimal halves, or {@link #AUTO}.
     *
     * @throws IllegalArgumentException when it is none of these, or out of range, with a message for a person
     */
    public static Lsn parse(String text) {
        OptionalLong halves = PostgresLsn.parse(text);
        if (text.equals(AUTO)) {
            return new Lsn(OptionalLong.empty(), Optional.empty());
        } else if (halves.isPresent()) {
            return new Lsn(halves, Optional.of(text));
        }
        // 19 digits fit; past 2^63-1 it is negative
        long position = DECIMAL.matcher(text).matches() ? Long.parseUnsignedLong(text) : -1;
        if (position < 0) {
            throw new IllegalArgumentException("'" + text + "' is no LSN: " + RULE);
        }
        return new Lsn(OptionalLong.of(position), Optional.empty());
    }
}
