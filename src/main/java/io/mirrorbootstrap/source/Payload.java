package io.mirrorbootstrap.source;

import java.util.Optional;

import io.mirrorbootstrap.snapshot.Crc32c;

/**
 * What becomes a chunk.
 *
 * @param memory where it is; empty where there is no byte
 * @param from where it begins in the memory's payload
 * @param offset where it begins in the snapshot
 * @param again how many of its bytes have been sent before
 * @param isLast whether nothing comes behind it
 */
record Payload(Optional<ChunkBuffer> memory, int from, int bytes, long offset, Crc32c crc32c, int again,
        boolean isLast) {
}
