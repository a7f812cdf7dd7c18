package io.mirrorbootstrap.download;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;

import io.mirrorbootstrap.snapshot.CommittedFile;
import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import io.netty.util.ReferenceCounted;

/**
 * Bytes that a worker has brought into the system's memory just now, and that go from there to the socket, past this process: as many as the
 * socket takes at once. The rest is withdrawn, because the system may let go of them long before the socket has room again, and then the
 * event loop would wait for the disk, and with it all other connections. Netty asks for the end of a region each time anew, so one that is
 * withdrawn leaves its queue without another byte, when the socket has room. Event loop only.
 */
final class FreshRegion extends AbstractReferenceCounted implements FileRegion, Piece {

    private final CommittedFile file;
    private final long at;
    private final int bytes;
    private int transferred;
    private boolean isRefused;
    private boolean isWithdrawn;

    FreshRegion(CommittedFile file, long at, int bytes) {
        this.file = file;
        this.at = at;
        this.bytes = bytes;
    }

    @Override
    public ReferenceCounted message() {
        return this;
    }

    @Override
    public int given() {
        isWithdrawn = true;
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
     * Nothing but the first time: then Netty tells when the socket has room. A failure is none here, as nobody could say whether the disk or
     * the connection has failed: both fail again with the copy that follows a region that has given nothing.
     */
    @Override
    public long transferTo(WritableByteChannel target, long position) {
        assert position == transferred : position + " in place of " + transferred;
        if (isRefused || isWithdrawn) {
            return 0;
        }
        int moved = 0;
        try {
            moved = (int) Math.max(0, file.transferTo(target, at + position, bytes - position));
        } catch (IOException e) {
            // see above
        }
        transferred += moved;
        isRefused = transferred < bytes;
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
