package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.util.function.IntSupplier;

/** The line that the cursor is on. One thread. */
final class TerminalLine implements Row {

    private final PrintWriter out;
    private final IntSupplier columns;
    private String shown = "";

    /** @param columns how many characters a line has, asked for each */
    TerminalLine(PrintWriter out, IntSupplier columns) {
        this.out = out;
        this.columns = columns;
    }

    @Override
    public int room() {
        return Math.max(0, columns.getAsInt() - 1);
    }

    @Override
    public void show(String whole) {
        String line = whole.substring(0, Math.min(whole.length(), room()));
        if (line.equals(shown)) {
            return;
        }
        // what was shown may be longer than the terminal is wide by now: it has wrapped then, and is left
        int covered = Math.min(shown.length(), room()) - line.length();
        out.print("\r" + line + " ".repeat(Math.max(0, covered)));
        out.flush();
        shown = line;
    }

    @Override
    public void finish() {
        if (!shown.isEmpty()) {
            out.println();
        }
        shown = "";
    }

    @Override
    public void say(String line) {
        finish();
        out.println(line);
    }
}
