package io.mirrorbootstrap.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.access.Connections;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.tls.Decryption;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.nio.AbstractNioChannel;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.ReferenceCountUtil;

/**
 * Reads the socket of a link once each time it is asked to, and keeps the bytes from Vert.x behind it, and what Vert.x would send from
 * the socket.
 * <p>
 * One read on the event loop brings little, and each costs a wake-up of the worker, and an acknowledgement of the kernel. So that read
 * serves as a bell: when it has rung, and until the next {@link #ask}, the job may {@link #pull} more out of the socket on its own
 * thread, all that has come meanwhile. Where Netty has the socket in a native transport of its own, it cannot: each read is asked for.
 * <p>
 * Where the bytes are encrypted, the job decrypts them, whoever has read them. What is sent is encrypted by Netty's handler of TLS.
 * <p>
 * Event loop only, but for {@link #pull} and {@link #plain}.
 */
final class SocketReader extends ChannelDuplexHandler {

    private static final Logger LOG = Logger.getLogger(SocketReader.class);

    private final Channel channel;
    private final Optional<SocketChannel> socket;
    private final Transport.Listener listener;
    private final Executor onLoop;
    private final DecryptionTurn decrypting;
    private final LongSupplier nanoTime;
    private Optional<Decryption> decryption = Optional.empty();
    private ChannelHandlerContext context;

    private boolean asked;
    private long askedNanos;
    /** How long the source was waited for, up to the last arrival. */
    private volatile long waitedNanos;
    private long wroteNanos;
    private Optional<Runnable> whenItTakesMore = Optional.empty();

    private SocketReader(Channel channel, Transport.Listener listener, Executor onLoop, boolean mayPull,
            DecryptionTurn decrypting, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.wroteNanos = nanoTime.getAsLong();
        this.channel = channel;
        this.listener = listener;
        this.onLoop = onLoop;
        this.decrypting = decrypting;
        // of Netty's "unsafe" nothing is used but to see which socket it has
        this.socket = mayPull && channel.unsafe() instanceof AbstractNioChannel.NioUnsafe nio
                && nio.ch() instanceof SocketChannel plain
                        ? Optional.of(plain)
                        : Optional.empty();
    }

    /**
     * From now on the socket of {@code channel} is read when it is asked for, and {@code listener} hears of it.
     *
     * @param onLoop the event loop of {@code channel}, which takes nothing any more when it has ended
     * @param mayPull whether {@link #pull} may be used, if it can be
     * @param nanoTime a clock that only goes forward
     * @throws java.util.NoSuchElementException when the connection is gone
     * @throws IllegalStateException when it is encrypted and part of what was sent before has come
     */
    static SocketReader on(Channel channel, Transport.Listener listener, Executor onLoop, boolean mayPull,
            DecryptionTurn decrypting, LongSupplier nanoTime) {
        SocketReader reader = new SocketReader(channel, listener, onLoop, mayPull, decrypting, nanoTime);
        ChannelPipeline pipeline = channel.pipeline();
        channel.config().setAutoRead(false);
        // first: where that is refused, nothing is heard
        reader.decryption = Connections.takeRecords(channel, reader.new Records())
                .map(session -> new Decryption(session, reader::owesAnswer));
        pipeline.addBefore(pipeline.context(WebSocketFrameDecoder.class).name(), null, reader);
        if (pipeline.get(IdleStateHandler.class) != null) {
            pipeline.remove(IdleStateHandler.class); // of connections, which may be silent for less long than a link
        }
        return reader;
    }

    /** What comes encrypted is not opened yet: it gets the room that this needs. */
    private final class Records implements Connections.Arrivals {

        @Override
        public void arrived(ByteBuf bytes) {
            int length = bytes.readableBytes();
            try {
                if (!asked && canPull()) {
                    listener.ends(EarlyFrames.cameTooSoon());
                    return;
                }
                heard();
                int all = Decryption.HEADROOM_BYTES + length;
                listener.arrived(channel.alloc().directBuffer(all, all).setIndex(Decryption.HEADROOM_BYTES,
                        Decryption.HEADROOM_BYTES).writeBytes(bytes));
            } finally {
                bytes.release();
            }
        }

        @Override
        public void arrivedAll() {
            channelReadComplete(context);
        }
    }

    /** As {@link Transport#canPull}. */
    boolean canPull() {
        return socket.isPresent();
    }

    /** As {@link Transport#pull}. */
    int pull(ByteBuffer into, int atMost) {
        int from = decryption.isPresent() ? Decryption.HEADROOM_BYTES : 0;
        if (into.capacity() <= from) {
            return 0; // the event loop's reads bring their own memory
        }
        try {
            int read = socket.orElseThrow()
                    .read(into.clear().position(from).limit(from + Math.min(atMost, into.capacity() - from)));
            return read <= 0 || decryption.isEmpty() ? read : decrypt(decryption.get(), into.flip());
        } catch (IOException e) {
            return -1; // Netty meets the same, and closes the channel
        }
    }

    /** As {@link Transport#plain}. */
    ByteBuffer plain(ByteBuf arrived) {
        if (decryption.isEmpty()) {
            return arrived.nioBuffer();
        }
        ByteBuffer memory = arrived.nioBuffer(0, arrived.writerIndex());
        return memory.position(0).limit(decrypt(decryption.get(), memory));
    }

    private int decrypt(Decryption session, ByteBuffer memory) {
        boolean wasOver = session.isOver();
        int bytes = decrypting.take(() -> session.decrypt(memory));
        if (session.isOver() && !wasOver) {
            session.flaw().ifPresent(reason -> LOG.warnf("link from %s: TLS: %s, closing it",
                    Connections.source(channel), Text.readable(reason)));
        }
        return bytes;
    }

    /** Any thread. */
    private void owesAnswer() {
        onLoop.execute(() -> {
            decryption.orElseThrow().answers();
            context.writeAndFlush(Unpooled.EMPTY_BUFFER);
        });
    }

    /** As {@link Transport#ask}. */
    void ask() {
        if (decryption.filter(Decryption::isOver).isPresent()) {
            endConnection(); // what came before the end of the session has been looked at
        } else if (!asked) {
            asked = true;
            askedNanos = nanoTime.getAsLong();
            context.read();
        }
    }

    /** For how long the read that was asked for has brought nothing, in nanoseconds; 0 if none is asked for. */
    long silentNanos() {
        return asked ? nanoTime.getAsLong() - askedNanos : 0;
    }

    /** The read that was asked for could bring nothing until now: nobody was here to hear. */
    void beginSilenceAnew() {
        askedNanos = nanoTime.getAsLong();
    }

    /** For how long the source has been told nothing, not even a ping, in nanoseconds. */
    long untoldNanos() {
        return nanoTime.getAsLong() - wroteNanos;
    }

    /** How long the source was waited for in all, in nanoseconds, up to the last arrival. Any thread. */
    long waitedNanos() {
        return waitedNanos;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        this.context = context;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (decryption.isPresent()) {
            bytes.release();
            listener.ends(EarlyFrames.cameTooSoon());
        } else if (asked || !canPull()) {
            heard();
            listener.arrived(fitting(bytes));
        } else {
            bytes.release();
            throw new IllegalStateException("the socket of a link was read unasked: its bytes are out of order");
        }
    }

    private void heard() {
        if (asked) {
            waitedNanos += silentNanos();
            asked = false;
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        listener.arrivedAll();
        context.fireChannelReadComplete();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        if (failure instanceof OutOfMemoryError) {
            listener.ends(new Ending.NoMemory(failure.getMessage()));
        } else {
            context.fireExceptionCaught(failure);
        }
    }

    @Override
    public void read(ChannelHandlerContext context) {
        // those behind have no say in when the socket is read
    }

    /** Those behind have nothing to say either: Vert.x sends a close frame when the process ends, behind or in place of the link's. */
    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        ReferenceCountUtil.release(message);
        promise.trySuccess();
    }

    /** Sends {@code frames}, past Vert.x, which would wrap them. */
    void send(ByteBuf frames) {
        wroteNanos = nanoTime.getAsLong();
        context.writeAndFlush(frames);
    }

    /** Calls {@code action} when what was sent so far has left, or cannot. */
    void whenSent(Runnable action) {
        context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> action.run());
    }

    /** Calls {@code action} once, when the channel takes more to write. */
    void whenItTakesMore(Runnable action) {
        whenItTakesMore = Optional.of(action);
    }

    /** Closes the connection, from here: Vert.x, behind, would wait for the source first. */
    void endConnection() {
        context.close();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable()) {
            Optional<Runnable> action = whenItTakesMore;
            whenItTakesMore = Optional.empty();
            action.ifPresent(Runnable::run);
        }
        context.fireChannelWritabilityChanged();
    }

    /** Bytes that wait hold the whole memory that they came in: few must not hold much. */
    private ByteBuf fitting(ByteBuf bytes) {
        int length = bytes.readableBytes();
        if (bytes.isDirect() && length >= bytes.capacity() / 2) {
            return bytes;
        }
        try {
            return context.alloc().directBuffer(length, length).writeBytes(bytes);
        } finally {
            bytes.release();
        }
    }
}
