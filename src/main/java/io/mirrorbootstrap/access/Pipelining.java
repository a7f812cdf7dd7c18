package io.mirrorbootstrap.access;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Cuts a connection that sends request after request and does not read the answers: Vert.x queues them without bound,
 * before anybody is asked who they are. Event loop only.
 */
final class Pipelining extends ChannelDuplexHandler {

    private static final int MAX_WAITING = 16;

    private int waiting = 1; // the request for which it was put in
    private boolean over;

    /** Bounds what {@code connection} may send; nothing if it does already. */
    static void bound(HttpConnection connection) {
        Channel channel = ((ConnectionBase) connection).channel();
        boolean closed = channel.pipeline().get("handler") == null;
        if (!closed && channel.pipeline().get(Pipelining.class) == null) {
            channel.pipeline().addBefore("handler", null, new Pipelining());
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest && (++waiting > MAX_WAITING || !context.channel().isWritable())) {
            over = true;
            context.close();
        }
        if (over) {
            ReferenceCountUtil.release(message);
        } else {
            context.fireChannelRead(message);
        }
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof LastHttpContent) {
            waiting--;
        }
        context.write(message, promise);
    }
}
