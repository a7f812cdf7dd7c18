package io.mirrorbootstrap.link;

import java.util.function.Consumer;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.util.ReferenceCountUtil;

/**
 * Sees what Vert.x would drop without a word, or cut the connection for, so that the source is told. It stands before
 * Vert.x's own handler from before the upgrade: a data frame that comes so far was not seen by a {@link SocketReader},
 * so it was sent before the upgrade was answered, and part of what belongs to it may be lost. Event loop only.
 */
final class UpgradeGuard extends ChannelInboundHandlerAdapter {

    private Consumer<Inbound> listener;
    private Inbound seen;

    static UpgradeGuard on(Channel channel) {
        UpgradeGuard guard = new UpgradeGuard();
        channel.pipeline().addBefore("handler", null, guard);
        return guard;
    }

    /** Tells {@code listener} what was seen, and what will be. */
    void tell(Consumer<Inbound> listener) {
        this.listener = listener;
        if (seen != null) {
            listener.accept(seen);
        }
    }

    /** Undoes {@link #on}: there will be no WebSocket. */
    void leave(Channel channel) {
        if (channel.pipeline().context(this) != null) {
            channel.pipeline().remove(this);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof BinaryWebSocketFrame || message instanceof TextWebSocketFrame
                || message instanceof ContinuationWebSocketFrame) {
            ReferenceCountUtil.release(message);
            ended(new Inbound.NotWebSocket("a frame came before the upgrade was answered"));
        } else {
            context.fireChannelRead(message);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        if (failure instanceof CorruptedWebSocketFrameException) {
            ended(new Inbound.NotWebSocket(failure.getMessage()));
        } else if (failure instanceof OutOfMemoryError) {
            ended(new Inbound.NoMemory(failure.getMessage()));
        } else {
            context.fireExceptionCaught(failure);
        }
    }

    private void ended(Inbound reason) {
        if (listener != null) {
            listener.accept(reason);
        } else if (seen == null) {
            seen = reason;
        }
    }
}
