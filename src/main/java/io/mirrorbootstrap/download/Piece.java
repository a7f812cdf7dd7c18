package io.mirrorbootstrap.download;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;

/** Bytes of a file that a worker has made ready to be written to a connection. Event loop only. */
sealed interface Piece permits Piece.Copy, FreshRegion {

    /** What is written; Netty releases it. */
    ReferenceCounted message();

    /** How many bytes leave whatever happens, or the connection fails; where the next piece begins is known at once by it. */
    int promised();

    /**
     * To be called when {@link #message} has been taken from the queue of the connection without a failure.
     *
     * @return how many bytes have left: from the first on, as many as were asked for, or fewer
     */
    int given();

    /**
     * In the memory of this process: whatever the disk does, they can wait for the socket.
     *
     * @param given how many; {@code message} does not know it any more when it is asked for
     */
    record Copy(ByteBuf message, int given) implements Piece {

        @Override
        public int promised() {
            return given;
        }
    }
}
