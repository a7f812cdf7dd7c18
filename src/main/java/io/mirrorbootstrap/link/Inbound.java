package io.mirrorbootstrap.link;

import java.time.Duration;

import io.netty.buffer.ByteBuf;

/** What is handed to a link's worker job, in the order in which it came. */
sealed interface Inbound {

    /**
     * What the event loop has read of the socket. Holds memory until it is released.
     *
     * @param data as it came
     */
    record Bytes(ByteBuf data) implements Inbound {

        /** What keeping one costs beside its bytes: a flood of tiny ones must be bounded too. */
        private static final int OVERHEAD_BYTES = 256;

        /** Bytes that it holds on to until it is released. */
        int cost() {
            return OVERHEAD_BYTES + data.capacity();
        }
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

    /** What has to be text is not UTF-8. */
    record NotText(String reason) implements Inbound {
    }

    /** A message that was not whole after so long. */
    record TooSlow(Duration limit) implements Inbound {
    }

    /** What has let its source in, a token or a certificate, does so no more. */
    record LetInNoMore(String reason) implements Inbound {
    }

    /** The process is ending. */
    record Shutdown() implements Inbound {
    }

    /** Nothing will follow: the link is gone. */
    record LinkLost() implements Inbound {
    }
}
