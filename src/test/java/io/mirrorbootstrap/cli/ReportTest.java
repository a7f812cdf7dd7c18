package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.Optional;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.wire.Answer;

/** The line that {@code send} prints of a success. */
class ReportTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', nullValues = "-", value = {"-|-|LSN 97500059720",
            "16/B374D848|-|LSN 16/B374D848 = 97500059720", "-|16/B374D848|LSN 16/B374D848 = 97500059720",
            "16/b374d848|16/b374d848|LSN 16/b374d848 = 97500059720", "-|0/1|LSN 97500059720, position 0/1",
            "-|mysql-bin.000001:42855779|LSN 97500059720, position mysql-bin.000001:42855779",
            "16/B374D848|a b|LSN 16/B374D848 = 97500059720, position \"a b\"",
            "-|1 (was there)\u202e|LSN 97500059720, position \"1 (was there)\\u202e\""})
    void theLsnIsShownAsItWasGivenBesideItsNumber(String given, String position, String shown) {
        Answer.Committed snapshot = new Answer.Committed(new DatabaseId("d"), 97500059720L, 5, new Crc32c(7),
                "/there/d.snapshot", Optional.ofNullable(position));
        assertEquals("committed /there/d.snapshot: 5 bytes, CRC-32C 0x00000007, " + shown + " (was there already)",
                Report.line(new Outcome.Committed(snapshot, 0, Duration.ZERO), Optional.ofNullable(given)));
    }
}
