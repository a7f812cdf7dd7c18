package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * One chunk, as it goes to a link.
 *
 * @param memory what its payload is in; empty where it has none
 * @param frames its pieces, each for one frame; at least one
 */
record ChunkMessage(Optional<ChunkBuffer> memory, List<ByteBuffer> frames) {

    /** A chunk without a byte. */
    static ChunkMessage of(byte[] head) {
        return new ChunkMessage(Optional.empty(), List.of(ByteBuffer.wrap(head)));
    }
}
