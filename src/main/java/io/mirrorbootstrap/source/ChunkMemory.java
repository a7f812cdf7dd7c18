package io.mirrorbootstrap.source;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

import io.netty.util.internal.PlatformDependent;

/**
 * The memory of a source for chunks: it grows as it is needed, and is used again, first what was used last. Some of what the process may
 * have is left to what is on its way to the socket. Any thread.
 */
final class ChunkMemory {

    /** For TLS, and what a stream and files are read through. */
    private static final long OTHERS_BYTES = 24L * 1024 * 1024;

    /** Less than this and nothing flows. */
    private static final int LEAST = 4;

    private final Deque<ChunkBuffer> idle = new ArrayDeque<>();
    /** How many there can be. */
    private final long most;
    private long made;

    /** As many as the process may have memory for. */
    ChunkMemory() {
        this((PlatformDependent.maxDirectMemory() - OTHERS_BYTES) / ChunkBuffer.ALL_BYTES);
    }

    /** So many, and no fewer than are needed. */
    ChunkMemory(long most) {
        this.most = Math.max(LEAST, most);
    }

    /** A buffer; empty while there is no memory for another one: whether there {@link #hasMore} may change at any time. */
    synchronized Optional<ChunkBuffer> take() {
        if (!hasMore()) {
            return Optional.empty();
        }
        if (idle.isEmpty()) {
            idle.push(new ChunkBuffer());
            made++;
        }
        ChunkBuffer buffer = idle.pop();
        buffer.renew();
        return Optional.of(buffer);
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

    /**
     * How many may be held.
     *
     * @param bytes what is wanted, in bytes
     * @param others how many are left for what is not held
     */
    int segments(long bytes, int others) {
        long wanted = Math.min(bytes / ChunkBuffer.MAX_PAYLOAD_BYTES, most - others);
        return (int) Math.max(LEAST, Math.min(wanted, Integer.MAX_VALUE));
    }
}
