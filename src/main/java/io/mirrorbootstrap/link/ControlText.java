package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * Puts the parts of a text message together, which is a control message. Until its end it is kept as the bytes that have come, which
 * count in the {@link HeapRoom}: characters would take twice as much. Worker only, one thread at a time.
 */
final class ControlText {

    private static final byte[] NOTHING = {};

    /** The room for a message that has not ended grows by so much, in bytes. */
    private static final int STEP_BYTES = 4 * 1024;

    /** So many characters are decoded at once to see whether they are any. */
    private static final int LOOKED_AT = 1024;

    private final HeapRoom room;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    /** What has come, and room for more. */
    private byte[] bytes = NOTHING;
    private int length;
    /** So many of the bytes are characters; behind them is at most the beginning of one. */
    private int looked;

    ControlText(HeapRoom room) {
        this.room = room;
    }

    /**
     * Takes the next part.
     *
     * @param last whether the message ends with it
     * @return the message, once it is whole
     * @throws RefusedException as soon as it is too long or no UTF-8, when there is no room for more of it, or when it is no control
     *             message: it takes no more
     */
    Optional<Control> take(ByteBuffer part, boolean last) {
        int come = length + part.remaining();
        if (come > JsonMessages.MAX_CONTROL_BYTES) {
            throw new RefusedException(new Refusal.MalformedControl(
                    "a control message may have at most " + JsonMessages.MAX_CONTROL_BYTES + " bytes"));
        } else if (!last && come > HeapRoom.TEXT_PER_LINK && !room.isThere()) { // one that has ended is held for a moment only
            throw new RefusedException(new Refusal.Transport("of a control message that has not ended no more than "
                    + HeapRoom.TEXT_PER_LINK + " bytes can be held now: try again"));
        } else if (come > bytes.length) {
            resize(last ? come : (come + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES);
        }
        part.get(bytes, length, part.remaining());
        length = come;
        look(last);
        if (!last) {
            return Optional.empty();
        }
        String message = new String(bytes, 0, length, StandardCharsets.UTF_8);
        forget();
        return Optional.of(JsonMessages.control(message));
    }

    private void look(boolean last) {
        ByteBuffer in = ByteBuffer.wrap(bytes, looked, length - looked);
        CharBuffer out = CharBuffer.allocate(Math.min(LOOKED_AT, in.remaining() + 1));
        CoderResult result = CoderResult.OVERFLOW;
        while (result.isOverflow()) {
            result = utf8.decode(in, out.clear(), last);
        }
        if (result.isError()) {
            throw new RefusedException(new Refusal.MalformedControl("the control message is not UTF-8"));
        }
        looked = in.position();
    }

    /** Nothing of a message that has not ended is held any more. */
    void forget() {
        utf8.reset();
        resize(0);
        length = 0;
        looked = 0;
    }

    private void resize(int capacity) {
        room.take(capacity - bytes.length);
        bytes = capacity == 0 ? NOTHING : Arrays.copyOf(bytes, capacity);
    }
}
