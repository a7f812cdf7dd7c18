package io.mirrorbootstrap.protocol;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.Router;

/** Has a link of a request with the query {@value #QUERY} fail when it is started, behind its upgrade. */
@ApplicationScoped
class BrokenStart {

    static final String QUERY = "start=broken";

    void register(@Observes Router router) {
        router.route("/v1/bootstrap").order(-1).handler(request -> {
            if (QUERY.equals(request.request().query())) {
                ((ConnectionBase) request.request().connection()).channel().pipeline()
                        .addFirst(new TakesTheDecoderOut());
            }
            request.next();
        });
    }

    /** When the upgrade is written, the decoder of frames goes, as in a connection that is closed. */
    private static final class TakesTheDecoderOut extends ChannelOutboundHandlerAdapter {

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            context.write(message, promise);
            if (context.pipeline().get(WebSocketFrameDecoder.class) != null) {
                context.pipeline().remove(WebSocketFrameDecoder.class);
            }
        }
    }
}
