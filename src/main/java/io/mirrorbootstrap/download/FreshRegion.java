package io.mirrorbootstrap.download;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.snapshot.CommittedFile;
import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import io.netty.util.ReferenceCounted;

/**
 * Bytes that a worker has brought into the system's memory just now, and that go from there to the socket, past this process: as many as the
 * socket takes for as long as they are fresh. The rest is withdrawn, because the system may let go of them long before the socket has room
 * again, and then the event loop would wait for the disk, and with it all other connections. Netty asks for the end of a region each time
 * anew, so one that is withdrawn leaves its queue without another byte, when the socket has room. Event loop only.
 */
final class FreshRegion extends AbstractReferenceCounted implements FileRegion, Piece {

    /**
     * How long bytes that were brought into the system's memory are taken to be there: a socket that is read at 400 MB/s has taken
     * {@link Outlet#MAX_HANDED_ON_BYTES} by then, and nothing but a system without any memory needs theirs before.
     */
    static final long FRESH_NANOS = Duration.ofMillis(20).toNanos();

    private final CommittedFile file;
    private final long at;
    private final int bytes;
    private final LongSupplier nanoTime;
    private final long since;
    private int transferred;
    private boolean isWithdrawn;

    /**
     * Any thread.
     *
     * @param nanoTime a clock that only goes forward
     * @param since what it showed when the bytes were there
     */
    FreshRegion(CommittedFile file, long at, int bytes, LongSupplier nanoTime, long since) {
        this.file = file;
        this.at = at;
        this.bytes = bytes;
        this.nanoTime = nanoTime;
        this.since = since;
    }

    @Override
    public ReferenceCounted message() {
        return this;
    }

    @Override
    public int promised() {
        return 0;
    }

    @Override
    public int given() {
        return transferred;
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
        return isWithdrawn ? transferred : bytes;
    }

    /**
     * Nothing, when the bytes are no longer fresh. A failure is none here, as nobody could say whether the disk or the connection has failed:
     * both fail again with the copy that follows a region that has given nothing.
     */
    @Override
    public long transferTo(WritableByteChannel target, long position) {
        assert position == transferred : position + " in place of " + transferred;
        isWithdrawn |= nanoTime.getAsLong() - since > FRESH_NANOS;
        if (isWithdrawn) {
            return 0;
        }
        int moved = 0;
        try {
            moved = (int) Math.max(0, file.transferTo(target, at + position, bytes - position));
        } catch (IOException e) {
            isWithdrawn = true;
        }
        transferred += moved;
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
