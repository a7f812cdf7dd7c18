package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;

/**
 * The last lines of a terminal, one for each of several that make progress, each behind its name; they are drawn together, below what stays.
 * Those for which the terminal has no lines are not shown. Any thread.
 */
final class ProgressBoard implements AutoCloseable {

    private static final String UP = "\u001b[%dA";
    private static final String CLEAR_BELOW = "\r\u001b[J";

    private final PrintWriter out;
    private final IntSupplier columns;
    private final IntSupplier height;
    private final List<BoardRow> rows = new ArrayList<>();
    private final int nameWidth;
    /** Guarded by this: how many lines stand above the cursor and are drawn anew. */
    private int drawn;

    private final class BoardRow implements Row {
        private final String name;
        private String text = "";

        private BoardRow(String name) {
            this.name = name;
        }

        @Override
        public int room() {
            return Math.max(0, columns.getAsInt() - 1 - nameWidth - 2);
        }

        @Override
        public void show(String line) {
            set(this, line);
        }

        @Override
        public void finish() {
            // it is at its place
        }

        @Override
        public void say(String line) {
            add(name + ": " + line);
        }

        private String line() {
            String line = name + " ".repeat(nameWidth - name.length() + 2) + text;
            return line.substring(0, Math.min(line.length(), Math.max(0, columns.getAsInt() - 1)));
        }
    }

    /** @param names of those that make progress, in their order */
    ProgressBoard(PrintWriter out, List<String> names, IntSupplier columns, IntSupplier height) {
        this.out = out;
        this.columns = columns;
        this.height = height;
        this.nameWidth = names.stream().mapToInt(String::length).max().orElse(0);
        names.forEach(name -> rows.add(new BoardRow(name)));
    }

    /** The line of the one with that number. */
    Row row(int index) {
        return rows.get(index);
    }

    private synchronized void set(BoardRow row, String text) {
        if (!row.text.equals(text)) {
            row.text = text;
            draw("");
        }
    }

    private synchronized void add(String line) {
        draw(line + System.lineSeparator());
    }

    private void draw(String above) {
        assert Thread.holdsLock(this);
        StringBuilder picture = new StringBuilder(drawn == 0 ? "" : String.format(Locale.ROOT, UP, drawn))
                .append(CLEAR_BELOW)
                .append(above);
        drawn = Math.min(rows.size(), Math.max(1, height.getAsInt() - 1)); // the cursor is on the last line
        rows.subList(0, drawn).forEach(row -> picture.append(row.line()).append(System.lineSeparator()));
        out.print(picture);
        out.flush();
    }

    /** Leaves the lines as they are, and the cursor below them. */
    @Override
    public synchronized void close() {
        drawn = 0;
    }
}
