package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;

/** Undoes the masking of a WebSocket frame's payload, in place, eight bytes at a time. Any thread. */
final class Unmasking {

    private Unmasking() {
    }

    /**
     * Unmasks the remaining bytes of {@code bytes}, whose position does not change.
     *
     * @param bytes heap or direct, in big-endian order
     * @param mask the key, turned so that its first byte is for the first byte remaining
     */
    static void unmask(ByteBuffer bytes, int mask) {
        if (mask == 0) {
            return;
        }
        long wide = (long) mask << Integer.SIZE | Integer.toUnsignedLong(mask);
        int end = bytes.limit();
        int at = bytes.position();
        for (int words = end - Long.BYTES; at <= words; at += Long.BYTES) {
            bytes.putLong(at, bytes.getLong(at) ^ wide);
        }
        for (int i = 0; at < end; at++, i++) {
            bytes.put(at, (byte) (bytes.get(at) ^ mask >>> Integer.SIZE - Byte.SIZE * (i + 1)));
        }
    }

    /** {@code mask} for what comes {@code bytes} bytes later. */
    static int turn(int mask, long bytes) {
        return Integer.rotateLeft(mask, Byte.SIZE * (int) (bytes % Integer.BYTES));
    }
}
