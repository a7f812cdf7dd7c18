package io.mirrorbootstrap.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.ExtLogRecord.FormatStyle;
import org.jboss.logmanager.Level;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.mirror.CallerAtWork;

class LogLimitTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private long now = -SECOND; // a clock that counts may stand anywhere
    private final LogLimit limit = new LogLimit(() -> now);
    private final List<String> printed = new ArrayList<>();

    @Test
    void linesThatDifferInTheirValuesAreLimitedAndItIsSaid() {
        log("begun: %s", 1000);
        assertEquals(LogLimit.BURST, printed.size());
        assertEquals("begun: 1", printed.get(1));
        assertEquals("begun: 99 [of lines like this, at most 10 a second follow]", printed.get(99));
        now += SECOND;
        log("begun: %s", 1000);
        assertEquals(LogLimit.BURST + LogLimit.PER_SECOND, printed.size());
        assertEquals("begun: 0 [900 lines like this before it were left out]", printed.get(100));
        assertEquals("begun: 1", printed.get(101));
    }

    @Test
    void whatIsAnotherKindOfLineIsNotLeftOut() {
        log("begun: %s", 1000);
        printed.clear();
        log("failed: %s", 1);
        assertEquals(List.of("failed: 0"), printed);
        assertTrue(limit.isLoggable(line("begun: %s", Level.ERROR, 1)));
        assertFalse(limit.isLoggable(line("begun: %s", Level.INFO, 1)));
    }

    @Test
    void oneCallerLeavesNoLineOfAnotherOut() {
        CallerAtWork.run("a", () -> log("begun: %s", 1000));
        printed.clear();
        CallerAtWork.run("b", () -> log("begun: %s", 1));
        log("begun: %s", 1);
        assertEquals(List.of("begun: 0", "begun: 0"), printed);
    }

    @Test
    void afterAPauseAllIsPrintedAgain() {
        log("begun: %s", 1000);
        now += LogLimit.BURST * SECOND;
        printed.clear();
        log("begun: %s", LogLimit.BURST);
        assertEquals(LogLimit.BURST, printed.size());
    }

    @Test
    void aTextThatHoldsValuesItselfTakesNoMemoryForEver() {
        IntStream.range(0, 100_000).forEach(i -> assertTrue(limit.isLoggable(line("text " + i, Level.INFO, 0))));
        log("begun: %s", 1000);
        assertEquals(LogLimit.BURST, printed.size());
    }

    private void log(String text, int times) {
        for (int i = 0; i < times; i++) {
            ExtLogRecord line = line(text, Level.INFO, i);
            if (limit.isLoggable(line)) {
                printed.add(line.getFormattedMessage());
            }
        }
    }

    private static ExtLogRecord line(String text, java.util.logging.Level level, int value) {
        ExtLogRecord line = new ExtLogRecord(level, text, FormatStyle.PRINTF, LogLimitTest.class.getName());
        line.setLoggerName("some");
        line.setParameters(new Object[]{value});
        return line;
    }
}
