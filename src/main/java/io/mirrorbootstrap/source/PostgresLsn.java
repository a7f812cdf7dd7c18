package io.mirrorbootstrap.source;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A WAL position as PostgreSQL writes it: the halves of 64 bits in hexadecimal, as in {@code 16/B374D848}. Any thread. */
public final class PostgresLsn {

    /** Each half has 1 to 8 digits. */
    static final String REGEX = "[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}";

    private static final Pattern HALVES = Pattern.compile("(" + REGEX.replace("/", ")/(") + ")");

    private PostgresLsn() {
    }

    /**
     * Reads it.
     *
     * @return 0 to 2^63-1; empty where {@code text} is of another form, or beyond that
     */
    public static OptionalLong parse(String text) {
        Matcher halves = HALVES.matcher(text);
        if (!halves.matches()) {
            return OptionalLong.empty();
        }
        long position = Long.parseLong(halves.group(1), 16) << 32 | Long.parseLong(halves.group(2), 16);
        return position < 0 ? OptionalLong.empty() : OptionalLong.of(position);
    }
}
