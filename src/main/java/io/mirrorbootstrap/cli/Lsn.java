package io.mirrorbootstrap.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A WAL position as a person writes it.
 *
 * @param position 0 to 2^63-1
 */
record Lsn(long position) {

    private static final Pattern POSTGRESQL = Pattern.compile("([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})");
    private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,19}");
    private static final String RULE = "it must be a number from 0 to " + Long.MAX_VALUE
            + ", or of PostgreSQL's form, as in 16/B374D848";

    /**
     * Reads a decimal number, or PostgreSQL's two hexadecimal halves.
     *
     * @throws IllegalArgumentException when it is neither, or out of range, with a message for a person
     */
    static Lsn parse(String text) {
        Matcher halves = POSTGRESQL.matcher(text);
        long position = -1;
        if (halves.matches()) {
            position = Long.parseLong(halves.group(1), 16) << 32 | Long.parseLong(halves.group(2), 16);
        } else if (DECIMAL.matcher(text).matches()) {
            position = Long.parseUnsignedLong(text); // 19 digits fit; past 2^63-1 it is negative
        }
        if (position < 0) {
            throw new IllegalArgumentException("'" + text + "' is no LSN: " + RULE);
        }
        return new Lsn(position);
    }
}
