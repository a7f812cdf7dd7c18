package io.mirrorbootstrap.store;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** An open file of a {@link LocalDisk}. */
final class LocalFile implements DiskFile {

    /** Written as one of several parts: a longer one costs several times as much on some processors (docs/performance.md). */
    private static final int PART_BYTES = 64 * 1024;

    /** Takes all, and looks at nothing: what is handed on to it has to be in the system's memory, and is not copied. */
    private static final Path NOWHERE = Path.of("/dev/null");

    private final FileChannel channel;
    private final Check check;
    private FileChannel nowhere; // null until something is brought into memory

    /** Throws when the file must not be changed any more. */
    @FunctionalInterface
    interface Check {
        void run() throws IOException;
    }

    /** @param check run before each change */
    LocalFile(Check check, FileChannel channel) {
        this.check = check;
        this.channel = channel;
    }

    @Override
    public void write(ByteBuffer bytes, long position) throws IOException {
        check.run();
        ByteBuffer[] parts = new ByteBuffer[(bytes.remaining() + PART_BYTES - 1) / PART_BYTES];
        for (int i = 0; i < parts.length; i++) {
            int length = Math.min(PART_BYTES, bytes.remaining());
            parts[i] = bytes.slice(bytes.position(), length);
            bytes.position(bytes.position() + length);
        }
        channel.position(position);
        for (int first = 0; first < parts.length;) {
            channel.write(parts, first, parts.length - first);
            while (first < parts.length && !parts[first].hasRemaining()) {
                first++;
            }
        }
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
        return channel.read(into, position);
    }

    @Override
    public long transferTo(WritableByteChannel target, long position, long bytes) throws IOException {
        long moved = channel.transferTo(position, bytes, target);
        if (moved <= 0 && position >= channel.size()) {
            throw new EOFException("the file ends before byte " + position);
        }
        return moved;
    }

    /** At a fraction of what it costs to read them, or a byte of each page (docs/performance.md). */
    @Override
    public void bringIntoMemory(long position, long bytes) throws IOException {
        if (nowhere == null) {
            nowhere = FileChannel.open(NOWHERE, StandardOpenOption.WRITE);
        }
        for (long at = position; at < position + bytes;) {
            long moved = transferTo(nowhere, at, position + bytes - at);
            if (moved <= 0) {
                throw new IOException(NOWHERE + " takes nothing");
            }
            at += moved;
        }
    }

    @Override
    public void truncate(long length) throws IOException {
        check.run();
        channel.truncate(length);
    }

    @Override
    public void force() throws IOException {
        check.run(); // what is durable by now is for the other process to judge
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        if (nowhere != null) {
            nowhere.close();
        }
        channel.close();
    }
}
