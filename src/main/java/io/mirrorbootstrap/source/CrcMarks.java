package io.mirrorbootstrap.source;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

import io.mirrorbootstrap.snapshot.Crc32c;

/** Bytes of a file before which the CRC-32C of all is known: there a transfer goes on without a second reading. Sending thread only. */
final class CrcMarks {

    private static final int APART_BYTES = ChunkBuffer.MAX_PAYLOAD_BYTES;

    /** A sidecar need not call anything durable. */
    private static final int MOST = 4096;

    private final NavigableMap<Long, Crc32c> marks = new TreeMap<>(Map.of(0L, Crc32c.EMPTY));

    /** Remembers one, unless it is too close to another. */
    void add(long offset, Crc32c crc32c) {
        if (offset - marks.lastKey() >= APART_BYTES) {
            marks.put(offset, crc32c);
            if (marks.size() > MOST) {
                marks.remove(marks.higherKey(0L));
            }
        }
    }

    /** Takes for true what is said of the bytes before {@code offset}, unless some of them are known. */
    void believe(long offset, Crc32c crc32c) {
        if (marks.floorKey(offset) == 0 && offset > 0) {
            marks.put(offset, crc32c);
        }
    }

    /** The last one up to {@code offset}. */
    Map.Entry<Long, Crc32c> before(long offset) {
        return marks.floorEntry(offset);
    }

    /** Nobody will ask for what is before {@code offset}. */
    void forgetBefore(long offset) {
        marks.subMap(0L, false, marks.floorKey(offset), false).clear();
    }

    /** The file is other than it was. */
    void clear() {
        marks.tailMap(0L, false).clear();
    }
}
