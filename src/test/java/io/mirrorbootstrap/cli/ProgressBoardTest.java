package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

import org.junit.jupiter.api.Test;

/** Several mirrors on one terminal. */
class ProgressBoardTest {

    private static final String CLEAR = "\r\u001b[J";
    private static final String TWO_UP = "\u001b[2A";

    private final StringWriter shown = new StringWriter();

    @Test
    void eachHasALineBelowWhatStays() {
        ProgressBoard board = board(40, 24);
        board.row(0).show("connecting");
        board.row(1).show("sending 5 %");
        board.row(1).show("sending 5 %"); // is there already
        board.row(0).say("the link was lost");
        String first = "one:1      connecting\n";
        String second = "another:2  sending 5 %\n";
        assertEquals(CLEAR + first + "another:2  \n" + TWO_UP + CLEAR + first + second + TWO_UP + CLEAR
                + "one:1: the link was lost\n" + first + second, shown());
    }

    @Test
    void noMoreIsDrawnThanThereIsRoomFor() {
        ProgressBoard board = board(14, 2);
        board.row(1).show("is not seen");
        board.row(0).show("connecting");
        assertEquals(CLEAR + "one:1      \n" + "\u001b[1A" + CLEAR + "one:1      co\n", shown());
        assertEquals(2, board.row(0).room());
    }

    private String shown() {
        return shown.toString().replace(System.lineSeparator(), "\n");
    }

    private ProgressBoard board(int columns, int height) {
        return new ProgressBoard(new PrintWriter(shown), List.of("one:1", "another:2"), () -> columns, () -> height);
    }
}
