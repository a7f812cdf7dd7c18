package io.mirrorbootstrap.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.nio.AbstractNioChannel;
import io.netty.handler.ssl.SslHandler;

/**
 * Reads the socket of a link when it is asked to, once, and keeps what comes from Netty's decoder and Vert.x behind it, but
 * for control frames that are handed back.
 * <p>
 * What one read on the event loop brings is little, and each costs a wake-up of the worker, and the kernel an
 * acknowledgement. So that read serves as a bell: once it has rung, and until it is asked again, whoever has the bytes may
 * {@link #pull} more out of the socket on a thread of their own, as much as has come meanwhile. Not so where the bytes are
 * encrypted, or Netty has the socket in its own native transport.
 * <p>
 * Event loop only, but for {@link #pull}.
 */
final class SocketReader extends ChannelDuplexHandler {

    /** What is heard of the socket. Event loop only. */
    interface Listener {

        /** What a read has brought; to be released by whoever takes it. */
        void arrived(ByteBuf bytes);

        /** That was all of the read that was asked for. */
        void arrivedAll();
    }

    private final Listener listener;
    private final Runnable whenWritabilityChanges;
    private final Optional<SocketChannel> socket;
    private ChannelHandlerContext context;

    private boolean asked;
    private long askedNanos;
    /** How long it was waited for the source, up to the last arrival. */
    private volatile long waitedNanos;
    private long wroteNanos = System.nanoTime();

    /** @param whenWritabilityChanges called on the event loop when the channel takes no more to write, or does again */
    SocketReader(Channel channel, Listener listener, Runnable whenWritabilityChanges) {
        this.listener = listener;
        this.whenWritabilityChanges = whenWritabilityChanges;
        // of Netty's "unsafe" nothing is used but to see which socket it has
        this.socket = channel.pipeline().get(SslHandler.class) == null
                && channel.unsafe() instanceof AbstractNioChannel.NioUnsafe nio
                && nio.ch() instanceof SocketChannel plain
                        ? Optional.of(plain)
                        : Optional.empty();
    }

    /** Whether {@link #pull} may be used at all. Any thread. */
    boolean canPull() {
        return socket.isPresent();
    }

    /**
     * Reads what has come since the bell rang, without waiting. Any thread, but one at a time, and only between an arrival
     * and the next {@link #ask}.
     *
     * @return how many bytes; 0 or less if there are none, and {@link #ask} will tell why
     */
    int pull(ByteBuffer into) {
        try {
            return socket.orElseThrow().read(into);
        } catch (IOException e) {
            return -1; // Netty meets the same, and closes the channel
        }
    }

    /** Asks for what comes next; once is enough. */
    void ask() {
        if (!asked) {
            asked = true;
            askedNanos = System.nanoTime();
            context.read();
        }
    }

    /** How long it has been waited for what was asked for, in nanoseconds; 0 if nothing is asked for. */
    long silentNanos() {
        return asked ? System.nanoTime() - askedNanos : 0;
    }

    /** For how long the source has been told nothing, not even a ping, in nanoseconds. */
    long untoldNanos() {
        return System.nanoTime() - wroteNanos;
    }

    /** How long it was waited for the source in all, in nanoseconds, up to the last arrival. Any thread. */
    long waitedNanos() {
        return waitedNanos;
    }

    /** Hands a control frame to those behind. */
    void handBack(ByteBuffer frame) {
        context.fireChannelRead(Unpooled.wrappedBuffer(frame));
        context.fireChannelReadComplete();
    }

    /** Closes the connection when what is written has left: from here, because Vert.x, behind, would wait for the source first. */
    void endConnection() {
        context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> context.close());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        this.context = context;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (asked) {
            waitedNanos += silentNanos();
            asked = false;
        } else if (canPull()) {
            bytes.release();
            throw new IllegalStateException("the socket of a link was read unasked: its bytes are out of order");
        }
        listener.arrived(fitting(bytes));
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        listener.arrivedAll();
        context.fireChannelReadComplete();
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        wroteNanos = System.nanoTime();
        context.write(message, promise);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        whenWritabilityChanges.run();
        context.fireChannelWritabilityChanged();
    }

    @Override
    public void read(ChannelHandlerContext context) {
        // those behind have no say in when the socket is read
    }

    /** What waits holds the whole memory that it came in: little must not hold much. */
    private ByteBuf fitting(ByteBuf bytes) {
        int length = bytes.readableBytes();
        if (length >= bytes.capacity() / 2) {
            return bytes;
        }
        try {
            return context.alloc().directBuffer(length, length).writeBytes(bytes);
        } finally {
            bytes.release();
        }
    }
}
