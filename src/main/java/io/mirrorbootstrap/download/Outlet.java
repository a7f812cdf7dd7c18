package io.mirrorbootstrap.download;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.snapshot.CommittedFile;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * Makes pieces of a file ready to be written to a connection, so that the event loop never waits for the disk: one that is encrypted is read
 * into memory, one that is not is brought into the system's memory, from where it goes to the socket past this process. Worker only, one
 * thread at a time; what is made is the event loop's.
 */
final class Outlet {

    /** The largest piece that passes through this process: two of each download are in memory. */
    static final int MAX_COPIED_BYTES = 256 * 1024;

    /** The largest that does not: so many that workers are asked seldom, and so few that they are gone while they are fresh. */
    static final int MAX_HANDED_ON_BYTES = 8 * 1024 * 1024;

    private final CommittedFile file;
    private final ByteBufAllocator memory;
    private final boolean isEncrypted;
    private final LongSupplier nanoTime;

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

    /** How large a piece may be, in bytes. Any thread. */
    int most() {
        return isEncrypted ? MAX_COPIED_BYTES : MAX_HANDED_ON_BYTES;
    }

    /**
     * How many pieces may be written at once: of copies two, so that the socket has something to take while the next is handed over. Behind
     * a {@link FreshRegion} none can be made ready, because where it ends is known only when the socket has taken it. Any thread.
     */
    int mostAtOnce() {
        return isEncrypted ? 2 : 1;
    }

    /**
     * The bytes from {@code at} on.
     *
     * @param bytes how many, at most {@link #most}
     * @throws EOFException when the file has been cut short
     */
    Piece piece(long at, int bytes) throws IOException {
        if (isEncrypted) {
            return copy(at, bytes);
        }
        try {
            file.bringIntoMemory(at, bytes);
        } catch (IOException e) { // reading them tells whether it is the disk that fails, or what can be done with this file
            return copy(at, Math.min(bytes, MAX_COPIED_BYTES));
        }
        return new FreshRegion(file, at, bytes, nanoTime, nanoTime.getAsLong());
    }

    /** The same, in memory of this process; at most {@link #MAX_COPIED_BYTES}. */
    Piece copy(long at, int bytes) throws IOException {
        ByteBuf piece = memory.directBuffer(bytes, bytes);
        try {
            readFully(at, piece.nioBuffer(0, bytes));
            return new Piece.Copy(piece.writerIndex(bytes), bytes);
        } catch (IOException | RuntimeException | Error e) {
            piece.release();
            throw e;
        }
    }

    /** Whether the file has no name any more: its room is free when nobody reads it. False where the disk does not tell. */
    boolean isRemoved() {
        try {
            return file.isRemoved();
        } catch (IOException e) {
            return false;
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
}
