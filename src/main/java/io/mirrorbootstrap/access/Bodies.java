package io.mirrorbootstrap.access;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * Takes the bodies of requests, and what trails them, out of a connection: nothing here reads one. Each piece of one byte, and each
 * header of two letters that trails, would be kept until its request is answered, and take a hundred bytes of the heap or more. What
 * HTTP does not allow goes on, so that the connection ends by it. Event loop only.
 */
@Sharable
final class Bodies extends ChannelInboundHandlerAdapter {

    static final Bodies TAKEN_OUT = new Bodies();

    private Bodies() {
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!(message instanceof HttpContent content) || message instanceof HttpRequest
                || content.decoderResult().isFailure()) {
            context.fireChannelRead(message);
            return;
        }
        content.release();
        if (content instanceof LastHttpContent) {
            context.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }
}
