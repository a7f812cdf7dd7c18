package io.mirrorbootstrap.api;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.mirrorbootstrap.mirror.Change;
import io.mirrorbootstrap.mirror.StatusBoard;

/** How a change is named in an event stream: a reader that comes back shows the last one that it has heard of. */
final class EventId {

    private static final Pattern FORM = Pattern.compile("([0-9a-f]{1,16})-([0-9]{1,18})");

    private EventId() {
    }

    static String of(StatusBoard board, Change change) {
        return board.series() + "-" + change.change();
    }

    /**
     * The number of the change that {@code shown} names; empty where it is none of {@code board}: the reader has heard it of an earlier
     * process, or it is no id.
     *
     * @param shown the header Last-Event-ID; null where there is none
     */
    static OptionalLong change(StatusBoard board, String shown) {
        Matcher id = FORM.matcher(shown == null ? "" : shown);
        return id.matches() && id.group(1).equals(board.series())
                ? OptionalLong.of(Long.parseLong(id.group(2)))
                : OptionalLong.empty();
    }
}
