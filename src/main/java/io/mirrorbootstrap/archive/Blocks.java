package io.mirrorbootstrap.archive;

import java.nio.ByteBuffer;

/** What an archive is cut into. Without state. */
final class Blocks {

    /** How long one is, in bytes. */
    static final int BYTES = 512;

    private Blocks() {
    }

    /** How many bytes fill the last block behind {@code bytes} bytes, in bytes. */
    static int fill(long bytes) {
        return (int) ((BYTES - bytes % BYTES) % BYTES);
    }

    /** Moves as much as there is, and as there is room for. */
    static void move(ByteBuffer from, ByteBuffer into) {
        int bytes = Math.min(from.remaining(), into.remaining());
        into.put(from.slice(from.position(), bytes));
        from.position(from.position() + bytes);
    }
}
