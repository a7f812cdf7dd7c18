package io.mirrorbootstrap.source;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The memory of a source for chunks: it grows as it is needed, and is used again, first what was used last. Sending thread only.
 */
final class ChunkMemory {

    private final Deque<ChunkBuffer> idle = new ArrayDeque<>();
    /** What is left to others where there is no more memory: files are read through some of the same kind. */
    private Optional<ChunkBuffer> reserve = Optional.empty();
    private boolean isExhausted;

    /**
     * A buffer.
     *
     * @param held how many there are in use; without any, one is made or this fails
     * @return empty where there is no memory for another one
     */
    Optional<ChunkBuffer> take(int held) {
        if (!idle.isEmpty()) {
            return Optional.of(idle.pop());
        } else if (isExhausted && held > 0) {
            return Optional.empty();
        }
        try {
            if (held > 0 && reserve.isEmpty()) {
                reserve = Optional.of(new ChunkBuffer());
            }
            return Optional.of(new ChunkBuffer());
        } catch (OutOfMemoryError e) {
            if (held == 0) {
                throw e;
            }
            reserve = Optional.empty();
            isExhausted = true;
            return Optional.empty();
        }
    }

    /** Is not in use any more, and no link has any of it. */
    void giveBack(ChunkBuffer buffer) {
        idle.push(buffer);
    }

    /** Whether another one can be had, as far as is known. */
    boolean hasMore() {
        return !idle.isEmpty() || !isExhausted;
    }
}
