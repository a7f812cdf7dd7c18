package io.mirrorbootstrap.wire;

import java.nio.ByteBuffer;
import java.util.OptionalInt;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;

/** Compresses payloads, each to a frame of its own. Only where {@link ZstdLibrary} has no problem. One thread at a time. */
public final class ZstdEncoder implements AutoCloseable {

    /** Levels go from 1, the fastest, up to this. */
    public static final int MAX_LEVEL = 19;

    private final ZstdCompressCtx library = new ZstdCompressCtx();

    /** @param level from 1 to {@value #MAX_LEVEL} */
    public ZstdEncoder(int level) {
        library.setLevel(level);
    }

    /**
     * Compresses the remaining bytes of {@code payload}, which are consumed, to what is remaining of {@code room}. Both are direct.
     *
     * @return how many bytes the frame has, from where {@code room} stood; empty where it has no room
     */
    public OptionalInt encode(ByteBuffer payload, ByteBuffer room) {
        try {
            return OptionalInt.of(library.compress(room, payload));
        } catch (ZstdException e) {
            if (e.getErrorCode() == Zstd.errDstSizeTooSmall()) {
                return OptionalInt.empty();
            }
            throw e;
        }
    }

    /** Gives its memory back. */
    @Override
    public void close() {
        library.close();
    }
}
