package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import io.mirrorbootstrap.store.PageMemory;

/**
 * Memory for the payload of one chunk, or of several small ones, used again and again. The payload is read straight to its place, and
 * the head of the first chunk is put right before it, so that a message is one piece without a copy. Sending changes no payload: it can
 * be sent again.
 * <p>
 * Belongs to the sending thread but for what it has given to a link, until the link has written that or is closed.
 */
final class ChunkBuffer {

    /** The most payload it holds, in bytes. */
    static final int MAX_PAYLOAD_BYTES = 1024 * 1024;

    /** Frames of this size serve the receiver best. */
    private static final int FRAME_BYTES = 256 * 1024;

    /** Room for the head, whose names are bounded; a whole page, so that the payload starts on one. */
    private static final int HEAD_BYTES = PageMemory.PAGE_BYTES;

    /** What it takes, with what it may lose to begin on a page. */
    static final int ALL_BYTES = HEAD_BYTES + MAX_PAYLOAD_BYTES + PageMemory.PAGE_BYTES;

    private final ByteBuffer memory = PageMemory.allocate(HEAD_BYTES + MAX_PAYLOAD_BYTES);

    /** A part of the payload, to be written to or read; it shares this memory. */
    ByteBuffer payload(int from, int bytes) {
        return memory.slice(HEAD_BYTES + from, bytes);
    }

    /** The message of a chunk whose payload is a part of what is here, all of it behind {@code head}. */
    ChunkMessage message(byte[] head, int from, int bytes) {
        List<ByteBuffer> frames = new ArrayList<>();
        int at = HEAD_BYTES + from;
        int end = at + bytes;
        if (from == 0 && head.length <= HEAD_BYTES) {
            at -= head.length;
            memory.put(at, head);
        } else {
            frames.add(ByteBuffer.wrap(head)); // what is before the payload may have to be sent again
        }
        while (at < end) {
            // cut so that all but the first begin on a page
            int next = Math.min(end, at - at % PageMemory.PAGE_BYTES + FRAME_BYTES);
            frames.add(memory.slice(at, next - at));
            at = next;
        }
        return new ChunkMessage(Optional.of(this), frames);
    }
}
