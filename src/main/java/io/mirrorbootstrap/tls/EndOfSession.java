package io.mirrorbootstrap.tls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;

/**
 * Closes a connection on which bytes come behind the end of its TLS session. The handler of TLS does not read them any more, and
 * keeps all of them: without this one connection could fill the memory. Event loop only.
 */
public final class EndOfSession extends ChannelInboundHandlerAdapter {

    private final SslHandler tls;
    private final Runnable passed;
    private boolean over;

    private EndOfSession(SslHandler tls, Runnable passed) {
        this.tls = tls;
        this.passed = passed;
    }

    /** Guards the connection of {@code pipeline}, if it is encrypted; who has it sees that it is closed. */
    public static void guard(ChannelPipeline pipeline) {
        guard(pipeline, () -> {
        });
    }

    /**
     * Guards the connection of {@code pipeline}, if it is encrypted.
     *
     * @param passed called once, before the connection is closed, if there has been a session
     */
    public static void guard(ChannelPipeline pipeline, Runnable passed) {
        SslHandler tls = pipeline.get(SslHandler.class);
        if (tls != null) {
            pipeline.addBefore(pipeline.context(tls).name(), null, new EndOfSession(tls, passed));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!tls.engine().isInboundDone() || !(message instanceof ByteBuf bytes) || !bytes.isReadable()) {
            context.fireChannelRead(message);
            return;
        }
        ReferenceCountUtil.release(message);
        if (!over) {
            over = true;
            if (tls.handshakeFuture().isSuccess()) {
                passed.run();
            }
            context.close();
        }
    }
}
