package io.mirrorbootstrap.snapshot;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;

import io.mirrorbootstrap.store.DiskFile;

/**
 * The place of a payload that comes before its destination is known (an encoder that sorts its keys writes
 * {@code data} before {@code offset}), or that must be whole before it can be written. On disk, because held in memory the halves of chunks could use up the memory that
 * all links share, and none could ever be completed. Nothing is opened before the first such payload. Worker only, one
 * thread at a time.
 */
public final class PayloadSpill implements Closeable, DiskRoom.Writing {

    private static final int SLICE_BYTES = 64 * 1024;

    private final NewFiles newFiles;
    private final DiskRoom room;
    private Optional<DiskFile> file = Optional.empty();
    private volatile long bytes;
    private long askAgainAt;

    PayloadSpill(NewFiles newFiles, DiskRoom room) {
        this.newFiles = newFiles;
        this.room = room;
    }

    /**
     * Takes the remaining bytes of {@code slice}, which are consumed.
     *
     * @throws RefusedException with {@link Refusal.InsufficientStorage} or {@link Refusal.Transport}
     */
    public void write(ByteBuffer slice) {
        try {
            if (file.isEmpty()) {
                file = Optional.of(newFiles.unnamed());
                room.opened(this);
            }
            if (bytes >= askAgainAt) {
                room.refuseIfFull(slice.remaining()).ifPresent(refusal -> {
                    throw new RefusedException(refusal);
                });
                askAgainAt = bytes + DiskRoom.ASK_EVERY_BYTES;
            }
            int length = slice.remaining();
            file.get().write(slice, bytes);
            bytes += length;
            room.written(length);
        } catch (IOException e) {
            throw refused(e, slice.remaining());
        }
    }

    /**
     * Hands the payload to {@code next}, in slices that are only valid during the call, and is empty again.
     *
     * @throws RefusedException with {@link Refusal.Transport}, or as {@code next} does
     */
    public void drainTo(Consumer<ByteBuffer> next) {
        try {
            ByteBuffer slice = ByteBuffer.allocate((int) Math.min(SLICE_BYTES, bytes));
            for (long at = 0; at < bytes;) { // the file may have more, of a payload before: to cut it may have failed
                int read = file.orElseThrow().read(slice.clear().limit((int) Math.min(slice.capacity(), bytes - at)),
                        at);
                if (read <= 0) {
                    throw new EOFException("what was put aside ends before byte " + at);
                }
                at += read;
                next.accept(slice.flip());
            }
            clear();
        } catch (IOException e) {
            throw refused(e, bytes);
        }
    }

    /** Forgets the payload. */
    public void clear() {
        if (bytes > 0) {
            room.written(-bytes);
            bytes = 0;
            askAgainAt = 0;
            try {
                file.orElseThrow().truncate(0);
            } catch (IOException e) {
                // it takes room until it is written over, or closed
            }
        }
    }

    @Override
    public long unforcedBytes() {
        return bytes;
    }

    /** It is not worth it: none of this survives the process, and to close it would wait for that. */
    @Override
    public void force() {
        // nothing
    }

    /** Removes the file. */
    @Override
    public void close() throws IOException {
        if (file.isPresent()) {
            room.closed(this);
            room.written(-bytes);
            bytes = 0;
            file.get().close();
        }
    }

    private RefusedException refused(IOException e, long needed) {
        return new RefusedException(room.failed(e, needed));
    }
}
