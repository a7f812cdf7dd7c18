package io.mirrorbootstrap.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.MirrorStatus;

/**
 * Mirrors as a table: a line for each, and one below it for its last error. Where the lines are too long the widest cells are cut, the status last.
 *
 * @param room how many columns a line may take
 * @param coloured whether the state has a colour beside its word
 */
record StatusTable(int room, boolean coloured) {

    /**
     * A mirror that is shown.
     *
     * @param status empty: nothing has come of it yet
     */
    record Row(DatabaseId database, Optional<MirrorStatus> status) {
    }

    private static final List<String> HEAD = List.of("DATABASE", "STATUS", "DONE", "BYTES", "RATE", "LEFT", "LSN",
            "CHANGED");
    private static final int STATUS = 1;
    private static final String BETWEEN = "  ";
    private static final String NONE = "-";
    /** A cell is cut so far, and no further. */
    private static final int LEAST_COLUMNS = 4;
    /** What takes longer is told by nobody in earnest. */
    private static final long MOST_SECONDS = 1_000_000_000;

    private static final String END_OF_COLOUR = "\u001b[0m";

    /** @param now by which it is told how long ago something has changed */
    List<String> lines(List<Row> rows, Instant now) {
        List<List<String>> cells = new ArrayList<>(List.of(HEAD));
        rows.forEach(row -> cells.add(cells(row, now)));
        int[] widths = widths(cells);
        List<String> lines = new ArrayList<>(List.of(line(cells.get(0), widths, "")));
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            lines.add(line(cells.get(i + 1), widths, row.status().map(StatusTable::colour).orElse("")));
            row.status().flatMap(MirrorStatus::error)
                    .ifPresent(error -> lines.add(cut(BETWEEN + "last error"
                            + error.at().map(at -> ", " + age(at, now)).orElse("") + ": "
                            + Text.readable(error.words()), room)));
        }
        return lines;
    }

    private static List<String> cells(Row row, Instant now) {
        String name = row.database().value();
        if (row.status().isEmpty()) {
            return List.of(name, "not there yet", NONE, NONE, NONE, NONE, NONE, NONE);
        }
        MirrorStatus status = row.status().get();
        return List.of(name, Text.readable(status.word()), progress(status), bytes(status),
                status.rateBytesPerSecond() > 0 ? Quantities.rate(status.rateBytesPerSecond()) : NONE,
                status.etaSeconds().isPresent() && status.etaSeconds().getAsLong() < MOST_SECONDS
                        ? Quantities.duration(Duration.ofSeconds(status.etaSeconds().getAsLong()))
                        : NONE,
                status.lsn() > 0 ? String.valueOf(status.lsn()) : NONE,
                status.updatedAt().map(at -> age(at, now)).orElse(NONE));
    }

    private static String progress(MirrorStatus status) {
        if (status.word().equals(MirrorStatus.FOLLOWING)) {
            return "100 %";
        }
        return status.bytesTotal() > 0 ? (int) (100.0 * status.bytesDone() / status.bytesTotal()) + " %" : NONE;
    }

    private static String bytes(MirrorStatus status) {
        String done = Quantities.size(status.bytesDone());
        return status.bytesTotal() > 0 && status.bytesTotal() != status.bytesDone()
                ? done + " of " + Quantities.size(status.bytesTotal())
                : done;
    }

    /** The clock of a sidecar may be ahead. */
    private static String age(Instant then, Instant now) {
        long seconds = Math.max(0, Duration.between(then, now).getSeconds());
        return seconds < MOST_SECONDS ? Quantities.duration(Duration.ofSeconds(seconds)) + " ago" : "long ago";
    }

    private static String colour(MirrorStatus status) {
        return switch (status.word()) {
            case MirrorStatus.FOLLOWING -> "\u001b[32m";
            case MirrorStatus.FAILED -> "\u001b[31m";
            case MirrorStatus.DISCONNECTED -> "\u001b[33m";
            default -> "";
        };
    }

    private int[] widths(List<List<String>> cells) {
        int[] widths = new int[HEAD.size()];
        for (List<String> line : cells) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], columns(line.get(i)));
            }
        }
        int over = BETWEEN.length() * (widths.length - 1) - room;
        for (int width : widths) {
            over += width;
        }
        for (boolean withStatus : new boolean[]{false, true}) { // what it says matters most
            for (int widest = widest(widths, withStatus); over > 0 && widths[widest] > LEAST_COLUMNS; over--) {
                widths[widest]--;
                widest = widest(widths, withStatus);
            }
        }
        return widths;
    }

    private static int widest(int[] widths, boolean withStatus) {
        int widest = 0;
        for (int i = 1; i < widths.length; i++) {
            widest = widths[i] > widths[widest] && (withStatus || i != STATUS) ? i : widest;
        }
        return widest;
    }

    private String line(List<String> cells, int[] widths, String colour) {
        StringBuilder line = new StringBuilder();
        int left = room;
        for (int i = 0; i < widths.length && left > 0; i++) {
            String between = i == 0 ? "" : BETWEEN;
            String cell = cut(cells.get(i), widths[i]);
            String padding = i == widths.length - 1 ? "" : " ".repeat(widths[i] - columns(cell));
            String shown = cut(between + cell + padding, left);
            left -= columns(shown);
            boolean isColoured = coloured && i == STATUS && !colour.isEmpty();
            line.append(isColoured ? colour + shown + END_OF_COLOUR : shown);
        }
        return line.toString();
    }

    /** As much of {@code text} as has room, with a sign that something is missing. */
    static String cut(String text, int room) {
        if (columns(text) <= room) {
            return text;
        }
        StringBuilder shown = new StringBuilder();
        int left = room - 1;
        for (int c : text.codePoints().toArray()) {
            left -= columns(c);
            if (left < 0) {
                break;
            }
            shown.appendCodePoint(c);
        }
        return room > 0 ? shown.append('~').toString() : "";
    }

    private static int columns(String text) {
        return text.codePoints().map(StatusTable::columns).sum();
    }

    /** Which characters take two columns, terminals do not agree on: no other takes more than that. */
    private static int columns(int c) {
        return c < 0x80 ? 1 : 2;
    }
}
