package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.OptionalLong;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.source.Progress.Phase;

class ProgressDisplayTest {

    private static final long TOTAL = 1024 * 1024;

    private final StringWriter shown = new StringWriter();

    @Test
    void aLogGetsALineForAPhaseNotForAChunk() {
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown), false)) {
            for (int i = 0; i < 1000; i++) {
                display.update(Phase.SENDING, i, OptionalLong.of(TOTAL));
            }
            display.update(Phase.COMMITTING, TOTAL, OptionalLong.of(TOTAL));
        }
        assertEquals(2, shown.toString().lines().count(), shown::toString);
        assertFalse(shown.toString().contains("\r"));
    }

    @Test
    void aTerminalLineIsWrittenOverAndEnded() {
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown), true)) {
            display.update(Phase.SENDING, TOTAL / 2, OptionalLong.of(TOTAL));
            display.update(Phase.SENDING, TOTAL, OptionalLong.of(TOTAL));
        }
        assertTrue(shown.toString().startsWith("\rsending  [############............] 50 %, 512 KiB of 1.00 MiB"),
                shown::toString);
        assertTrue(shown.toString().contains("100 %"), shown::toString);
        assertTrue(shown.toString().endsWith(System.lineSeparator()));
    }

    @Test
    void aStreamHasNoPercentage() {
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown), false)) {
            display.update(Phase.SENDING, 2048, OptionalLong.empty());
        }
        assertEquals("sending  2.00 KiB", shown.toString().strip());
    }
}
