package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;

/** What a {@link FrameParser} makes of the bytes of a socket. */
sealed interface Frame {

    /**
     * A piece of a data frame.
     *
     * @param text whether it is of a text message
     * @param payload unmasked, in the memory in which it came; valid until the parser is asked for the next
     * @param last whether the message ends with it
     */
    record Piece(boolean text, ByteBuffer payload, boolean last) implements Frame {
    }

    /**
     * A whole control frame, for Netty's decoder.
     *
     * @param bytes as it came, with its header
     */
    record Control(ByteBuffer bytes) implements Frame {
    }

    /**
     * What came is no WebSocket, or too long. Nothing follows it but a close frame: what else comes is passed over.
     *
     * @param reason what ends the link
     */
    record Unacceptable(Inbound reason) implements Frame {
    }
}
