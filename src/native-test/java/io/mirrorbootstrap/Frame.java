package io.mirrorbootstrap;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A frame of a WebSocket, by its first byte and its payload. */
record Frame(int head, byte[] payload) {

    static final int TEXT = 0x81;
    static final int BINARY = 0x82;
    static final int CLOSE = 0x88;
    static final int PING = 0x89;
    static final int PONG = 0x8A;

    /** A whole message. */
    static Frame text(String message) {
        return new Frame(TEXT, message.getBytes(StandardCharsets.UTF_8));
    }

    /** Of the sidecar, which masks nothing and says nothing of more than 65535 bytes. */
    static Frame read(InputStream in) throws IOException {
        int head = in.read();
        int length = in.read();
        if (length == 126) {
            length = in.read() << 8 | in.read();
        }
        if (length < 0) {
            throw new EOFException();
        }
        return new Frame(head, in.readNBytes(length));
    }

    /** As a source sends it, masked with zeros. */
    byte[] bytes() {
        return bytes(0);
    }

    /** As a source sends it. */
    byte[] bytes(int mask) {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length).put((byte) head);
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length < 65_536) {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(payload.length);
        }
        frame.putInt(mask);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ mask >> 24 - 8 * (i % 4)));
        }
        return Arrays.copyOf(frame.array(), frame.position());
    }

    /** It many times, one behind the other. */
    byte[] times(int count) {
        byte[] one = bytes();
        ByteBuffer all = ByteBuffer.allocate(one.length * count);
        while (all.hasRemaining()) {
            all.put(one);
        }
        return all.array();
    }

    /** The payload of a text. */
    String text() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    /** The code of a close. */
    int closeCode() {
        return ByteBuffer.wrap(payload).getShort() & 0xFFFF;
    }
}
