package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Takes the data frames of a WebSocket (RFC 6455, the server's side) out of what the socket brings, in the memory in which
 * it comes: nothing is copied, and nothing waits for a frame to be whole, so that a frame may be as long as a chunk may.
 * Control frames go on to Netty's decoder, and with it to Vert.x, untouched.
 * <p>
 * Event loop only.
 */
final class FrameReader extends ChannelInboundHandlerAdapter {

    /** What is heard of frames. Event loop only. */
    interface Listener {

        /** A piece of a data frame, as much of it as has come; to be released by whoever takes it. */
        void piece(Inbound.Fragment piece);

        /** Nothing more is there to be read now. */
        void drained();

        /** What came is no WebSocket, or too long: of frames, nothing more is heard. */
        void ended(Inbound reason);
    }

    private static final int FINAL = 0x80;
    private static final int RESERVED_BITS = 0x70;
    private static final int OPCODE = 0x0F;
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PONG = 10;
    private static final int MASKED = 0x80;
    private static final int LENGTH = 0x7F;
    private static final int LENGTH_IN_2_BYTES = 126;
    private static final int LENGTH_IN_8_BYTES = 127;
    private static final int MAX_CONTROL_BYTES = 125;
    private static final int MAX_HEADER_BYTES = 14;

    private enum State {
        HEADER, DATA, CONTROL, OVER
    }

    private final long maxFrameBytes;
    private final Listener listener;

    /** What has come and is not looked at, as reading is switched off. */
    private final Queue<ByteBuf> waiting = new ArrayDeque<>();
    private ChannelHandlerContext handler;
    private boolean paused;

    private final ByteBuffer header = ByteBuffer.allocate(MAX_HEADER_BYTES);
    private State state = State.HEADER;
    private boolean inMessage;
    private boolean text;
    private boolean last;
    private boolean closing;
    private long left;
    private int mask;
    private long heardNanos = System.nanoTime();
    private long messageBeganNanos;

    /** @param maxFrameBytes the longest data frame, in bytes */
    FrameReader(long maxFrameBytes, Listener listener) {
        this.maxFrameBytes = maxFrameBytes;
        this.listener = listener;
    }

    /** When the last byte came, on the scale of {@link System#nanoTime}. */
    long heardNanos() {
        return heardNanos;
    }

    /** For how long the message that is coming in has been coming, in nanoseconds; 0 when none is. */
    long messageNanos(long now) {
        boolean coming = inMessage || state == State.DATA || header.position() > 0;
        return coming && state != State.OVER ? now - messageBeganNanos : 0;
    }

    /** Reads no more: a message takes too long. */
    void giveUp(Duration limit) {
        end(new Inbound.TooSlow(limit));
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        heardNanos = System.nanoTime(); // a frame may take longer than any time-out to come in
        waiting.add(fitting((ByteBuf) message));
        readWaiting();
    }

    /** Takes no further frame out of what has come. */
    void pause() {
        paused = true;
    }

    /**
     * Goes on after reading was switched off, and on again. Tiny frames cost more than their bytes: what one read brought
     * must not all be taken when no more is wanted.
     */
    void resume() {
        paused = false;
        readWaiting();
        listener.drained();
    }

    private void readWaiting() {
        for (ByteBuf bytes = waiting.peek(); bytes != null && mayRead(); bytes = waiting.peek()) {
            while (bytes.isReadable() && mayRead()) {
                switch (state) {
                    case HEADER -> header(bytes);
                    case DATA -> data(bytes);
                    case CONTROL -> control(bytes);
                    default -> bytes.skipBytes(bytes.readableBytes());
                }
            }
            if (!bytes.isReadable()) {
                waiting.poll();
                bytes.release();
            }
        }
    }

    private boolean mayRead() {
        return !paused || state == State.OVER;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        handler = context;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        waiting.forEach(ByteBuf::release);
        waiting.clear();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        listener.drained();
        context.fireChannelReadComplete();
    }

    /** A piece holds the whole memory that it came in: little must not hold much. */
    private ByteBuf fitting(ByteBuf bytes) {
        int length = bytes.readableBytes();
        if (length >= bytes.capacity() / 2) {
            return bytes;
        }
        try {
            return handler.alloc().directBuffer(length, length).writeBytes(bytes);
        } finally {
            bytes.release();
        }
    }

    private void header(ByteBuf bytes) {
        while (bytes.isReadable() && header.position() < headerLength()) {
            if (header.position() == 0 && !inMessage) {
                messageBeganNanos = heardNanos;
            }
            header.put(bytes.readByte());
            if (header.position() == 2 && !isSound(header.get(0), header.get(1))) {
                return; // at once: of what is refused no more may come
            }
        }
        if (header.position() == headerLength()) {
            frame(header.get(0), header.get(1) & LENGTH);
        }
    }

    /** How long the header is, as far as that can be told yet. */
    private int headerLength() {
        int length = header.position() < 2 ? 0 : header.get(1) & LENGTH;
        int extended = length == LENGTH_IN_2_BYTES ? Short.BYTES : length == LENGTH_IN_8_BYTES ? Long.BYTES : 0;
        return 2 + extended + Integer.BYTES;
    }

    private boolean isSound(int first, int second) {
        int opcode = first & OPCODE;
        if ((first & RESERVED_BITS) != 0) {
            refuse("a frame has reserved bits set, and no extension was agreed on");
        } else if ((second & MASKED) == 0) {
            refuse("a frame is not masked");
        } else if (opcode > PONG || opcode > BINARY && opcode < CLOSE) {
            refuse("a frame has the reserved opcode " + opcode);
        } else if (opcode >= CLOSE && ((first & FINAL) == 0 || (second & LENGTH) > MAX_CONTROL_BYTES)) {
            refuse("a control frame is longer than " + MAX_CONTROL_BYTES + " bytes or comes in parts");
        } else if (opcode == CONTINUATION && !inMessage) {
            refuse("a frame continues a message, but none was begun");
        } else if (opcode > CONTINUATION && opcode < CLOSE && inMessage) {
            refuse("a message begins inside another");
        }
        return state == State.HEADER;
    }

    private void frame(int first, int lengthField) {
        left = switch (lengthField) {
            case LENGTH_IN_2_BYTES -> Short.toUnsignedLong(header.getShort(2));
            case LENGTH_IN_8_BYTES -> header.getLong(2);
            default -> lengthField;
        };
        mask = header.getInt(header.position() - Integer.BYTES);
        if (lengthField == LENGTH_IN_2_BYTES && left < LENGTH_IN_2_BYTES
                || lengthField == LENGTH_IN_8_BYTES && left >= 0 && left <= 0xFFFF) {
            refuse("the length of a frame takes more bytes than it needs");
        } else if (left < 0 || left > maxFrameBytes) {
            end(new Inbound.FrameTooLarge());
        } else if ((first & OPCODE) >= CLOSE) {
            closing = (first & OPCODE) == CLOSE;
            if (!closing && !handler.channel().isWritable()) {
                refuse("pings come faster than their pongs are read");
                return;
            }
            state = State.CONTROL;
            handler.fireChannelRead(Unpooled.copiedBuffer(header.flip()));
            header.clear();
            controlMayEnd();
        } else {
            last = (first & FINAL) != 0;
            text = inMessage ? text : (first & OPCODE) == TEXT;
            inMessage = !last;
            header.clear();
            state = left == 0 ? State.HEADER : State.DATA;
            if (left == 0) {
                listener.piece(new Inbound.Fragment(text, Unpooled.EMPTY_BUFFER, 0, last));
            }
        }
    }

    private void data(ByteBuf bytes) {
        int length = (int) Math.min(left, bytes.readableBytes());
        left -= length;
        state = left == 0 ? State.HEADER : State.DATA;
        listener.piece(new Inbound.Fragment(text, bytes.readRetainedSlice(length), mask, last && left == 0));
        mask = Unmasking.turn(mask, length);
    }

    /** Netty's decoder puts together what comes in pieces. */
    private void control(ByteBuf bytes) {
        int length = (int) Math.min(left, bytes.readableBytes());
        left -= length;
        handler.fireChannelRead(bytes.readRetainedSlice(length));
        controlMayEnd();
    }

    private void controlMayEnd() {
        if (left == 0) {
            state = closing ? State.OVER : State.HEADER;
        }
    }

    private void refuse(String reason) {
        end(new Inbound.NotWebSocket(reason));
    }

    private void end(Inbound reason) {
        state = State.OVER;
        listener.ended(reason);
    }
}
