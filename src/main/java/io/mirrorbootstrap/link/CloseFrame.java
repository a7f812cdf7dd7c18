package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

import io.mirrorbootstrap.wire.Masking;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;

/** What a close frame of a source holds (RFC 6455, 5.5.1 and 7.4). Any thread. */
final class CloseFrame {

    private static final int HEADER_BYTES = 6;
    private static final int FIRST = 0x88;
    private static final int MASKED = 0x80;
    private static final int MAX_PAYLOAD_BYTES = 125;
    private static final int LAST_CODE = 4999;

    /** The longest, in bytes. */
    static final int MAX_BYTES = HEADER_BYTES + MAX_PAYLOAD_BYTES;

    private CloseFrame() {
    }

    /**
     * What is wrong with it.
     *
     * @param close unmasked; is not consumed
     */
    static Optional<Ending> flaw(ByteBuffer close) {
        ByteBuffer payload = close.duplicate();
        if (!payload.hasRemaining()) {
            return Optional.empty();
        } else if (payload.remaining() < Short.BYTES) {
            return Optional.of(new Ending.NotWebSocket("a close frame has half a code"));
        }
        int code = Short.toUnsignedInt(payload.getShort());
        if (code > LAST_CODE || !WebSocketCloseStatus.isValidStatusCode(code)) {
            return Optional
                    .of(new Ending.NotWebSocket("a close frame has the code " + code + ", which none may have"));
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(payload);
            return Optional.empty();
        } catch (CharacterCodingException e) {
            return Optional.of(new Ending.NotText("the reason of a close frame is not UTF-8"));
        }
    }

    /**
     * The payload, unmasked, of the close frame with which {@code bytes} end, where it is not known any more where frames begin. Other
     * bytes look like one once in ten thousand times.
     *
     * @param bytes is not consumed
     */
    static Optional<ByteBuffer> lastPayload(ByteBuffer bytes) {
        for (int length = 0; length <= Math.min(MAX_PAYLOAD_BYTES, bytes.remaining() - HEADER_BYTES); length++) {
            int at = bytes.limit() - HEADER_BYTES - length;
            if ((bytes.get(at) & 0xFF) == FIRST && (bytes.get(at + 1) & 0xFF) == (MASKED | length)) {
                ByteBuffer payload = ByteBuffer.allocate(length).put(bytes.slice(at + HEADER_BYTES, length)).flip();
                Masking.mask(payload, bytes.getInt(at + 2));
                if (flaw(payload).isEmpty()) {
                    return Optional.of(payload);
                }
            }
        }
        return Optional.empty();
    }
}
