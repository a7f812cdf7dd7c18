package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.Progress.Phase;
import io.mirrorbootstrap.source.Tally;

class ProgressDisplayTest {

    private static final long TOTAL = 1024 * 1024;

    private static final String TIME = "2026-11-28T12:06:12.007+05:30";

    private long nanos;
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

    /** As the log of a job has them: nobody was there when they were written. */
    @Test
    void linesOfSendSayWhenTheyWereWrittenAndOfWhichTransferTheyAre() {
        SnapshotIdentity sent = new SnapshotIdentity("c", new DatabaseId("d"), 0, TOTAL, Crc32c.EMPTY);
        try (ProgressDisplay display = inLog()) {
            display.update(Phase.CONNECTING, 0, OptionalLong.empty());
            display.found("no LSN is known");
            display.named("08fdd227");
            display.update(Phase.SENDING, 0, OptionalLong.of(TOTAL));
            display.retrying(new Outcome.LinkLost(Outcome.LinkLost.CUT, "", 5), Duration.ofSeconds(1));
            display.ended(new Tally(sent, 3 * TOTAL, Duration.ofMillis(1500), 2, TOTAL, 3 * TOTAL));
        }
        assertEquals(List.of(TIME + " connecting", TIME + " no LSN is known",
                TIME + " transfer=08fdd227 sending  0 %, 0 B of 1.00 MiB",
                TIME + " transfer=08fdd227 the link was lost after 5 bytes; trying again in 1.0 s",
                TIME + " ended: database=d transfer=" + sent.transferId()
                        + " bytes=3145728 seconds=1.500 rate=2.00MiB/s resumes=2 "
                        + "resent_bytes=1048576"),
                shown.toString().lines().toList());
    }

    @Test
    void onATerminalTheEndIsShortAndFits() {
        SnapshotIdentity sent = new SnapshotIdentity("c", new DatabaseId("d"), 0, TOTAL, Crc32c.EMPTY);
        try (ProgressDisplay display = new ProgressDisplay(new PrintWriter(shown), () -> 41)) {
            display.ended(new Tally(sent, 3 * TOTAL, Duration.ofMillis(1500), 0, 0, 3 * TOTAL));
            display.ended(new Tally(sent, 3 * TOTAL, Duration.ofMillis(1500), 2, TOTAL, 3 * TOTAL));
        }
        assertEquals(List.of("sent 3.00 MiB in 1.5 s, 2.00 MiB/s", "sent 3.00 MiB in 1.5 s, 2.00 MiB/s, gone"),
                shown.toString().lines().toList());
    }

    @Test
    void aLogHasALineForEachTenthOrMinute() {
        try (ProgressDisplay display = inLog()) {
            for (int second = 0; second <= 180; second++) {
                nanos = TimeUnit.SECONDS.toNanos(second);
                // the first seconds bring half of it
                display.update(Phase.SENDING, second < 6 ? second * TOTAL / 10 : TOTAL / 2, OptionalLong.of(TOTAL));
            }
            for (int second = 181; second <= 300; second++) {
                nanos = TimeUnit.SECONDS.toNanos(second);
                display.update(Phase.COMMITTING, TOTAL, OptionalLong.of(TOTAL));
            }
        }
        assertEquals(
                List.of("0 %", "50 %", "50 %", "50 %", "the sidecar verifies and commits",
                        "the sidecar verifies and commits"),
                shown.toString().lines()
                        .map(line -> line.replaceAll(".*sending +|.*sent, |, [0-9].*", "")).toList(),
                shown::toString);
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

    private ProgressDisplay inLog() {
        return new ProgressDisplay(new PrintWriter(shown), () -> OffsetDateTime.parse(TIME), () -> nanos);
    }
}
