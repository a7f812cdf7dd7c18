package io.mirrorbootstrap.link;

import java.util.Optional;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;

/**
 * Sees the frames that a source sends before its upgrade is answered: the decoder of HTTP has taken their bytes, before a
 * {@link SocketReader} is there, and the bytes of a frame that they end with may be lost. Event loop only.
 */
final class EarlyFrames extends ChannelInboundHandlerAdapter {

    private static final String TOO_SOON = "a frame came before the upgrade was answered";

    private Optional<String> flaw = Optional.empty();

    /** Looks at {@code channel}, from before the upgrade. */
    static EarlyFrames on(Channel channel) {
        EarlyFrames early = new EarlyFrames();
        channel.pipeline().addBefore(channel.pipeline().lastContext().name(), null, early); // before what Vert.x has there
        return early;
    }

    /** Looks no more. */
    void leave(Channel channel) {
        if (channel.pipeline().context(this) != null) {
            channel.pipeline().remove(this);
        }
    }

    /** Why there can be no link, if such a frame has come. */
    Optional<Ending> flaw() {
        return flaw.map(Ending.NotWebSocket::new);
    }

    /** Why the link ends, if somebody else has seen such a frame. */
    static Ending cameTooSoon() {
        return new Ending.NotWebSocket(TOO_SOON);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof WebSocketFrame) {
            ReferenceCountUtil.release(message);
            seen(TOO_SOON);
        } else {
            context.fireChannelRead(message);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        if (failure instanceof CorruptedWebSocketFrameException) {
            seen(failure.getMessage());
        } else {
            context.fireExceptionCaught(failure);
        }
    }

    private void seen(String what) {
        flaw = flaw.or(() -> Optional.of(what));
    }
}
