package io.mirrorbootstrap.access;

import java.util.Optional;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
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

    /**
     * Bounds what {@code connection} may send, from its first request on.
     *
     * @return whether this request may be answered: none may behind the last
     */
    static boolean bound(HttpConnection connection) {
        Optional<Pipelining> pipelining = of(connection);
        return pipelining.isEmpty() || !pipelining.get().over;
    }

    /** What is in the pipeline of {@code connection}, or is put there now; empty when that is closed. */
    private static Optional<Pipelining> of(HttpConnection connection) {
        ChannelPipeline pipeline = ((ConnectionBase) connection).channel().pipeline();
        Pipelining there = pipeline.get(Pipelining.class);
        if (there == null && pipeline.get("handler") != null) {
            there = new Pipelining();
            pipeline.addBefore("handler", null, there);
        }
        return Optional.ofNullable(there);
    }

    /** The request at hand is the last that {@code connection} has answered; Vert.x may hold others already. */
    static void end(HttpConnection connection) {
        of(connection).ifPresent(pipelining -> pipelining.over = true);
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
