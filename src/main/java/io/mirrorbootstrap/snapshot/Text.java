package io.mirrorbootstrap.snapshot;

import java.util.Arrays;
import java.util.Locale;

/**
 * How strange text is shown, so that nothing in it moves a cursor, turns a line around, hides, or forges a line or a field
 * of a log, a terminal or a script. Plain is a character that shows as itself and nothing else: letters of all scripts,
 * digits, marks, symbols, blanks; not controls, line ends, formats (zero width, writing direction) or what has no meaning.
 */
public final class Text {

    private static final int QUOTED = 140;
    private static final int READABLE = 500;

    /** Letters, marks and a symbol of which nothing is seen: first and last of each range. */
    private static final int[][] INVISIBLE = {{0x034F, 0x034F}, {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F},
            {0x2800, 0x2800}, {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFFA0, 0xFFA0}, {0xE0100, 0xE01EF}};

    private Text() {
    }

    /** {@code value} in quotes, control and non-ASCII characters escaped, at most 140 characters of it. */
    public static String quoted(String value) {
        StringBuilder shown = new StringBuilder(Math.min(value.length(), QUOTED) + 2).append('"');
        for (int i = 0; i < value.length(); i++) {
            if (i == QUOTED) {
                return shown.append("…\"").append(length(value)).toString();
            }
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                shown.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                escape(shown, c);
            } else {
                shown.append(c);
            }
        }
        return shown.append('"').toString();
    }

    /** A text of a stranger, for a person: plain characters as they are, others escaped, at most 500 characters of it. */
    public static String readable(String value) {
        if (value.length() <= READABLE) {
            return line(value);
        }
        boolean isCutInTwo = Character.isSurrogatePair(value.charAt(READABLE - 1), value.charAt(READABLE));
        int end = isCutInTwo ? READABLE + 1 : READABLE;
        return end == value.length() ? line(value) : line(value.substring(0, end)) + '…' + length(value);
    }

    /**
     * A sentence in which names of strangers may be, as one line for a person: plain characters as they are, others escaped. Never cut: what
     * is said of a name stands behind it.
     */
    public static String line(String value) {
        StringBuilder shown = new StringBuilder(value.length() + 16);
        value.codePoints().forEach(c -> append(shown, c));
        return shown.toString();
    }

    /**
     * A name as one field of a log line: as it is, or in quotes where it could be taken for more than one, with escapes for
     * what is not plain. Never cut: two names would look the same.
     */
    public static String field(String value) {
        if (!value.isEmpty() && value.codePoints().allMatch(Text::isBare)) {
            return value;
        }
        StringBuilder shown = new StringBuilder(value.length() + 16).append('"');
        value.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                shown.append('\\');
            }
            append(shown, c);
        });
        return shown.append('"').toString();
    }

    /** Whether {@code value} has only plain characters: it can be printed, and read back, as it is. */
    public static boolean isPlain(String value) {
        return value.codePoints().allMatch(Text::isPlain);
    }

    private static boolean isBare(int c) {
        return isPlain(c) && !Character.isSpaceChar(c) && "\"\\=,".indexOf(c) < 0;
    }

    private static boolean isPlain(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED ->
                false;
            default -> Arrays.stream(INVISIBLE).noneMatch(range -> c >= range[0] && c <= range[1]);
        };
    }

    private static void append(StringBuilder shown, int c) {
        if (isPlain(c)) {
            shown.appendCodePoint(c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            shown.append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else {
            for (char half : Character.toChars(c)) {
                escape(shown, half);
            }
        }
    }

    private static void escape(StringBuilder shown, char c) {
        shown.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
    }

    private static String length(String value) {
        return " (" + value.length() + " characters)";
    }
}
