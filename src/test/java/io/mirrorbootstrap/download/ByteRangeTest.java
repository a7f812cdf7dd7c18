package io.mirrorbootstrap.download;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of ten bytes a range names. */
class ByteRangeTest {

    private static final long BYTES = 10;

    @ParameterizedTest
    @CsvSource({"bytes=0-,0,10", "bytes=0-0,0,1", "bytes=3-5,3,6", "bytes=9-9,9,10", "bytes=3-99,3,10", "bytes=-3,7,10",
            "bytes=-99,0,10", "BYTES=3-5,3,6", "bytes= 3-5 ,3,6", "bytes=3-99999999999999999999999999,3,10",
            "bytes=-99999999999999999999999999,0,10"})
    void oneRangeIsAPart(String header, long from, long to) {
        assertEquals(Optional.of(new ByteRange(from, to, true)), ByteRange.of(header, BYTES));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=10-", "bytes=10-20", "bytes=99999999999999999999999999-", "bytes=-0"})
    void aRangeOfNoByteCannotBeSatisfied(String header) {
        assertEquals(Optional.empty(), ByteRange.of(header, BYTES));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-3", "lines=0-1", "bytes=0-1,4-5",
            "bytes=+1-2", "bytes=0x1-2", "bytes=\u0663-"})
    void whatIsNoSingleRangeMeansAll(String header) {
        assertEquals(Optional.of(ByteRange.all(BYTES)), ByteRange.of(header, BYTES));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=0-", "bytes=0-0", "bytes=-1"})
    void nothingHasNoPart(String header) {
        assertEquals(Optional.empty(), ByteRange.of(header, 0));
    }
}
