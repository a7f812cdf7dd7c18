package io.mirrorbootstrap.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/** Masks the payload of a WebSocket frame, in place, eight bytes at a time; what is masked twice is as it was. Any thread. */
public final class Masking {

    private Masking() {
    }

    /**
     * Masks the remaining bytes of {@code bytes}, whose position does not change.
     *
     * @param bytes heap or direct
     * @param mask the key, turned so that its first byte is for the first byte remaining
     */
    public static void mask(ByteBuffer bytes, int mask) {
        if (mask == 0) {
            return;
        }
        int start = bytes.position();
        int length = bytes.remaining();
        // in the machine's own order and by a plain index: that the compiler makes vector instructions of
        LongBuffer words = bytes.slice(start, length).order(ByteOrder.nativeOrder()).asLongBuffer();
        long wide = (long) mask << Integer.SIZE | Integer.toUnsignedLong(mask);
        long key = words.order() == ByteOrder.BIG_ENDIAN ? wide : Long.reverseBytes(wide);
        for (int i = 0; i < words.limit(); i++) {
            words.put(i, words.get(i) ^ key);
        }
        for (int i = words.limit() * Long.BYTES; i < length; i++) {
            bytes.put(start + i, (byte) (bytes.get(start + i) ^ wide >>> Long.SIZE - Byte.SIZE * (i % Long.BYTES + 1)));
        }
    }

    /** {@code mask} for what comes {@code bytes} bytes later. */
    public static int turn(int mask, long bytes) {
        return Integer.rotateLeft(mask, Byte.SIZE * (int) (bytes % Integer.BYTES));
    }
}
