package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.source.Progress.Phase;

class ProgressDisplayTest {

    private static final long TOTAL = 1024 * 1024;

    private final StringWriter shown = new StringWriter();

    @Test
    void aLogGetsALineForAPhaseNotForAChunk() {
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown))) {
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
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown), () -> 100)) {
            display.update(Phase.SENDING, TOTAL / 2, OptionalLong.of(TOTAL));
            display.update(Phase.SENDING, TOTAL, OptionalLong.of(TOTAL));
        }
        assertTrue(shown.toString().startsWith("\rsending  [############............] 50 %, 512 KiB of 1.00 MiB"),
                shown::toString);
        assertTrue(shown.toString().contains("100 %"), shown::toString);
        assertTrue(shown.toString().endsWith(System.lineSeparator()));
    }

    @Test
    void aFileThatHasMoreThanItHadFillsTheBarAndNoMore() {
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown), () -> 100)) {
            display.update(Phase.CHECKSUM, 2 * TOTAL, OptionalLong.of(TOTAL));
        }
        assertTrue(shown.toString().startsWith("\rchecksum [########################] 200 %"), shown::toString);
    }

    @Test
    void whatIsFoundHasALineOfItsOwn() {
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown), () -> 100)) {
            display.update(Phase.CONNECTING, 0, OptionalLong.empty());
            display.found("this is a dump");
            display.update(Phase.SENDING, 0, OptionalLong.empty());
        }
        assertEquals(List.of("connecting", "this is a dump", "sending  0 B"),
                shown.toString().replace("\r", "").lines().map(String::strip).toList());
    }

    @Test
    void aStreamHasNoPercentage() {
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown))) {
            display.update(Phase.SENDING, 2048, OptionalLong.empty());
        }
        assertEquals("sending  2.00 KiB", shown.toString().strip());
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 41, 60, 79, 80, 100})
    void aLineIsNeverWiderThanTheTerminal(int columns) {
        long total = 1023L << 30;
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown), () -> columns)) {
            for (Phase phase : Phase.values()) {
                for (long done : new long[]{0, 1023L << 20, 1000L << 30, total}) {
                    display.update(phase, done, OptionalLong.of(total));
                }
            }
        }
        List<String> lines = shown.toString().lines().flatMap(line -> Stream.of(line.split("\r"))).toList();
        assertTrue(lines.stream().anyMatch(line -> line.contains("100 %")), lines::toString);
        assertTrue(lines.stream().allMatch(line -> line.length() < columns), lines::toString);
    }

    @Test
    void aTerminalThatIsMadeNarrowerGetsAShorterLine() {
        int[] columns = {100};
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown), () -> columns[0])) {
            display.update(Phase.SENDING, TOTAL / 2, OptionalLong.of(TOTAL));
            columns[0] = 40;
            int before = shown.toString().length();
            display.update(Phase.SENDING, TOTAL, OptionalLong.of(TOTAL));
            assertTrue(shown.toString().substring(before).length() <= 40, shown::toString);
        }
    }
}
