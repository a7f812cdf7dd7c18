package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.OptionalLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LsnTest {

    @ParameterizedTest
    @CsvSource({"0, 0", "97500059720, 97500059720", "9223372036854775807, 9223372036854775807", "0/0, 0",
            "16/B374D848, 97500059720", "16/b374d848, 97500059720", "7FFFFFFF/FFFFFFFF, 9223372036854775807"})
    void bothFormsAreRead(String text, long position) {
        assertEquals(OptionalLong.of(position), Lsn.parse(text).position());
        assertEquals(text.contains("/") ? Optional.of(text) : Optional.empty(), Lsn.parse(text).asGiven());
    }

    @Test
    void theSnapshotMaySayItself() {
        assertEquals(new Lsn(OptionalLong.empty(), Optional.empty()), Lsn.parse("auto"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "9223372036854775808", "9999999999999999999", "18446744073709551616",
            "80000000/0",
            "1/", "/1", "1/2/3", "123456789/0", "x", "0x10", "1 ", "AUTO"})
    void anythingElseIsRefusedInWords(String text) {
        IllegalArgumentException wrong = assertThrows(IllegalArgumentException.class, () -> Lsn.parse(text));
        assertTrue(wrong.getMessage().contains("'" + text + "'"), wrong::getMessage);
    }
}
