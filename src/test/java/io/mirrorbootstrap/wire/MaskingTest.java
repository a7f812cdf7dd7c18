package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.RandomBytes;

class MaskingTest {

    private static final int MASK = 0x9D3A71C5;
    private static final byte[] KEY = {(byte) 0x9D, 0x3A, 0x71, (byte) 0xC5};

    @Test
    void everyLengthAtEveryPlaceWithTheMaskTurnedEveryWay() {
        byte[] all = RandomBytes.random(80, 1);
        for (int from = 0; from < 9; from++) {
            for (int length = 0; length < 60; length++) {
                for (int turned = 0; turned < 5; turned++) {
                    byte[] expected = all.clone();
                    for (int i = 0; i < length; i++) {
                        expected[from + i] ^= KEY[(turned + i) % 4];
                    }
                    ByteBuffer heap = ByteBuffer.wrap(all.clone()).position(from).limit(from + length);
                    ByteBuffer direct = ByteBuffer.allocateDirect(all.length).put(all).position(from)
                            .limit(from + length);
                    Masking.mask(heap, Masking.turn(MASK, turned));
                    Masking.mask(direct, Masking.turn(MASK, turned));
                    assertEquals(from, direct.position());
                    byte[] masked = new byte[all.length];
                    direct.clear().get(masked);
                    assertArrayEquals(expected, heap.array());
                    assertArrayEquals(expected, masked);
                }
            }
        }
    }
}
