package io.mirrorbootstrap.source;

import java.io.IOException;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.vertx.core.impl.transports.JDKTransport;

/**
 * Sockets that say at most {@value #MAX_BYTES} bytes, TLS included, and are closed then. Vert.x puts the whole answer to a
 * request for a WebSocket together, whatever it is, and has no bound for it; a mirror's status is bounded by the same.
 */
final class BoundedTransport extends JDKTransport {

    /** A status, a refusal or a handshake takes a fraction of it. */
    static final int MAX_BYTES = 256 * 1024;

    /** How the last socket ended; written on its event loop. */
    private volatile boolean exceeded;

    @Override
    public ChannelFactory<? extends Channel> channelFactory(boolean domainSocket) {
        exceeded = false;
        return BoundedChannel::new;
    }

    /** Whether the socket that was opened last was closed for what it said. */
    boolean isExceeded() {
        return exceeded;
    }

    /** What comes from now on is bounded by its reader. Event loop of {@code channel} only. */
    static void lift(Channel channel) {
        ((BoundedChannel) channel).left = Long.MAX_VALUE;
    }

    private final class BoundedChannel extends NioSocketChannel {

        /** Event loop only. */
        private long left = MAX_BYTES;

        @Override
        protected int doReadBytes(ByteBuf into) throws Exception {
            int read = super.doReadBytes(into);
            left -= Math.max(0, read);
            if (left < 0) {
                exceeded = true;
                throw new IOException("more than " + MAX_BYTES + " bytes came in answer");
            }
            return read;
        }
    }
}
