package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Random;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.Seed;

class Crc32cTest {

    @Test
    void theCheckValueIsThatOfCastagnoli() {
        assertEquals("0xe3069283", crc("123456789".getBytes(StandardCharsets.US_ASCII), 0, 9).toString());
    }

    @Test
    void joiningPartsGivesTheCrcOfTheWhole() {
        Random random = new Random(Seed.of(7));
        byte[] whole = new byte[5000];
        random.nextBytes(whole);
        for (int i = 0; i < 1000; i++) {
            int length = random.nextInt(whole.length + 1);
            int cut = random.nextInt(length + 1);
            assertEquals(crc(whole, 0, length),
                    crc(whole, 0, cut).followedBy(crc(whole, cut, length - cut), length - cut),
                    length + " bytes cut at " + cut);
        }
    }

    @Test
    void joiningKnowsLengthsThatNoMemoryHolds() {
        Crc32c one = crc(new byte[]{1}, 0, 1);
        Crc32c half = zeros(39);
        assertEquals(one.followedBy(zeros(40), 1L << 40), one.followedBy(half, 1L << 39).followedBy(half, 1L << 39));
    }

    /** The CRC of 2^{@code doublings} zero bytes. */
    private static Crc32c zeros(int doublings) {
        Crc32c zeros = crc(new byte[1], 0, 1);
        for (int i = 0; i < doublings; i++) {
            zeros = zeros.followedBy(zeros, 1L << i);
        }
        return zeros;
    }

    @Test
    void thePrintedFormIsReadBack() {
        assertEquals(Optional.of(new Crc32c(0x0000BEEF)), Crc32c.parse("0x0000beef"));
        assertEquals(Optional.of(new Crc32c(0xFFFFFFFF)), Crc32c.parse("0xFFFFFFFF"));
        for (String wrong : new String[]{"", "beef", "0xbeef", "0x000000000", "0x0000beeg", "00000000ff"}) {
            assertEquals(Optional.empty(), Crc32c.parse(wrong), wrong);
        }
    }

    @Test
    void aNegativeLengthIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Crc32c.EMPTY.followedBy(Crc32c.EMPTY, -1));
    }

    private static Crc32c crc(byte[] bytes, int from, int length) {
        return Crc32c.of(ByteBuffer.wrap(bytes, from, length));
    }
}
