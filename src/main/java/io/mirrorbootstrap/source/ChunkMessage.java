package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

import io.mirrorbootstrap.wire.Masking;

/**
 * One chunk, as it goes to a link.
 *
 * @param memory what its payload is in, which is not used for anything else until the link has written it; empty where it has none
 * @param frames its pieces, at least one
 */
record ChunkMessage(Optional<ChunkBuffer> memory, List<Frame> frames) {

    /**
     * One frame (RFC 6455, 5.2), masked, in two parts that stand in different memory.
     *
     * @param front its header, and what is in front of the payload
     * @param payload the rest, where it was read to; may be empty
     */
    record Frame(ByteBuffer front, ByteBuffer payload) {

        private static final int BINARY = 2;

        /**
         * @param head what is in front of the payload, not masked
         * @param payload masked
         * @param key by which it is masked, turned so that its first byte is for the payload's first
         */
        Frame(boolean isFirst, boolean isLast, byte[] head, ByteBuffer payload, int key) {
            this(front(isFirst, isLast, head, payload.remaining(), key), payload);
        }

        private static ByteBuffer front(boolean isFirst, boolean isLast, byte[] head, int payloadBytes, int key) {
            int turned = Masking.turn(key, Math.floorMod(-head.length, Integer.BYTES));
            ByteBuffer front = ByteBuffer.allocate(FrameHeader.MAX_BYTES + head.length);
            FrameHeader.put(front, isLast, isFirst ? BINARY : 0, head.length + payloadBytes, turned);
            int at = front.position();
            front.put(head).flip();
            Masking.mask(front.slice(at, head.length), turned);
            return front;
        }
    }

    /** How many bytes of payload it has, as they go. */
    long bytes() {
        return frames.stream().mapToLong(frame -> frame.payload().remaining()).sum();
    }

    /** A chunk without a byte. */
    static ChunkMessage of(byte[] head) {
        return new ChunkMessage(Optional.empty(), List.of(new Frame(true, true, head, ByteBuffer.allocate(0),
                ThreadLocalRandom.current().nextInt())));
    }
}
