package io.mirrorbootstrap.source;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

import io.mirrorbootstrap.wire.Masking;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.MessageToMessageEncoder;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameEncoder;

/**
 * Makes the bytes of frames (RFC 6455, 5.2), in place of Netty's encoder: that asks its buffers for eight bytes at a time, for which an
 * executable spends more than for all else in sending. Event loop only.
 */
final class MaskingEncoder extends MessageToMessageEncoder<WebSocketFrame> implements WebSocketFrameEncoder {

    private static final int FINAL = 0x80;
    private static final int RESERVED_AT = 4;
    private static final int MASKED = 0x80;
    private static final int SHORT_FOLLOWS = 126;
    private static final int LONG_FOLLOWS = 127;
    private static final int MAX_SHORT = 0xFFFF;
    private static final int MAX_HEADER_BYTES = 2 + Long.BYTES + Integer.BYTES;

    private MaskingEncoder() {
    }

    /** Takes the place of the encoder of {@code channel}, whose handshake is over. */
    static void install(Channel channel) {
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.replace(pipeline.context(WebSocketFrameEncoder.class).name(), "frames", new MaskingEncoder());
    }

    @Override
    protected void encode(ChannelHandlerContext context, WebSocketFrame frame, List<Object> out) {
        ByteBuf payload = frame.content();
        int length = payload.readableBytes();
        int mask = ThreadLocalRandom.current().nextInt();
        ByteBuf bytes = context.alloc().ioBuffer(MAX_HEADER_BYTES + length);
        bytes.writeByte((frame.isFinalFragment() ? FINAL : 0) | frame.rsv() << RESERVED_AT | opcode(frame));
        if (length < SHORT_FOLLOWS) {
            bytes.writeByte(MASKED | length);
        } else if (length <= MAX_SHORT) {
            bytes.writeByte(MASKED | SHORT_FOLLOWS).writeShort(length);
        } else {
            bytes.writeByte(MASKED | LONG_FOLLOWS).writeLong(length);
        }
        bytes.writeInt(mask);
        int at = bytes.writerIndex();
        bytes.writeBytes(payload, payload.readerIndex(), length);
        Masking.mask(bytes.internalNioBuffer(at, length), mask);
        out.add(bytes);
    }

    private static int opcode(WebSocketFrame frame) {
        if (frame instanceof ContinuationWebSocketFrame) {
            return 0;
        } else if (frame instanceof TextWebSocketFrame) {
            return 1;
        } else if (frame instanceof BinaryWebSocketFrame) {
            return 2;
        } else if (frame instanceof CloseWebSocketFrame) {
            return 8;
        } else if (frame instanceof PingWebSocketFrame) {
            return 9;
        } else if (frame instanceof PongWebSocketFrame) {
            return 10;
        }
        throw new IllegalArgumentException("a frame of no known kind: " + frame);
    }
}
