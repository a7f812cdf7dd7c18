package io.mirrorbootstrap.source;

import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

import javax.net.ssl.SSLException;

import io.mirrorbootstrap.tls.Encryption;
import io.mirrorbootstrap.wire.Masking;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameEncoder;
import io.netty.handler.ssl.SslHandler;

/**
 * Makes the bytes of frames (RFC 6455, 5.2), and encrypts them, in place of two handlers of Netty. Its encoder asks buffers for eight
 * bytes at a time to mask them, for which an executable spends more than for all else in sending; its handler of TLS copies each record
 * twice more, to memory that is new each time. That one still decrypts, answers and ends the session: what it writes by itself and what
 * is written here goes to the socket in the order in which it was encrypted. Event loop only.
 */
final class FrameEncoder extends ChannelOutboundHandlerAdapter implements WebSocketFrameEncoder {

    private static final int FINAL = 0x80;
    private static final int RESERVED_AT = 4;
    private static final int MASKED = 0x80;
    private static final int SHORT_FOLLOWS = 126;
    private static final int LONG_FOLLOWS = 127;
    private static final int MAX_SHORT = 0xFFFF;
    private static final int MAX_HEADER_BYTES = 2 + Long.BYTES + Integer.BYTES;

    private final Optional<Encryption> encryption;

    /** From where bytes go to the socket: in a session, past the handler of TLS. */
    private ChannelHandlerContext outlet;

    private FrameEncoder(Optional<Encryption> encryption) {
        this.encryption = encryption;
    }

    /** Takes the place of the encoder of {@code channel}, whose handshakes are over. */
    static void install(Channel channel) {
        ChannelPipeline pipeline = channel.pipeline();
        Optional<Encryption> encryption = Optional.ofNullable(pipeline.get(SslHandler.class))
                .map(tls -> new Encryption(tls.engine()));
        pipeline.replace(pipeline.context(WebSocketFrameEncoder.class).name(), "frames", new FrameEncoder(encryption));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        outlet = encryption.isPresent() ? context.pipeline().context(SslHandler.class) : context;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (!(message instanceof WebSocketFrame frame)) {
            context.write(message, promise);
            return;
        }
        try {
            ByteBuf bytes = bytes(context, frame);
            outlet.write(encryption.isPresent() ? encrypted(context, bytes, encryption.get()) : bytes, promise);
        } catch (SSLException | OutOfMemoryError e) {
            promise.tryFailure(e);
            context.close(); // without this frame the next ones would be of another message
        } finally {
            frame.release();
        }
    }

    @Override
    public void flush(ChannelHandlerContext context) {
        outlet.flush(); // the handler of TLS would send a record of nothing for each
    }

    private static ByteBuf encrypted(ChannelHandlerContext context, ByteBuf bytes, Encryption encryption)
            throws SSLException {
        try {
            ByteBuf encrypted = context.alloc().ioBuffer(encryption.room(bytes.readableBytes()));
            try {
                encryption.encrypt(bytes, encrypted);
                return encrypted.retain();
            } finally {
                encrypted.release();
            }
        } finally {
            bytes.release();
        }
    }

    private static ByteBuf bytes(ChannelHandlerContext context, WebSocketFrame frame) {
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
        return bytes;
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
