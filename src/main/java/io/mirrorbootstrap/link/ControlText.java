package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/** Puts the parts of a text message together, which is a control message. Worker only, one thread at a time. */
final class ControlText {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    private StringBuilder text = new StringBuilder();
    private int bytes;
    /** The bytes of a character whose end is in the next part. */
    private ByteBuffer cut = NOTHING;

    /**
     * Takes the next part.
     *
     * @param last whether the message ends with it
     * @return the message, once it is whole
     * @throws RefusedException as soon as it is too long or no UTF-8, or when it is no control message: it takes no more
     */
    Optional<Control> take(ByteBuffer part, boolean last) {
        bytes += part.remaining();
        if (bytes > JsonMessages.MAX_CONTROL_BYTES) {
            throw new RefusedException(new Refusal.MalformedControl(
                    "a control message may have at most " + JsonMessages.MAX_CONTROL_BYTES + " bytes"));
        }
        decode(ByteBuffer.allocate(cut.remaining() + part.remaining()).put(cut).put(part).flip(), last);
        if (!last) {
            return Optional.empty();
        }
        String message = text.toString();
        utf8.reset();
        text = new StringBuilder();
        bytes = 0;
        return Optional.of(JsonMessages.control(message));
    }

    private void decode(ByteBuffer in, boolean last) {
        CharBuffer out = CharBuffer.allocate(in.remaining()); // no UTF-8 has more characters than bytes
        if (utf8.decode(in, out, last).isError()) {
            throw new RefusedException(new Refusal.MalformedControl("the control message is not UTF-8"));
        }
        text.append(out.flip());
        cut = ByteBuffer.allocate(in.remaining()).put(in).flip();
    }
}
