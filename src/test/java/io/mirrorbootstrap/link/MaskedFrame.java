package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A WebSocket frame as a client sends it, for a test that needs each byte. */
public final class MaskedFrame {

    private static final byte[] KEY = {(byte) 0xA5, 0x11, 0x7F, (byte) 0xC3};

    private MaskedFrame() {
    }

    /** @param head the first byte: what kind of frame, and whether it is the last of its message */
    public static byte[] of(int head, byte[] payload) {
        return of(head, payload, KEY);
    }

    static byte[] of(int head, byte[] payload, byte[] key) {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length).put((byte) head);
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length < 65_536) {
            frame.put((byte) 0xFE).putShort((short) payload.length);
        } else {
            frame.put((byte) 0xFF).putLong(payload.length);
        }
        frame.put(key);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ key[i % 4]));
        }
        return Arrays.copyOf(frame.array(), frame.position());
    }
}
