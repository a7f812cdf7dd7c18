package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.RefusedException;

/** Why a message is none goes to the log, with what Jackson quotes of it. */
class JsonMessagesTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {
            "{\"a\\u001b\\n\\u202e\":1,\"a\\u001b\\n\\u202e\":2}|not a JSON object: Duplicate field 'a\\u001b\\n\\u202e'",
            "{\"type\":\"abort\"} {}|not a JSON object: something follows it", "[]|not a JSON object",
            "null|not a JSON object",
            "{\"type\":\"open\",\"source_cluster_id\":\"c\",\"source_database_id\":\"d\",\"snapshot_lsn\":42.0}|snapshot_lsn must be an integer",
            "{\"type\":[\"abort\"]}|type must be a string",
            "{\"x\":{\"a\":1,\"a\":2}}|not a JSON object: Duplicate field 'a'",
            "{\"type\":\"\\u001b\\u2028\"}|type \"\\u001b\\u2028\" is unknown: it must be open or abort"})
    void aReasonQuotesNothingRaw(String text, String reason) {
        assertEquals(reason, assertThrows(RefusedException.class, () -> JsonMessages.control(text)).getMessage());
    }

    /** As deep as is read at all. */
    @Test
    void whatIsInFieldsThatNobodyKnowsIsPassedOver() {
        String deep = "[".repeat(14) + "{\"type\":\"open\"}" + "]".repeat(14);
        assertEquals(new Control.Abort(new DatabaseId("a")), JsonMessages.control(
                "{\"x\":" + deep
                        + ",\"type\":\"abort\",\"y\":{\"source_database_id\":\"b\"},\"source_database_id\":\"a\"}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",\"message\":null", ",\"message\":7"})
    void anErrorWithoutAMessageIsOneOfItsCode(String message) {
        Answer.Failure failure = (Answer.Failure) JsonMessages
                .answer("{\"type\":\"error\",\"code\":\"transport\"" + message + "}");
        assertEquals("transport", failure.code());
        assertEquals("transport", failure.message());
    }

    @Test
    void anErrorSaysItsFieldsAsItHasThem() {
        Answer.Failure failure = JsonMessages
                .failure("{\"code\":\"c\",\"message\":\"m\",\"limit\":18446744073709551616,"
                        + "\"part\":0.5,\"is\":true,\"none\":null,\"allowed\":[\"x\"]}");
        assertEquals(
                Map.of("limit", "18446744073709551616", "part", "0.5", "is", "true", "none", "null", "allowed", ""),
                failure.fields());
    }
}
