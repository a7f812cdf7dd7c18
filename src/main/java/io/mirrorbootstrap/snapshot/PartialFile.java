package io.mirrorbootstrap.snapshot;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.zip.CRC32C;

/** A file that payload is written to until it is committed or discarded. Worker only, one thread at a time. */
final class PartialFile implements Closeable {

    /** Read at once: enough for the kernel to read ahead, little enough to stay in the cache. */
    private static final int READ_BYTES = 256 * 1024;

    /** Written as one of several parts: a longer one costs several times as much on some processors (docs/performance.md). */
    private static final int PART_BYTES = 64 * 1024;

    private final FileChannel channel;
    private Path path;
    private boolean published;
    private Optional<IOException> forceFailure = Optional.empty();

    private PartialFile(FileChannel channel, Path path) {
        this.channel = channel;
        this.path = path;
    }

    /** A new, empty file. */
    static PartialFile create(Path path) throws IOException {
        return new PartialFile(OwnFiles.create(path, StandardOpenOption.READ), path);
    }

    /**
     * A file that an earlier process left, cut to {@code length} bytes.
     *
     * @throws IOException also when it is shorter
     */
    static PartialFile reopen(Path path, long length) throws IOException {
        FileChannel channel = OwnFiles.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (channel.size() < length) {
                throw new IOException(path + " has " + channel.size() + " bytes, not " + length);
            }
            channel.truncate(length);
            return new PartialFile(channel, path);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * What was read back of a file.
     *
     * @param bytes how many bytes; fewer than asked for if the file ends before
     * @param crc32c of these
     */
    record ReadBack(long bytes, Crc32c crc32c) {
    }

    /**
     * Reads a file back.
     *
     * @param from where to begin, in bytes
     * @param to where to stop, in bytes
     */
    static ReadBack read(Path path, long from, long to) throws IOException {
        long at = from;
        CRC32C crc = new CRC32C();
        try (FileChannel file = OwnFiles.open(path, StandardOpenOption.READ)) {
            ByteBuffer slice = PageMemory.allocate(READ_BYTES);
            while (at < to && file.read(slice.limit((int) Math.min(READ_BYTES, to - at)), at) > 0) {
                at += slice.flip().remaining();
                crc.update(slice);
                slice.clear();
            }
        }
        return new ReadBack(at - from, Crc32c.of(crc));
    }

    /**
     * Writes the remaining bytes of {@code bytes}, which are consumed, at {@code position}.
     *
     * @throws IOException after which some bytes may have been written
     */
    void write(ByteBuffer bytes, long position) throws IOException {
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

    /** Cuts the file to {@code length} bytes; not one that was published, whatever failed after that. */
    void truncate(long length) throws IOException {
        if (!published) {
            channel.truncate(length);
        }
    }

    /** Returns when all that was written survives a power cut. */
    synchronized void force() throws IOException {
        if (forceFailure.isPresent()) {
            throw new IOException("an earlier force failed, and what was written then may be lost", forceFailure.get());
        }
        try {
            channel.force(true);
        } catch (IOException e) {
            // the kernel tells once: the next force would succeed, whatever was lost. Not even a full disk is forgiven
            forceFailure = Optional.of(e);
            throw new IOException("the force failed", e);
        }
    }

    /** Whether it must not be changed or removed any more: it is a snapshot, or what becomes one. */
    boolean isPublished() {
        return published;
    }

    /** Its manifest is there already: from now on {@link #discard} only closes it. */
    void keep() {
        published = true;
    }

    /** Renames the file, replacing what has that name; it stays open. */
    void moveTo(Path target) throws IOException {
        OwnFiles.move(path, target);
        path = target;
    }

    /** Renames the file for good: from now on {@link #discard} only closes it. */
    void publishAs(Path target) throws IOException {
        moveTo(target);
        published = true;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** Closes the file, and removes it unless it was published. */
    void discard() throws IOException {
        try {
            channel.close();
        } finally {
            if (!published) {
                OwnFiles.remove(path);
            }
        }
    }
}
