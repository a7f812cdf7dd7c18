package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.util.Optional;

import io.mirrorbootstrap.wire.Masking;

/**
 * Reads the frames of a WebSocket (RFC 6455, the server's side) out of what the socket brings, cut anywhere. Payload is
 * handed on in the memory in which it came: nothing is copied, and nothing waits for a frame to be whole, so that a frame
 * may be as long as a chunk may. It is unmasked in place, slice by slice, just before it is looked at.
 * <p>
 * One thread at a time.
 */
final class FrameParser {

    /** The most payload in one piece: it is unmasked, checked and written while it is in the processor's cache. */
    static final int MAX_PIECE_BYTES = 256 * 1024;

    private static final int FINAL = 0x80;
    private static final int RESERVED_BITS = 0x70;
    private static final int OPCODE = 0x0F;
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int MASKED = 0x80;
    private static final int LENGTH = 0x7F;
    private static final int LENGTH_IN_2_BYTES = 126;
    private static final int LENGTH_IN_8_BYTES = 127;
    private static final int MAX_CONTROL_BYTES = 125;
    private static final int MAX_HEADER_BYTES = 14;

    private enum State {
        HEADER, DATA, CONTROL, LOST, OVER
    }

    private final long maxFrameBytes;

    /** The header of a frame, or a control frame with its header, as far as it has come. */
    private final ByteBuffer collected = ByteBuffer.allocate(MAX_HEADER_BYTES + MAX_CONTROL_BYTES);
    private State state = State.HEADER;
    private boolean inMessage;
    private boolean text;
    private boolean last;
    private int control;
    private long left;
    private int mask;

    /** @param maxFrameBytes the longest data frame, in bytes */
    FrameParser(long maxFrameBytes) {
        this.maxFrameBytes = maxFrameBytes;
    }

    /** Whether more must come for what has begun to be whole. */
    boolean isMidway() {
        return state != State.OVER && state != State.LOST
                && (inMessage || state != State.HEADER || collected.position() > 0);
    }

    /**
     * The next of what has come.
     *
     * @param bytes consumed as far as what is returned goes
     * @return empty when all of {@code bytes} are consumed and more is needed
     */
    Optional<Frame> next(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            Optional<Frame> frame = switch (state) {
                case HEADER -> header(bytes);
                case DATA -> Optional.of(data(bytes));
                case CONTROL -> control(bytes);
                case LOST -> close(bytes);
                case OVER -> {
                    bytes.position(bytes.limit());
                    yield Optional.empty();
                }
            };
            if (frame.isPresent()) {
                return frame;
            }
        }
        return Optional.empty();
    }

    private Optional<Frame> header(ByteBuffer bytes) {
        while (bytes.hasRemaining() && collected.position() < headerLength()) {
            collected.put(bytes.get());
            if (collected.position() == 2) {
                Optional<String> unsound = unsound(collected.get(0), collected.get(1));
                if (unsound.isPresent()) {
                    return unacceptable(unsound.get()); // at once: of what is refused no more may come
                }
            }
        }
        return collected.position() == headerLength()
                ? frame(collected.get(0), collected.get(1) & LENGTH)
                : Optional.empty();
    }

    /** How long the header is, as far as that can be told yet. */
    private int headerLength() {
        int length = collected.position() < 2 ? 0 : collected.get(1) & LENGTH;
        int extended = length == LENGTH_IN_2_BYTES ? Short.BYTES : length == LENGTH_IN_8_BYTES ? Long.BYTES : 0;
        return 2 + extended + Integer.BYTES;
    }

    private Optional<String> unsound(int first, int second) {
        int opcode = first & OPCODE;
        if ((first & RESERVED_BITS) != 0) {
            return Optional.of("a frame has reserved bits set, and no extension was agreed on");
        } else if ((second & MASKED) == 0) {
            return Optional.of("a frame is not masked");
        } else if (opcode > PONG || opcode > BINARY && opcode < CLOSE) {
            return Optional.of("a frame has the reserved opcode " + opcode);
        } else if (opcode >= CLOSE && ((first & FINAL) == 0 || (second & LENGTH) > MAX_CONTROL_BYTES)) {
            return Optional.of("a control frame is longer than " + MAX_CONTROL_BYTES + " bytes or comes in parts");
        } else if (opcode == CONTINUATION && !inMessage) {
            return Optional.of("a frame continues a message, but none was begun");
        } else if (opcode > CONTINUATION && opcode < CLOSE && inMessage) {
            return Optional.of("a message begins inside another");
        }
        return Optional.empty();
    }

    private Optional<Frame> frame(int first, int lengthField) {
        left = switch (lengthField) {
            case LENGTH_IN_2_BYTES -> Short.toUnsignedLong(collected.getShort(2));
            case LENGTH_IN_8_BYTES -> collected.getLong(2);
            default -> lengthField;
        };
        mask = collected.getInt(collected.position() - Integer.BYTES);
        if (lengthField == LENGTH_IN_2_BYTES && left < LENGTH_IN_2_BYTES
                || lengthField == LENGTH_IN_8_BYTES && left >= 0 && left <= 0xFFFF) {
            return unacceptable("the length of a frame takes more bytes than it needs");
        } else if (left < 0 || left > maxFrameBytes) {
            return unacceptable(new Ending.FrameTooLarge());
        } else if ((first & OPCODE) >= CLOSE) {
            control = first & OPCODE;
            state = State.CONTROL;
            return controlIfWhole();
        }
        last = (first & FINAL) != 0;
        text = inMessage ? text : (first & OPCODE) == TEXT;
        inMessage = !last;
        collected.clear();
        state = left == 0 ? State.HEADER : State.DATA;
        return left == 0 ? Optional.of(new Frame.Piece(text, ByteBuffer.allocate(0), last)) : Optional.empty();
    }

    private Frame data(ByteBuffer bytes) {
        int length = (int) Math.min(left, Math.min(bytes.remaining(), MAX_PIECE_BYTES));
        ByteBuffer payload = bytes.slice(bytes.position(), length);
        bytes.position(bytes.position() + length);
        Masking.mask(payload, mask);
        mask = Masking.turn(mask, length);
        left -= length;
        state = left == 0 ? State.HEADER : State.DATA;
        return new Frame.Piece(text, payload, last && left == 0);
    }

    private Optional<Frame> control(ByteBuffer bytes) {
        int length = (int) Math.min(left, bytes.remaining());
        collected.put(bytes.slice(bytes.position(), length));
        bytes.position(bytes.position() + length);
        left -= length;
        return controlIfWhole();
    }

    private Optional<Frame> controlIfWhole() {
        if (left > 0) {
            return Optional.empty();
        }
        int length = collected.get(1) & LENGTH;
        ByteBuffer payload = ByteBuffer.allocate(length).put(collected.flip().position(collected.limit() - length))
                .flip();
        collected.clear();
        Masking.mask(payload, mask);
        state = control == CLOSE ? State.OVER : State.HEADER;
        return switch (control) {
            case CLOSE -> Optional.of(new Frame.Close(payload));
            case PING -> Optional.of(new Frame.Ping(payload));
            default -> Optional.empty();
        };
    }

    private Optional<Frame> unacceptable(String reason) {
        return unacceptable(new Ending.NotWebSocket(reason));
    }

    private Optional<Frame> unacceptable(Ending reason) {
        state = State.LOST;
        collected.clear();
        return Optional.of(new Frame.Unacceptable(reason));
    }

    /** Passes over all bytes up to the close frame that the source ends with. */
    private Optional<Frame> close(ByteBuffer bytes) {
        int kept = Math.max(0, Math.min(collected.position(), CloseFrame.MAX_BYTES - bytes.remaining()));
        collected.flip().position(collected.limit() - kept);
        collected.compact();
        int fresh = Math.min(bytes.remaining(), CloseFrame.MAX_BYTES);
        collected.put(bytes.slice(bytes.limit() - fresh, fresh));
        bytes.position(bytes.limit());
        Optional<ByteBuffer> close = CloseFrame.lastPayload(collected.duplicate().flip());
        if (close.isPresent()) {
            state = State.OVER;
        }
        return close.map(Frame.Close::new);
    }
}
