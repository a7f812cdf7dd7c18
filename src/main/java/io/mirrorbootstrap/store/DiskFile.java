package io.mirrorbootstrap.store;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** An open file of a {@link Disk}. It is the same file whatever becomes of its name. Worker only, one thread at a time. */
public interface DiskFile extends Closeable {

    /**
     * Writes the remaining bytes of {@code bytes}, which are consumed, at {@code position}.
     *
     * @param position in bytes, 0 or more
     * @throws IOException after which some bytes may have been written
     */
    void write(ByteBuffer bytes, long position) throws IOException;

    /**
     * Reads what there is at {@code position} into {@code into}, as far as that has room.
     *
     * @return how many bytes; 0 or less at the end of the file
     */
    int read(ByteBuffer into, long position) throws IOException;

    /**
     * Hands on what there is at {@code position}, as far as {@code target} takes it now: the bytes do not pass through this process where
     * the system can do without. Any thread, beside others that read. Waits for the disk for what the system has not in its memory.
     *
     * @param bytes at most so many, 1 or more
     * @return how many; 0 when {@code target} takes nothing now
     * @throws EOFException when the file ends before {@code position}
     */
    default long transferTo(WritableByteChannel target, long position, long bytes) throws IOException {
        ByteBuffer some = ByteBuffer.allocate((int) Math.min(bytes, Short.MAX_VALUE));
        if (read(some, position) <= 0) {
            throw new EOFException("the file ends before byte " + position);
        }
        return target.write(some.flip());
    }

    /**
     * Brings what there is at {@code position} into the system's memory, where it is not there already: {@link #transferTo} does not wait for
     * the disk then, if it comes at once. How long the system keeps it there nobody can say.
     *
     * @param bytes how many, 0 or more
     * @throws EOFException when the file ends before {@code position + bytes}
     */
    default void bringIntoMemory(long position, long bytes) throws IOException {
        ByteBuffer some = ByteBuffer.allocate(Short.MAX_VALUE);
        for (long at = position; at < position + bytes;) {
            int read = read(some.clear().limit((int) Math.min(some.capacity(), position + bytes - at)), at);
            if (read <= 0) {
                throw new EOFException("the file ends before byte " + at);
            }
            at += read;
        }
    }

    /** Cuts the file to {@code length} bytes, if it is longer. */
    void truncate(long length) throws IOException;

    /** Returns when all that was written survives a power cut; any thread, beside others that write. */
    void force() throws IOException;
}
