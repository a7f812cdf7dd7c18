package io.mirrorbootstrap.snapshot;

import java.util.regex.Pattern;

/**
 * The name of a database being mirrored, which is also the stem of its files' names: 1 to 128 characters of
 * {@code A-Z a-z 0-9 . _ -}, the first a letter, digit or {@code _}. No such name leads out of a directory, hides a file
 * or, where the disk tells upper from lower case ({@link LetterCase}), means the same as another.
 *
 * @param value the name, valid by construction
 */
public record DatabaseId(String value) {

    /** The rule in the words an operator is told. */
    public static final String RULE = "1 to 128 characters of A-Z a-z 0-9 . _ -, the first a letter, digit or _";

    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");

    /**
     * @throws RefusedException with {@link Refusal.InvalidDatabaseId} when the name breaks the rule
     */
    public DatabaseId {
        if (!isValid(value)) {
            throw new RefusedException(new Refusal.InvalidDatabaseId(value));
        }
    }

    /** Whether {@code value} keeps the rule. */
    public static boolean isValid(String value) {
        return VALID.matcher(value).matches();
    }

    @Override
    public String toString() {
        return value;
    }
}
