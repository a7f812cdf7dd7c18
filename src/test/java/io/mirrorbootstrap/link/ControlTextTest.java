package io.mirrorbootstrap.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.wire.Control;

/** A control message that comes in parts. */
class ControlTextTest {

    private static final byte[] ABORT = ("{\"x\":\"" + "a\u00e9\u6f22\ud83d\ude00".repeat(6500)
            + "\",\"type\":\"abort\",\"source_database_id\":\"a\"}").getBytes(UTF_8);

    private final HeapRoom room = new HeapRoom();
    private final ControlText text = new ControlText(room);

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1023, 1024, 1025, 4096, 60_000, 70_000})
    void itIsTheSameHoweverItIsCut(int partBytes) {
        for (int times = 0; times < 2; times++) {
            Optional<Control> whole = Optional.empty();
            for (int at = 0; at < ABORT.length; at += partBytes) {
                int length = Math.min(partBytes, ABORT.length - at);
                whole = text.take(ByteBuffer.wrap(ABORT, at, length), at + length == ABORT.length);
            }
            assertEquals(Optional.of(new Control.Abort(new DatabaseId("a"))), whole);
            assertEquals(0, room.taken());
        }
    }

    @Test
    void ofOneThatHasNotEndedItsBytesAreHeldAndLittleBesideThem() {
        for (int at = 0; at < 60_000; at += 1000) {
            text.take(ByteBuffer.wrap(ABORT, at, 1000), false);
            int sent = at + 1000;
            assertTrue(room.taken() >= sent && room.taken() < sent + 4096, () -> room.taken() + " for " + sent);
        }
        text.forget();
        assertEquals(0, room.taken());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1023, 1024, 5000, 59_999})
    void whatIsNoUtf8IsRefusedInThePartInWhichItComes(int where) {
        byte[] spaces = " ".repeat(where).getBytes(UTF_8);
        text.take(ByteBuffer.wrap(spaces), false);
        assertThrows(RefusedException.class,
                () -> text.take(ByteBuffer.wrap(new byte[]{' ', (byte) 0xFF, ' '}), false));
    }

    @Test
    void aCharacterWithoutItsEndIsNone() {
        text.take(ByteBuffer.wrap(new byte[]{'"', (byte) 0xE2}), false);
        text.take(ByteBuffer.wrap(new byte[]{(byte) 0x82}), false);
        assertThrows(RefusedException.class, () -> text.take(ByteBuffer.allocate(0), true));
    }
}
