package io.mirrorbootstrap.source;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;

import io.mirrorbootstrap.wire.Masking;

/** Reads frames as RFC 6455 has them, one byte at a time. */
final class ReceivedFrames {

    private ReceivedFrames() {
    }

    /** What the frames of {@code chunk} say, which are to be those of one binary message. */
    static byte[] message(ChunkMessage chunk) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        List<ChunkMessage.Frame> frames = chunk.frames();
        for (int i = 0; i < frames.size(); i++) {
            ByteBuffer front = frames.get(i).front().duplicate();
            ByteBuffer payload = frames.get(i).payload().duplicate();
            ByteBuffer whole = ByteBuffer.allocate(front.remaining() + payload.remaining()).put(front).put(payload)
                    .flip();
            int first = whole.get();
            check((i == frames.size() - 1 ? 0x80 : 0) | (i == 0 ? 2 : 0), first & 0xFF);
            int second = whole.get() & 0xFF;
            check(0x80, second & 0x80);
            long length = second & 0x7F;
            length = length == 126 ? Short.toUnsignedInt(whole.getShort()) : length == 127 ? whole.getLong() : length;
            int key = whole.getInt();
            check((int) length, whole.remaining());
            for (int at = 0; whole.hasRemaining(); at++) {
                said.write(whole.get() ^ Masking.turn(key, at) >>> 24);
            }
        }
        return said.toByteArray();
    }

    private static void check(int wanted, int there) {
        if (wanted != there) {
            throw new AssertionError("not " + wanted + ", but " + there);
        }
    }
}
