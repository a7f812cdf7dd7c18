package io.mirrorbootstrap.snapshot;

/** How strange text is shown: in quotes, cut to a bearable length, nothing in it that could forge a log line. */
public final class Text {

    private static final int SHOWN = 140;

    private Text() {
    }

    /** {@code value} in quotes, control and non-ASCII characters escaped, at most 140 characters of it. */
    public static String quoted(String value) {
        StringBuilder shown = new StringBuilder(Math.min(value.length(), SHOWN) + 2).append('"');
        for (int i = 0; i < value.length(); i++) {
            if (i == SHOWN) {
                return shown.append("…\" (").append(value.length()).append(" characters)").toString();
            }
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                shown.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                shown.append(String.format("\\u%04x", (int) c));
            } else {
                shown.append(c);
            }
        }
        return shown.append('"').toString();
    }
}
