package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;

/** What a {@link FrameParser} makes of the bytes of a socket. A pong needs no answer, and is none of these. */
sealed interface Frame {

    /**
     * A part of a data frame.
     *
     * @param text whether it is of a text message
     * @param payload unmasked, in the memory in which it came; valid until the parser is asked for the next frame
     * @param last whether the message ends with it
     */
    record Piece(boolean text, ByteBuffer payload, boolean last) implements Frame {
    }

    /**
     * A ping.
     *
     * @param payload unmasked; a copy
     */
    record Ping(ByteBuffer payload) implements Frame {
    }

    /**
     * A close frame: nothing follows it.
     *
     * @param payload unmasked, as it came; a copy. {@link CloseFrame} says what may be wrong with it
     */
    record Close(ByteBuffer payload) implements Frame {
    }

    /**
     * The bytes are no WebSocket frame, or one that is too long. At most a close frame follows: the parser passes over all else.
     *
     * @param reason what ends the link
     */
    record Unacceptable(Ending reason) implements Frame {
    }
}
