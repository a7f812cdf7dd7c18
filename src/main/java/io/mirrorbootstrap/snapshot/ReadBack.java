package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFile;
import io.mirrorbootstrap.store.PageMemory;

/**
 * A part of a file that was read back.
 *
 * @param bytes how many bytes; fewer than asked for if the file ends before
 * @param crc32c of these
 */
record ReadBack(long bytes, Crc32c crc32c) {

    /** Read at once: enough for the kernel to read ahead, little enough to stay in the cache. */
    private static final int READ_BYTES = 256 * 1024;

    /**
     * Reads a file back.
     *
     * @param from where to begin, in bytes
     * @param to where to stop, in bytes
     */
    static ReadBack of(Disk disk, String name, long from, long to) throws IOException {
        return of(disk, name, from, to, bytes -> true);
    }

    /** What is asked behind each slice. */
    interface Slices {

        /** @return whether to read on */
        boolean read(long bytes) throws IOException;
    }

    /**
     * The same, which can be stopped before the end.
     *
     * @param slices is told how many bytes have been read
     */
    static ReadBack of(Disk disk, String name, long from, long to, Slices slices) throws IOException {
        long at = from;
        CRC32C crc = new CRC32C();
        try (DiskFile file = disk.open(name, false)) {
            ByteBuffer slice = PageMemory
                    .allocate(to - from < PageMemory.PAGE_BYTES ? PageMemory.PAGE_BYTES : READ_BYTES);
            while (at < to && file.read(slice.limit((int) Math.min(slice.capacity(), to - at)), at) > 0) {
                at += slice.flip().remaining();
                crc.update(slice);
                slice.clear();
                if (!slices.read(at - from)) {
                    break;
                }
            }
        }
        return new ReadBack(at - from, Crc32c.of(crc));
    }

    /**
     * Makes durable what somebody else has written, and was read: before a record may have the file's mark. After a power cut a copy can have
     * its size and its time, and not its bytes.
     *
     * @throws NotForcedException when that has failed: it is not to be tried again
     */
    static void makeDurable(Disk disk, String name) throws IOException {
        try (DiskFile file = disk.open(name, false)) {
            try {
                file.force();
            } catch (IOException e) {
                throw new NotForcedException(name, e);
            }
        }
    }

    /** Whether the file of this name has the bytes of {@code snapshot}: it is read whole if it has as many. */
    static boolean isOf(Disk disk, String name, CommittedSnapshot snapshot) throws IOException {
        return disk.facts(name).filter(facts -> facts.bytes() == snapshot.bytes()).isPresent()
                && of(disk, name, 0, snapshot.bytes()).crc32c().equals(snapshot.crc32c());
    }
}
