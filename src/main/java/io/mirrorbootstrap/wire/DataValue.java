package io.mirrorbootstrap.wire;

import static io.mirrorbootstrap.wire.EnvelopeValues.malformed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.function.Consumer;

import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageSizeException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ValueType;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;

/** The value of {@code data} in one chunk, which is handed on as it comes and never collected. One thread at a time. */
final class DataValue {

    private final boolean isArray;
    private final long length;
    private long left;
    private boolean elementOpen;

    private DataValue(boolean isArray, long length) {
        this.isArray = isArray;
        this.length = length;
        this.left = length;
    }

    /**
     * Reads what stands in front of it.
     *
     * @param maxChunkBytes the largest payload, in bytes
     * @throws RefusedException with {@link Refusal.MalformedChunk}, or {@link Refusal.ChunkTooLarge} where its length is none at all
     */
    static DataValue begin(MessageUnpacker in, int maxChunkBytes) throws IOException {
        ValueType type = EnvelopeValues.type(in);
        try {
            if (type == ValueType.BINARY) {
                return new DataValue(false, in.unpackBinaryHeader());
            } else if (type == ValueType.ARRAY) {
                return new DataValue(true, in.unpackArrayHeader());
            }
        } catch (MessageSizeException e) { // from 2^31 on
            throw new RefusedException(new Refusal.ChunkTooLarge(maxChunkBytes));
        }
        throw malformed("data is of type " + EnvelopeValues.name(type) + ", it must be bin or an array of uint 8");
    }

    /** How many bytes it has. */
    long length() {
        return length;
    }

    /** How many of them are still to come. */
    long left() {
        return left;
    }

    /** Hands on what {@code piece} has of it. */
    void take(ByteBuffer piece, Consumer<ByteBuffer> payload) {
        if (isArray) {
            array(piece, payload);
        } else {
            int bytes = (int) Math.min(left, piece.remaining());
            payload.accept(piece.slice(piece.position(), bytes));
            piece.position(piece.position() + bytes);
            left -= bytes;
        }
    }

    /** The elements of an array are one byte below 128, else two. */
    private void array(ByteBuffer piece, Consumer<ByteBuffer> payload) {
        byte[] bytes = new byte[(int) Math.min(left, piece.remaining())];
        int count = 0;
        while (piece.hasRemaining() && left > 0) {
            byte next = piece.get();
            if (elementOpen) {
                elementOpen = false;
            } else if (next == MessagePack.Code.UINT8) {
                elementOpen = true;
                continue;
            } else if (next < 0) {
                throw malformed(
                        String.format(Locale.ROOT, "data as an array must have uint 8 elements, not type 0x%02x",
                                next));
            }
            bytes[count++] = next;
            left--;
        }
        payload.accept(ByteBuffer.wrap(bytes, 0, count));
    }
}
