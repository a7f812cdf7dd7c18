package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;

/** What a frame that is masked begins with (RFC 6455, 5.2). */
final class FrameHeader {

    /** The longest one, in bytes. */
    static final int MAX_BYTES = 2 + Long.BYTES + Integer.BYTES;

    private static final int FINAL = 0x80;
    private static final int MASKED = 0x80;
    private static final int SHORT_FOLLOWS = 126;
    private static final int LONG_FOLLOWS = 127;
    private static final int MAX_SHORT = 0xFFFF;

    private FrameHeader() {
    }

    /**
     * Adds one.
     *
     * @param isFinal whether its message ends with it
     * @param kind its reserved bits and its opcode, as they stand in the first byte
     * @param length of what follows, in bytes
     * @param key by which that is masked
     */
    static void put(ByteBuffer to, boolean isFinal, int kind, int length, int key) {
        to.put((byte) ((isFinal ? FINAL : 0) | kind));
        if (length < SHORT_FOLLOWS) {
            to.put((byte) (MASKED | length));
        } else if (length <= MAX_SHORT) {
            to.put((byte) (MASKED | SHORT_FOLLOWS)).putShort((short) length);
        } else {
            to.put((byte) (MASKED | LONG_FOLLOWS)).putLong(length);
        }
        to.putInt(key);
    }
}
