package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;

/** What the event loop hands to a link's worker job, in the order in which it came. */
sealed interface Inbound {

    /** What keeping one in the queue costs beside its bytes: a flood of tiny frames must be bounded too. */
    int OVERHEAD_BYTES = 256;

    /** Bytes that it holds on to until it is processed. */
    default int cost() {
        return OVERHEAD_BYTES;
    }

    /**
     * A frame of a message.
     *
     * @param text whether it is a text message
     * @param last whether it is the message's last frame
     */
    record Fragment(boolean text, ByteBuffer bytes, boolean last) implements Inbound {
        @Override
        public int cost() {
            return OVERHEAD_BYTES + bytes.remaining();
        }
    }

    /** Nothing came: an open that has not been answered yet goes on. */
    record OpenFurther() implements Inbound {
    }

    /** A frame that is longer than any chunk may be; it was not read. */
    record FrameTooLarge() implements Inbound {
    }

    /** A frame for which there was no memory; the rest of what comes cannot be read. */
    record NoMemory(String reason) implements Inbound {
    }

    /** Bytes that are no WebSocket frame. */
    record NotWebSocket(String reason) implements Inbound {
    }

    /** The process is ending. */
    record Shutdown() implements Inbound {
    }

    /** Nothing will follow: the link is gone. */
    record LinkLost() implements Inbound {
    }
}
