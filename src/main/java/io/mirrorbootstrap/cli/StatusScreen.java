package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.function.IntSupplier;

/** Shows one picture after the other in the same place of a terminal. One thread. */
final class StatusScreen {

    private static final String CLEAR = "\u001b[2J";
    private static final String HOME = "\u001b[H";
    private static final String CLEAR_REST_OF_LINE = "\u001b[K";
    private static final String CLEAR_BELOW = "\u001b[J";

    private final PrintWriter out;
    private final IntSupplier height;
    private boolean isFirst = true;

    /** @param height how many lines the terminal has, asked for each picture */
    StatusScreen(PrintWriter out, IntSupplier height) {
        this.out = out;
        this.height = height;
    }

    /**
     * Shows it in one write, from the top, so that nothing scrolls and nothing flickers.
     *
     * @param lines none wider than the terminal; those for which there is no room are counted
     */
    void show(List<String> lines) {
        int room = Math.max(1, height.getAsInt() - 1); // the cursor is on the last line
        StringBuilder picture = new StringBuilder(isFirst ? CLEAR : "").append(HOME);
        int shown = lines.size() <= room ? lines.size() : room - 1;
        lines.subList(0, shown).forEach(line -> picture.append(line).append(CLEAR_REST_OF_LINE).append('\n'));
        if (shown < lines.size()) {
            picture.append("+ ").append(lines.size() - shown).append(" lines").append(CLEAR_REST_OF_LINE).append('\n');
        }
        out.print(picture.append(CLEAR_BELOW));
        out.flush();
        isFirst = false;
    }
}
