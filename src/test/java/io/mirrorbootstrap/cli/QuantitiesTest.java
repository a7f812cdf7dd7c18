package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantitiesTest {

    @ParameterizedTest
    @CsvSource({"0, 0 B", "1023, 1023 B", "1024, 1.00 KiB", "1536, 1.50 KiB", "10485759, 10.0 MiB",
            "104857600, 100 MiB",
            "1073741823, 1.00 GiB", "4000000000, 3.73 GiB", "9223372036854775807, 8.00 EiB"})
    void sizesAreBinaryWithThreeDigits(long bytes, String shown) {
        assertEquals(shown, Quantities.size(bytes));
    }

    @ParameterizedTest
    @CsvSource({"0, 0.0 s", "449, 0.4 s", "9949, 9.9 s", "9950, 10 s", "59499, 59 s", "59500, 1 min 00 s",
            "185000, 3 min 05 s", "3600000, 1 h 00 min", "7800000, 2 h 10 min"})
    void durationsAreAsCoarseAsTheyAreLong(long millis, String shown) {
        assertEquals(shown, Quantities.duration(Duration.ofMillis(millis)));
    }
}
