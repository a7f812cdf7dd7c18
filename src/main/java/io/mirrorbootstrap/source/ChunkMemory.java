package io.mirrorbootstrap.source;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The memory of a source for chunks: it grows as it is needed, and is used again, first what was used last. How much of it there is, and for
 * whom, {@link MemoryShares} say. Any thread.
 */
final class ChunkMemory {

    private final Deque<ChunkBuffer> idle = new ArrayDeque<>();
    private final Supplier<ChunkBuffer> source;
    /** How many there can be. */
    private long most;
    private long made;

    /** @param most how many there are; no fewer than are needed */
    ChunkMemory(long most) {
        this(most, ChunkBuffer::new);
    }

    /** @param source of another one; out of memory, it says so by an {@link OutOfMemoryError} */
    ChunkMemory(long most, Supplier<ChunkBuffer> source) {
        this.most = Math.max(MemoryShares.LEAST, most);
        this.source = source;
    }

    /** A buffer; empty while there is no memory for another one: whether there {@link #hasMore} may change at any time. */
    synchronized Optional<ChunkBuffer> take() {
        if (!hasMore()) {
            return Optional.empty();
        }
        Optional<ChunkBuffer> buffer = Optional.ofNullable(idle.poll()).or(this::another);
        buffer.ifPresent(ChunkBuffer::renew);
        return buffer;
    }

    /** Others have more of the process's memory than was thought: then there are no more than there are, if that is enough to go on with. */
    private Optional<ChunkBuffer> another() {
        try {
            ChunkBuffer another = source.get();
            made++;
            return Optional.of(another);
        } catch (OutOfMemoryError e) {
            if (made < MemoryShares.LEAST) {
                throw e;
            }
            most = made;
            return Optional.empty();
        }
    }

    /** Is not in use any more, and no link has any of it. */
    synchronized void giveBack(ChunkBuffer buffer) {
        idle.push(buffer);
    }

    /** Is left to somebody who may write to it. */
    synchronized void leave(ChunkBuffer buffer) {
        assert !idle.contains(buffer) : "given back already";
        made--;
    }

    /** Whether another one can be had. */
    synchronized boolean hasMore() {
        return !idle.isEmpty() || made < most;
    }
}
