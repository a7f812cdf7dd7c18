package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A file of tokens as editors of other systems leave it. */
class TokenLineTest {

    @Test
    void aMarkInFrontOfUtf8IsPassedOver() throws IOException {
        assertEquals("s3cret\r\n", TokenLine.text("\ufeffs3cret\r\n".getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @CsvSource({"UTF-16,UTF-16", "x-UTF-16LE-BOM,UTF-16", "ISO-8859-1,no UTF-8"})
    void anotherEncodingIsNamed(String encoding, String said) {
        byte[] file = "größe".getBytes(Charset.forName(encoding));
        String message = assertThrows(CharacterCodingException.class, () -> TokenLine.text(file)).getMessage();
        assertTrue(message.contains(said), message);
    }
}
