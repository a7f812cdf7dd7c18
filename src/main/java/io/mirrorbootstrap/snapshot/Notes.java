package io.mirrorbootstrap.snapshot;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What a source says of a snapshot for those who come after it: kept and shown, and never judged.
 *
 * @param position from where to follow, in the database's own words, see {@link #isValidPosition}; empty where the LSN says it
 * @param labels names and values that the operator of the source has chosen, see {@link #areValidLabels}; by name
 */
public record Notes(Optional<String> position, Map<String, String> labels) {

    /** Nothing is said. */
    public static final Notes NONE = new Notes(Optional.empty(), Map.of());

    private static final int MAX_TEXT_BYTES = 1024;
    private static final int MAX_LABELS = 8;
    private static final int MAX_LABEL_BYTES = 128;
    private static final Pattern LABEL_NAME = Pattern.compile("[A-Za-z0-9._/-]{1,64}");

    /** The rule for a position, in words for a person. */
    public static final String POSITION_RULE = "1 to " + MAX_TEXT_BYTES + " bytes of UTF-8, no control character";

    /** The rule for labels, in words for a person. */
    public static final String LABELS_RULE = "at most " + MAX_LABELS
            + " labels, each a name of 1 to 64 characters of A-Z a-z 0-9 . _ / - and a value of at most "
            + MAX_LABEL_BYTES
            + " bytes of UTF-8, no control character";

    /** Checks the values, and copies the labels. */
    public Notes {
        if (position.filter(text -> !isValidPosition(text)).isPresent()) {
            throw new IllegalArgumentException("no position: " + Text.quoted(position.get()));
        } else if (!areValidLabels(labels)) {
            throw new IllegalArgumentException("no labels: " + Text.quoted(labels.toString()));
        }
        labels = Collections.unmodifiableMap(new TreeMap<>(labels));
    }

    /** Whether a position keeps {@link #POSITION_RULE}. */
    public static boolean isValidPosition(String value) {
        return !value.isEmpty() && isText(value, MAX_TEXT_BYTES);
    }

    /** Whether labels keep {@link #LABELS_RULE}. */
    public static boolean areValidLabels(Map<String, String> labels) {
        return labels.size() <= MAX_LABELS && labels.entrySet().stream().allMatch(
                label -> LABEL_NAME.matcher(label.getKey()).matches() && isText(label.getValue(), MAX_LABEL_BYTES));
    }

    private static boolean isText(String value, int maxBytes) {
        return value.length() <= maxBytes && value.chars().noneMatch(Character::isISOControl)
                && StandardCharsets.UTF_8.newEncoder().canEncode(value)
                && value.getBytes(StandardCharsets.UTF_8).length <= maxBytes;
    }

    /** With {@code position} in place of the one that was said before, if there is one. */
    Notes at(Optional<String> position) {
        return position.isPresent() ? new Notes(position, labels) : this;
    }

    /** What was said last counts, of what is said again. */
    Notes followedBy(Notes later) {
        return new Notes(later.position.or(() -> position), later.labels.isEmpty() ? labels : later.labels);
    }
}
