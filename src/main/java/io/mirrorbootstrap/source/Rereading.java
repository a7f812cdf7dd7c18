package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.store.PageMemory;

/** Reads a part of a file for its CRC-32C, piece by piece: there is a link to look after meanwhile. Sending thread only. */
final class Rereading {

    private static final int PIECE_BYTES = 256 * 1024;

    /** How long to wait for what comes over a network. */
    private static final Duration A_MOMENT = Duration.ofMillis(500);

    private final SnapshotInput input;
    private final long to;
    private final ByteBuffer buffer;
    /** What has no byte of the input yet, and is the input's. */
    private ByteBuffer offered = ByteBuffer.allocate(0);
    private long at;
    private Crc32c crc32c;

    /**
     * @param known a byte of the snapshot, and the CRC-32C of all before it
     * @param to how far to read, in bytes
     */
    Rereading(SnapshotInput input, Map.Entry<Long, Crc32c> known, long to) throws IOException {
        this.input = input;
        this.at = known.getKey();
        this.crc32c = known.getValue();
        this.to = to;
        this.buffer = isOver() ? ByteBuffer.allocate(0) : PageMemory.allocate(PIECE_BYTES);
        input.seek(at);
    }

    boolean isOver() {
        return at == to;
    }

    /** Where it stands, in bytes. */
    long at() {
        return at;
    }

    /** Of all bytes up to where it stands. */
    Crc32c crc32c() {
        return crc32c;
    }

    /**
     * Reads on.
     *
     * @throws IOException when the file cannot be read, or has become shorter
     */
    void read(Progress progress) throws IOException, InterruptedException {
        if (!offered.hasRemaining()) {
            offered = buffer.slice(0, (int) Math.min(PIECE_BYTES, to - at));
            input.offer(offered);
        }
        ByteBuffer read = offered.duplicate();
        int bytes = (int) (input.read(at + read.remaining(), A_MOMENT) - at);
        if (bytes == 0 && input.end().isPresent()) {
            throw new IOException(input.name() + " has become shorter while it was read: it ends at byte " + at
                    + ", it had " + input.size().orElseThrow());
        }
        crc32c = crc32c.followedBy(Crc32c.of(read.limit(read.position() + bytes)), bytes);
        at += bytes;
        progress.update(Progress.Phase.CHECKSUM, at, OptionalLong.of(to));
    }
}
