package io.mirrorbootstrap.snapshot;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A file that payload is written to until it is committed or discarded. Worker only, one thread at a time. */
final class PartialFile implements Closeable {

    private final FileChannel channel;
    private Path path;
    private boolean published;

    private PartialFile(FileChannel channel, Path path) {
        this.channel = channel;
        this.path = path;
    }

    /** A new, empty file. */
    static PartialFile create(Path path) throws IOException {
        return new PartialFile(
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ,
                        StandardOpenOption.WRITE),
                path);
    }

    /**
     * Writes the remaining bytes of {@code bytes}, which are consumed, at {@code position}.
     *
     * @throws IOException after which some bytes may have been written
     */
    void write(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    /** Cuts the file to {@code length} bytes. */
    void truncate(long length) throws IOException {
        channel.truncate(length);
    }

    /** Returns when all that was written survives a power cut. */
    void force() throws IOException {
        channel.force(true);
    }

    /** Renames the file, replacing what has that name; it stays open. */
    void moveTo(Path target) throws IOException {
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
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
                Files.deleteIfExists(path);
            }
        }
    }
}
