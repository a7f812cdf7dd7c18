package io.mirrorbootstrap.source;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.function.Supplier;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.vertx.core.impl.transports.JDKTransport;

/**
 * Sockets that say at most {@value #MAX_BYTES} bytes, or as many as they are aimed with, TLS included, and are closed then. Vert.x puts the whole answer to a
 * request for a WebSocket together, whatever it is, and has no bound for it; a mirror's status is bounded by the same.
 * <p>
 * They go to the address they are aimed at: Vert.x itself would try one address of a name, and no other.
 */
final class BoundedTransport extends JDKTransport {

    /** A status, a refusal or a handshake takes a fraction of it. */
    static final int MAX_BYTES = 256 * 1024;

    private volatile int maxBytes = MAX_BYTES;
    private volatile InetSocketAddress target;
    private volatile Supplier<Optional<Tunnel>> tunnels = Optional::empty;
    /** How the last socket ended; written on its event loop. */
    private volatile boolean exceeded;
    /** What the last socket said first. */
    private volatile int first = -1;
    /** What came of TLS on the last socket; null: nothing special. */
    private volatile Throwable alert;

    /**
     * The next socket goes there, whatever address is asked for.
     *
     * @param maxBytes how much it may say
     * @param tunnels makes what each socket goes through
     */
    void aim(InetSocketAddress target, int maxBytes, Supplier<Optional<Tunnel>> tunnels) {
        this.maxBytes = maxBytes;
        this.tunnels = tunnels;
        this.target = target;
        forgetLast(); // also where no socket comes about, as when a file that it needs cannot be read
    }

    @Override
    public SocketAddress convert(io.vertx.core.net.SocketAddress address) {
        return target;
    }

    @Override
    public ChannelFactory<? extends Channel> channelFactory(boolean domainSocket) {
        forgetLast();
        return BoundedChannel::new;
    }

    private void forgetLast() {
        exceeded = false;
        first = -1;
        alert = null;
    }

    /** Whether the socket that was opened last was closed for what it said. */
    boolean isExceeded() {
        return exceeded;
    }

    /** The first byte that the socket said that was opened last, without what a proxy said; below 0: none. */
    int first() {
        return first;
    }

    /**
     * Why TLS ended on the socket that was opened last, if it did. With TLS 1.3 a client hears that its certificate is
     * refused when it has begun to speak, and Vert.x then tells of a closed connection only.
     */
    Optional<Throwable> alert() {
        return Optional.ofNullable(alert);
    }

    /**
     * What the socket says from now on is bounded by its reader; the bound is for what TLS says beside it: new keys, tickets. Java keeps
     * something of each as long as the session lives. Event loop of {@code channel} only.
     */
    static void lift(Channel channel) {
        ((BoundedChannel) channel).lift();
    }

    private final class BoundedChannel extends NioSocketChannel {

        private static final String TUNNEL = "tunnel";
        private static final String TLS = "ssl";
        private static final String ALERTS = "alerts";

        /** What a record of TLS 1.3 has beside what it says, in bytes. */
        private static final int BESIDE_A_RECORD = 22;

        /** The most that one of TLS 1.2 has. */
        private static final int BESIDE_AN_OLD_ONE = 400;

        /** Event loop only. */
        private long left = maxBytes;
        private boolean isLifted;

        BoundedChannel() {
            tunnels.get().ifPresent(tunnel -> pipeline().addFirst(TUNNEL, tunnel));
        }

        private void lift() {
            isLifted = true;
            SslHandler tls = (SslHandler) pipeline().get(TLS);
            if (tls == null) {
                left = Long.MAX_VALUE;
                return;
            }
            left = MAX_BYTES;
            int beside = tls.engine().getSession().getProtocol().equals("TLSv1.3")
                    ? BESIDE_A_RECORD
                    : BESIDE_AN_OLD_ONE;
            pipeline().addAfter(TLS, "said", new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object message) {
                    left += ((ByteBuf) message).readableBytes() + beside;
                    context.fireChannelRead(message);
                }
            });
        }

        @Override
        protected int doReadBytes(ByteBuf into) throws Exception {
            if (pipeline().get(TLS) != null && pipeline().get(ALERTS) == null && !isLifted) {
                pipeline().addAfter(TLS, ALERTS, new Alerts()); // Vert.x takes it out when the handshake is over
            }
            int start = into.writerIndex();
            int read = super.doReadBytes(into);
            if (read > 0 && first < 0 && pipeline().get(TUNNEL) == null) {
                first = into.getUnsignedByte(start);
            }
            left -= Math.max(0, read);
            if (left < 0) {
                exceeded = true;
                throw new IOException("more than " + maxBytes + " bytes came in answer");
            }
            return read;
        }
    }

    /** Event loop only. */
    private final class Alerts extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
            alert = failure;
            context.fireExceptionCaught(failure);
        }
    }
}
