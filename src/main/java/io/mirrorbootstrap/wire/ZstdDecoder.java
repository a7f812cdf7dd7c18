package io.mirrorbootstrap.wire;

import static io.mirrorbootstrap.wire.EnvelopeValues.malformed;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;

/**
 * Decodes payload that came compressed, one chunk after another. Whatever it is given, it holds at most {@value #MAX_BYTES} bytes, and hands
 * on not a byte more than the chunk says. Only where {@link ZstdLibrary} has no problem. One thread at a time.
 */
public final class ZstdDecoder implements AutoCloseable {

    /** What the library needs beside the window: its tables, a block, literals. */
    private static final int TABLES_BYTES = 512 * 1024;

    private static final int IN_BYTES = 64 * 1024;

    /** One block of zstd, so that none is kept in the library to be handed on in parts. */
    private static final int OUT_BYTES = 128 * 1024;

    /** The most memory that it has, in bytes. */
    public static final int MAX_BYTES = ZstdFrame.MAX_WINDOW_BYTES + TABLES_BYTES + IN_BYTES + OUT_BYTES;

    private final ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES);
    private final ByteBuffer out = ByteBuffer.allocateDirect(OUT_BYTES);
    private final ZstdDecompressCtx library = new ZstdDecompressCtx(); // last: where memory is short, nobody would close it

    private int dataBytes;
    private int yielded;
    private boolean isChecked;
    private boolean isOver;

    /**
     * Begins with the next chunk, whatever has become of the last one.
     *
     * @param bytes how many bytes it yields, 0 or more
     */
    public void begin(int bytes) {
        library.reset();
        in.clear();
        dataBytes = bytes;
        yielded = 0;
        isChecked = false;
        isOver = false;
    }

    /**
     * Takes the remaining bytes of {@code slice}, which are consumed.
     *
     * @param slice of what came, heap or direct, cut anywhere
     * @param payload takes slices as they are decoded; a slice is only valid during the call
     * @throws RefusedException with {@link Refusal.MalformedChunk} where this is no zstd frame of so many bytes, or none that is taken
     */
    public void feed(ByteBuffer slice, Consumer<ByteBuffer> payload) {
        while (slice.hasRemaining()) {
            if (!in.hasRemaining()) {
                decode(payload);
            }
            int length = Math.min(in.remaining(), slice.remaining());
            in.put(slice.slice(slice.position(), length));
            slice.position(slice.position() + length);
        }
    }

    /** All has come: as {@link #feed}. */
    public void finish(Consumer<ByteBuffer> payload) {
        decode(payload);
        if (!isOver) {
            throw malformed("data ends inside its zstd frame");
        } else if (yielded != dataBytes) {
            throw malformed("data is a zstd frame of " + yielded + " bytes, data_bytes is " + dataBytes);
        }
    }

    private void decode(Consumer<ByteBuffer> payload) {
        in.flip();
        if (!isChecked) {
            ZstdFrame.check(in, dataBytes);
            isChecked = true;
        }
        try {
            boolean isFull = false;
            while (in.hasRemaining() || isFull) {
                if (isOver) {
                    throw malformed("more bytes follow the zstd frame in data");
                }
                isOver = library.decompressDirectByteBufferStream(out.clear(), in);
                isFull = !out.hasRemaining() && !isOver;
                yielded += out.flip().remaining();
                if (yielded > dataBytes) {
                    throw malformed("data is a zstd frame of more bytes than the " + dataBytes + " of data_bytes");
                }
                if (out.hasRemaining()) {
                    payload.accept(out);
                }
            }
        } catch (ZstdException e) {
            throw malformed("data is no zstd frame: " + e.getMessage());
        }
        in.clear();
    }

    /** Gives its memory back. */
    @Override
    public void close() {
        library.close();
    }
}
