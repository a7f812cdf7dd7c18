package io.mirrorbootstrap.download;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;

/** Bytes of a file that a worker has made ready to be written to a connection. Event loop only. */
sealed interface Piece permits Piece.Copy, FreshRegion {

    /** What is written; Netty releases it. */
    ReferenceCounted message();

    /**
     * To be called once, when {@link #message} has been written and flushed, though it need not have left.
     *
     * @return how many bytes will have left when it has: from the first on, as many as were asked for, or fewer
     */
    int given();

    /**
     * In the memory of this process: whatever the disk does, they can wait for the socket.
     *
     * @param given how many; {@code message} does not know it any more when it is asked for
     */
    record Copy(ByteBuf message, int given) implements Piece {
    }
}
