package io.mirrorbootstrap;

import java.util.Random;

/** Bytes of which no two are alike by design: what a test sends, and finds again. */
public final class RandomBytes {

    private RandomBytes() {
    }

    /** As many as {@code length}: the same for the same seed, always. */
    public static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
