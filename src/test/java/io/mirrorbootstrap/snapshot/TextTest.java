package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {"001b|\\u001b", "0007|\\u0007", "0000|\\u0000",
            "007f|\\u007f", "009b|\\u009b", "000a|\\n", "000d|\\r", "0009|\\t", "2028|\\u2028", "2029|\\u2029",
            "202e|\\u202e", "2066|\\u2066", "200b|\\u200b", "200f|\\u200f", "feff|\\ufeff", "00ad|\\u00ad",
            "3164|\\u3164", "fe0f|\\ufe0f", "2800|\\u2800", "d800|\\ud800", "e000|\\ue000", "e0041|\\udb40\\udc41"})
    void whatDoesNotShowAsItselfIsEscaped(String point, String shown) {
        String value = "a" + Character.toString(Integer.parseInt(point, 16)) + "b";
        assertEquals("a" + shown + "b", Text.readable(value));
        assertEquals("a" + shown + "b", Text.line(value));
        assertEquals("\"a" + shown + "b\"", Text.field(value));
        assertFalse(Text.isPlain(value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg-main", "größe", "база", "数据库", "हिन्दी", "naïve", "🐘", "a/b:c@d_e.f~1"})
    void ordinaryTextIsReadAsItIs(String value) {
        assertEquals(value, Text.readable(value));
        assertEquals(value, Text.field(value));
        assertTrue(Text.isPlain(value));
    }

    @Test
    void whatCouldBeTakenForTwoFieldsIsQuoted() {
        assertEquals("\"\"", Text.field(""));
        assertEquals("\"a lsn=1\"", Text.field("a lsn=1"));
        assertEquals("\"a,b\"", Text.field("a,b"));
        assertEquals("\"a\u00a0b\"", Text.field("a\u00a0b"));
        assertEquals("\"say \\\"x\\\" \\\\n\"", Text.field("say \"x\" \\n"));
        assertEquals("a lsn=1, \"x\"", Text.readable("a lsn=1, \"x\""));
    }

    @Test
    void longTextIsCutBetweenCharacters() {
        assertEquals("a".repeat(500), Text.readable("a".repeat(500)));
        assertEquals("a".repeat(500) + "… (501 characters)", Text.readable("a".repeat(501)));
        assertEquals("a".repeat(499) + "🐘… (502 characters)", Text.readable("a".repeat(499) + "🐘b"));
        assertEquals("a".repeat(1000), Text.field("a".repeat(1000)));
        assertEquals("a".repeat(1000), Text.line("a".repeat(1000)));
        assertEquals("\"" + "a".repeat(140) + "…\" (141 characters)", Text.quoted("a".repeat(141)));
    }
}
