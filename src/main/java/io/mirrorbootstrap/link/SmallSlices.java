package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Gathers payload that comes in small slices, as of frames of a byte, because each slice that is handed on is checked and written by
 * itself. Worker only, one thread at a time.
 */
final class SmallSlices {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** A slice that is shorter waits for others, in bytes. */
    private static final int SMALL_BYTES = 4 * 1024;

    /** At most so many bytes wait; each link may hold them. */
    private static final int GATHERED_BYTES = 16 * 1024;

    private final Consumer<ByteBuffer> next;
    private ByteBuffer gathered = NOTHING;

    /** @param next takes what has been gathered, and slices that are not small */
    SmallSlices(Consumer<ByteBuffer> next) {
        this.next = next;
    }

    /** Takes {@code slice}, behind those before it. */
    void take(ByteBuffer slice) {
        if (slice.remaining() >= SMALL_BYTES) {
            passOn();
            next.accept(slice);
            return;
        } else if (gathered == NOTHING) {
            gathered = ByteBuffer.allocate(GATHERED_BYTES);
        } else if (gathered.remaining() < slice.remaining()) {
            passOn();
        }
        gathered.put(slice);
    }

    /** Hands on what waits. */
    void passOn() {
        if (gathered.position() > 0) {
            next.accept(gathered.flip());
            gathered.clear();
        }
    }

    /** Forgets what waits. */
    void clear() {
        gathered.clear();
    }
}
