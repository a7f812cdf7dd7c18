package io.mirrorbootstrap.wire;

import static io.mirrorbootstrap.wire.EnvelopeValues.malformed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;

/**
 * What the header of a zstd frame (RFC 8878, 3.1.1.1) says of the memory that decoding takes, looked at before any is taken. Whether the
 * rest is a frame, the library finds out.
 */
final class ZstdFrame {

    /** How far a frame may look back, in bytes: as much is held of it. */
    static final int MAX_WINDOW_BYTES = 8 * 1024 * 1024;

    /** The longest header, in bytes. */
    static final int MAX_HEADER_BYTES = 18;

    private static final int MAGIC = 0xFD2FB528;
    private static final int SINGLE_SEGMENT = 0x20;
    private static final int[] DICTIONARY_BYTES = {0, 1, 2, 4};
    private static final int LEAST_WINDOW_LOG = 10;
    private static final int TWO_BYTES_COUNT_FROM = 256;

    private ZstdFrame() {
    }

    /**
     * @param bytes begins with the frame: {@value #MAX_HEADER_BYTES} bytes of it, or all there are
     * @param dataBytes what it is said to yield, in bytes
     * @throws RefusedException with {@link Refusal.MalformedChunk} where it is none, or none that is taken
     */
    static void check(ByteBuffer bytes, int dataBytes) {
        ByteBuffer in = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() <= Integer.BYTES || in.getInt() != MAGIC) {
            throw malformed("data is no zstd frame");
        }
        int descriptor = in.get() & 0xFF;
        boolean isSingle = (descriptor & SINGLE_SEGMENT) != 0;
        int dictionaryBytes = DICTIONARY_BYTES[descriptor & 3];
        int sizeFlag = descriptor >> 6;
        int sizeBytes = sizeFlag == 0 ? isSingle ? 1 : 0 : 1 << sizeFlag;
        if (in.remaining() < (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes) {
            throw malformed("data ends in the header of a zstd frame");
        }
        long window = isSingle ? 0 : window(in.get());
        if (number(in, dictionaryBytes) != 0) {
            throw malformed("data is a zstd frame that needs a dictionary");
        }
        if (sizeBytes > 0) {
            long size = number(in, sizeBytes) + (sizeBytes == Short.BYTES ? TWO_BYTES_COUNT_FROM : 0);
            if (size != dataBytes) {
                throw malformed("data is a zstd frame of " + Long.toUnsignedString(size) + " bytes, data_bytes is "
                        + dataBytes);
            }
            window = isSingle ? size : window;
        }
        if (window > MAX_WINDOW_BYTES) {
            throw malformed("data is a zstd frame with a window of " + window + " bytes, it may have at most "
                    + MAX_WINDOW_BYTES);
        }
    }

    private static long window(byte descriptor) {
        long base = 1L << LEAST_WINDOW_LOG + ((descriptor & 0xFF) >> 3);
        return base + base / 8 * (descriptor & 7);
    }

    private static long number(ByteBuffer in, int bytes) {
        long number = 0;
        for (int i = 0; i < bytes; i++) {
            number |= (in.get() & 0xFFL) << Byte.SIZE * i;
        }
        return number;
    }
}
