package io.mirrorbootstrap.download;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.snapshot.CommittedFile;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;

/**
 * Makes pieces of a file ready to be written to a connection, so that the event loop never waits for the disk: one that is encrypted is read
 * into memory, one that is not is brought into the system's memory, from where it goes to the socket past this process. Worker only, one
 * thread at a time; what is made is the event loop's.
 */
final class Outlet implements AutoCloseable {

    /** The largest piece that passes through this process: two of each download are in memory. */
    static final int MAX_COPIED_BYTES = 256 * 1024;

    /** The largest that does not. */
    static final int MAX_HANDED_ON_BYTES = 8 * 1024 * 1024;

    /** The system reads ahead about so much: where one byte is in its memory, those around it are. */
    private static final int PROBE_EVERY_BYTES = 128 * 1024;

    /** A byte that is in memory takes less, by far. */
    private static final long PROBE_NANOS = 30_000;

    private static final int READ_BYTES = 64 * 1024;

    private final CommittedFile file;
    private final ByteBufAllocator memory;
    private final boolean isEncrypted;
    private final LongSupplier nanoTime;
    private ByteBuf scratch;

    /**
     * @param isEncrypted whether the bytes have to pass through this process
     * @param nanoTime a clock that only goes forward
     */
    Outlet(CommittedFile file, ByteBufAllocator memory, boolean isEncrypted, LongSupplier nanoTime) {
        this.file = file;
        this.memory = memory;
        this.isEncrypted = isEncrypted;
        this.nanoTime = nanoTime;
    }

    /** How large a piece may be, in bytes. */
    int most() {
        return isEncrypted ? MAX_COPIED_BYTES : MAX_HANDED_ON_BYTES;
    }

    /**
     * The bytes from {@code at} on.
     *
     * @param bytes how many, at most {@link #most}
     * @return for Netty, which releases it
     * @throws EOFException when the file has been cut short
     */
    Object piece(long at, int bytes) throws IOException {
        if (isEncrypted) {
            return read(at, bytes);
        }
        bringIntoMemory(at, bytes);
        return new Region(file, at, bytes);
    }

    private ByteBuf read(long at, int bytes) throws IOException {
        ByteBuf piece = memory.directBuffer(bytes, bytes);
        try {
            readFully(at, piece.nioBuffer(0, bytes));
            return piece.writerIndex(bytes);
        } catch (IOException | RuntimeException e) {
            piece.release();
            throw e;
        }
    }

    private void readFully(long at, ByteBuffer into) throws IOException {
        int begin = into.position();
        while (into.hasRemaining()) {
            if (file.read(into, at + into.position() - begin) <= 0) {
                throw new EOFException("the file ends before byte " + (at + into.position() - begin));
            }
        }
    }

    /** A few single bytes tell whether it is there already, at a fraction of the cost of reading it. */
    private void bringIntoMemory(long at, int bytes) throws IOException {
        if (scratch == null) {
            scratch = memory.directBuffer(READ_BYTES, READ_BYTES);
        }
        for (int probed = 0; probed < bytes; probed += PROBE_EVERY_BYTES) {
            long begun = nanoTime.getAsLong();
            readFully(at + probed, scratch.nioBuffer(0, 1));
            if (nanoTime.getAsLong() - begun > PROBE_NANOS) {
                readThrough(at + probed, Math.min(bytes - probed, PROBE_EVERY_BYTES));
            }
        }
    }

    private void readThrough(long at, int bytes) throws IOException {
        for (int read = 0; read < bytes; read += READ_BYTES) {
            readFully(at + read, scratch.nioBuffer(0, Math.min(READ_BYTES, bytes - read)));
        }
    }

    /** Gives its memory back, when no worker has to do with it any more. The file stays open. Any thread. */
    @Override
    public void close() {
        if (scratch != null) {
            scratch.release();
            scratch = null;
        }
    }

    /** Goes from the system's memory to the socket. Event loop only. */
    private static final class Region extends AbstractReferenceCounted implements FileRegion {

        private final CommittedFile file;
        private final long at;
        private final int bytes;
        private long transferred;

        private Region(CommittedFile file, long at, int bytes) {
            this.file = file;
            this.at = at;
            this.bytes = bytes;
        }

        @Override
        public long position() {
            return at;
        }

        @Override
        @Deprecated
        public long transfered() {
            return transferred;
        }

        @Override
        public long transferred() {
            return transferred;
        }

        @Override
        public long count() {
            return bytes;
        }

        @Override
        public long transferTo(WritableByteChannel target, long position) throws IOException {
            if (position == bytes) {
                return 0;
            }
            long moved = file.transferTo(target, at + position, bytes - position);
            transferred += Math.max(0, moved);
            return moved;
        }

        @Override
        protected void deallocate() {
            // the file is its download's, which outlives it
        }

        @Override
        public FileRegion touch(Object hint) {
            return this;
        }

        @Override
        public FileRegion retain() {
            super.retain();
            return this;
        }

        @Override
        public FileRegion retain(int increment) {
            super.retain(increment);
            return this;
        }

        @Override
        public FileRegion touch() {
            return this;
        }
    }
}
