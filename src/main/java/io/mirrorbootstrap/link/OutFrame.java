package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;

/** Frames of the sidecar, whole and not masked (RFC 6455, 5.2). Any thread. */
final class OutFrame {

    private static final int FINAL = 0x80;
    private static final int TEXT = 1;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int LENGTH_IN_2_BYTES = 126;
    private static final int LENGTH_IN_8_BYTES = 127;
    private static final int MAX_CONTROL_BYTES = 125;
    private static final int MAX_LENGTH_IN_2_BYTES = 0xFFFF;
    private static final int MAX_HEADER_BYTES = 10;

    private OutFrame() {
    }

    /** A whole text message. */
    static byte[] text(String message) {
        return frame(TEXT, ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)));
    }

    /** Asks whether the source is there. */
    static byte[] ping() {
        return frame(PING, ByteBuffer.allocate(0));
    }

    /** Answers a ping with its payload. */
    static byte[] pong(ByteBuffer payload) {
        return frame(PONG, payload);
    }

    /**
     * Ends the link.
     *
     * @param reason is cut at a character's end, if it is longer than a close frame may be
     */
    static byte[] close(int code, String reason) {
        ByteBuffer payload = ByteBuffer.allocate(MAX_CONTROL_BYTES).putShort((short) code);
        StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(reason), payload, true);
        return close(payload.flip());
    }

    /** Ends the link as the source has. */
    static byte[] close(ByteBuffer payload) {
        return frame(CLOSE, payload);
    }

    private static byte[] frame(int opcode, ByteBuffer payload) {
        int length = payload.remaining();
        ByteBuffer frame = ByteBuffer.allocate(MAX_HEADER_BYTES + length).put((byte) (FINAL | opcode));
        if (length < LENGTH_IN_2_BYTES) {
            frame.put((byte) length);
        } else if (length <= MAX_LENGTH_IN_2_BYTES) {
            frame.put((byte) LENGTH_IN_2_BYTES).putShort((short) length);
        } else {
            frame.put((byte) LENGTH_IN_8_BYTES).putLong(length);
        }
        byte[] whole = new byte[frame.put(payload.duplicate()).position()];
        frame.flip().get(whole);
        return whole;
    }
}
