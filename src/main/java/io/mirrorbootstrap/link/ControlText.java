package io.mirrorbootstrap.link;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/** Puts the parts of a text message together, which is a control message. Worker only, one thread at a time. */
final class ControlText {

    private ByteArrayOutputStream text = new ByteArrayOutputStream();

    /**
     * Takes the next part.
     *
     * @param last whether the message ends with it
     * @return the message, once it is whole
     * @throws RefusedException when it is too long, or no control message
     */
    Optional<Control> take(ByteBuffer part, boolean last) {
        if (text.size() + part.remaining() > JsonMessages.MAX_CONTROL_BYTES) {
            throw new RefusedException(new Refusal.MalformedControl(
                    "a control message may have at most " + JsonMessages.MAX_CONTROL_BYTES + " bytes"));
        }
        byte[] bytes = new byte[part.remaining()];
        part.get(bytes);
        text.writeBytes(bytes);
        if (!last) {
            return Optional.empty();
        }
        ByteBuffer message = ByteBuffer.wrap(text.toByteArray());
        text = new ByteArrayOutputStream();
        try {
            return Optional.of(JsonMessages.control(StandardCharsets.UTF_8.newDecoder().decode(message).toString()));
        } catch (CharacterCodingException e) {
            throw new RefusedException(new Refusal.MalformedControl("the control message is not UTF-8"));
        }
    }
}
