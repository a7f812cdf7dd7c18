package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

import javax.net.ssl.SSLException;

import io.mirrorbootstrap.tls.Encryption;
import io.mirrorbootstrap.wire.Masking;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
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
 * Makes the bytes of frames (RFC 6455, 5.2), and encrypts them, in place of two handlers of Netty. Its encoder copies each frame, and asks
 * buffers for eight bytes at a time to mask them, for which an executable spends more than for all else in sending: a {@link ChunkMessage}
 * is masked already, and goes to the socket from where it is. Its handler of TLS copies each record twice more, to memory that is new each
 * time. That one still decrypts, answers and ends the session: what it writes by itself and what is written here goes to the socket in
 * the order in which it was encrypted. Event loop only.
 */
final class FrameEncoder extends ChannelOutboundHandlerAdapter implements WebSocketFrameEncoder {

    private static final int RESERVED_AT = 4;

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
        try {
            if (message instanceof ChunkMessage chunk) {
                write(context, chunk, promise);
            } else if (message instanceof WebSocketFrame frame) {
                write(context, frame, promise);
            } else {
                context.write(message, promise);
            }
        } catch (SSLException | OutOfMemoryError e) {
            promise.tryFailure(e);
            context.close(); // without this frame the next ones would be of another message
        }
    }

    /** Its last part is written last: when that is so all of it is, or the connection is gone. */
    private void write(ChannelHandlerContext context, ChunkMessage chunk, ChannelPromise promise) throws SSLException {
        Iterator<ChunkMessage.Frame> frames = chunk.frames().iterator();
        while (frames.hasNext()) {
            ChunkMessage.Frame frame = frames.next();
            ChannelPromise written = frames.hasNext() ? outlet.newPromise() : promise;
            if (encryption.isPresent()) {
                ByteBuf whole = Unpooled.wrappedBuffer(frame.front(), frame.payload());
                outlet.write(encrypted(context, whole, encryption.get()), written);
            } else if (frame.payload().hasRemaining()) { // in two, as one of memory of both kinds would be copied
                outlet.write(Unpooled.wrappedBuffer(frame.front()));
                outlet.write(Unpooled.wrappedBuffer(frame.payload()), written);
            } else {
                outlet.write(Unpooled.wrappedBuffer(frame.front()), written);
            }
        }
    }

    private void write(ChannelHandlerContext context, WebSocketFrame frame, ChannelPromise promise)
            throws SSLException {
        try {
            ByteBuf bytes = bytes(context, frame);
            outlet.write(encryption.isPresent() ? encrypted(context, bytes, encryption.get()) : bytes, promise);
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
        ByteBuffer header = ByteBuffer.allocate(FrameHeader.MAX_BYTES);
        FrameHeader.put(header, frame.isFinalFragment(), frame.rsv() << RESERVED_AT | opcode(frame), length, mask);
        ByteBuf bytes = context.alloc().ioBuffer(FrameHeader.MAX_BYTES + length);
        bytes.writeBytes(header.flip());
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
