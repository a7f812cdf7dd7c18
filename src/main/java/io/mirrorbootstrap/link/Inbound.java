package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.time.Duration;

import io.netty.buffer.ByteBuf;

/** What the event loop hands to a link's worker job, in the order in which it came. */
sealed interface Inbound {

    /** What keeping one in the queue costs beside its bytes: a flood of tiny frames must be bounded too. */
    int OVERHEAD_BYTES = 256;

    /** Bytes that it holds on to until it is processed. */
    default int cost() {
        return OVERHEAD_BYTES;
    }

    /**
     * A piece of a message, still masked. Holds memory until it is released.
     *
     * @param text whether it is a text message
     * @param data the piece itself
     * @param mask the key that undoes it, turned to the piece's first byte
     * @param last whether the message ends with it
     */
    record Fragment(boolean text, ByteBuf data, int mask, boolean last) implements Inbound {
        @Override
        public int cost() {
            return OVERHEAD_BYTES + data.readableBytes();
        }

        /** Unmasks the piece: once, by whoever is about to look at it, as its bytes are in that one's cache then. */
        ByteBuffer unmask() {
            ByteBuffer bytes = data.nioBuffer();
            Unmasking.unmask(bytes, mask);
            return bytes;
        }

        void release() {
            data.release();
        }
    }

    /** Nothing came: an open that has not been answered yet goes on. */
    record OpenFurther() implements Inbound {
    }

    /** A frame that is longer than any chunk may be; it was not read. */
    record FrameTooLarge() implements Inbound {
    }

    /** What came found no memory; the rest of what comes cannot be read. */
    record NoMemory(String reason) implements Inbound {
    }

    /** Bytes that are no WebSocket frame. */
    record NotWebSocket(String reason) implements Inbound {
    }

    /** A message that was not whole after so long. */
    record TooSlow(Duration limit) implements Inbound {
    }

    /** The process is ending. */
    record Shutdown() implements Inbound {
    }

    /** Nothing will follow: the link is gone. */
    record LinkLost() implements Inbound {
    }
}
