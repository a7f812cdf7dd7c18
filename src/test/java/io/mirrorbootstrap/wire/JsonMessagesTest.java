package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.snapshot.RefusedException;

/** Why a message is none goes to the log, with what Jackson quotes of it. */
class JsonMessagesTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {
            "{\"a\\u001b\\n\\u202e\":1,\"a\\u001b\\n\\u202e\":2}|not a JSON object: Duplicate field 'a\\u001b\\n\\u202e'",
            "{\"type\":\"\\u001b\\u2028\"}|type \"\\u001b\\u2028\" is unknown: it must be open or abort"})
    void aReasonQuotesNothingRaw(String text, String reason) {
        assertEquals(reason, assertThrows(RefusedException.class, () -> JsonMessages.control(text)).getMessage());
    }
}
