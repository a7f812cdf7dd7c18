package io.mirrorbootstrap.snapshot;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Of which trace something is a part, as W3C Trace Context spells it. Whoever sends it says so: it is passed on, and nothing is decided by
 * it.
 *
 * @param parent the value of {@code traceparent}, 55 characters: trace, span, and whether it is sampled
 * @param state the value of {@code tracestate}, at most 512 characters; empty where there is none
 */
public record TraceContext(String parent, String state) {

    /** Neither the trace nor the span may be all zeros. */
    private static final Pattern PARENT = Pattern
            .compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
    private static final int PARENT_LENGTH = 55;
    private static final int MAX_STATE_LENGTH = 512;
    private static final Pattern NEWER = Pattern.compile("(?!ff|00)[0-9a-f]{2}-.{52}(-.*)?");

    /** Checks the values. */
    public TraceContext {
        if (!PARENT.matcher(parent).matches() || !isState(state)) {
            throw new IllegalArgumentException("no trace context: " + Text.quoted(parent) + ", " + Text.quoted(state));
        }
    }

    /**
     * Reads what a stranger says.
     *
     * @param parents each {@code traceparent} that there is; what is more than one says nothing. Of a newer version of the form, the part
     *            that this one has counts
     * @param states each {@code tracestate}; they are parts of one, which is passed over where it is too long, or no text
     * @return empty where there is none, or a malformed one
     */
    public static Optional<TraceContext> read(List<String> parents, List<String> states) {
        if (parents.size() != 1) {
            return Optional.empty();
        }
        String parent = parents.get(0).strip();
        if (NEWER.matcher(parent).matches()) {
            parent = "00" + parent.substring(2, PARENT_LENGTH);
        }
        String state = String.join(",", states).strip();
        return PARENT.matcher(parent).matches()
                ? Optional.of(new TraceContext(parent, isState(state) ? state : ""))
                : Optional.empty();
    }

    private static boolean isState(String state) {
        return state.length() <= MAX_STATE_LENGTH && state.chars().allMatch(c -> c >= ' ' && c <= '~');
    }
}
