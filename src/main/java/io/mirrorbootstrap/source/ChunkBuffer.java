package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.store.PageMemory;
import io.mirrorbootstrap.wire.ChunkEncoder;

/**
 * Memory for one chunk's message, used again and again. The payload is read straight to its place, and the head is then
 * put right before it, so that the message is one piece without a copy.
 * <p>
 * Belongs to the sending thread until it is given to a link, and again once the link has given it back.
 */
final class ChunkBuffer {

    /** The most payload it holds, in bytes. */
    static final int MAX_PAYLOAD_BYTES = 1024 * 1024;

    /** Frames of this size serve the receiver best. */
    private static final int FRAME_BYTES = 256 * 1024;

    /** Room for the head, whose names are bounded; a whole page, so that the payload starts on one. */
    private static final int PAGE_BYTES = PageMemory.PAGE_BYTES;

    private final ByteBuffer memory = PageMemory.allocate(PAGE_BYTES + MAX_PAYLOAD_BYTES);

    private int start;
    private int end;

    /** Where to read the next payload to: room for {@code bytes}, at most {@link #MAX_PAYLOAD_BYTES}. */
    ByteBuffer payload(int bytes) {
        return memory.slice(PAGE_BYTES, bytes);
    }

    /**
     * Makes the message of what was read.
     *
     * @param bytes length of the payload
     */
    void complete(SnapshotIdentity identity, long offset, int bytes, Crc32c crc32c, boolean done) {
        byte[] head = ChunkEncoder.head(identity, offset, bytes, crc32c, done);
        start = PAGE_BYTES - head.length;
        end = PAGE_BYTES + bytes;
        memory.put(start, head);
    }

    /** The message in pieces, each for one frame; at least one. They share this memory. */
    List<ByteBuffer> frames() {
        List<ByteBuffer> frames = new ArrayList<>();
        for (int at = start; at < end;) {
            // cut so that all but the first begin on a page
            int next = Math.min(end, at - at % PAGE_BYTES + FRAME_BYTES);
            frames.add(memory.slice(at, next - at));
            at = next;
        }
        return frames;
    }
}
