package io.mirrorbootstrap.access;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.vertx.core.http.impl.Http1xOrH2CHandler;

/**
 * Has a connection that is not encrypted read as HTTP/1.1, with {@link Pipelining} in its pipeline before its first request. On the port of
 * probes and metrics Vert.x takes HTTP/2, too, as Quarkus has no key for it there: it puts its handlers in only when the first bytes, and
 * then the first request, are no HTTP/2. A connection that begins so is closed, and an upgrade to it is not heard. Event loop only.
 */
final class ClearText extends ChannelInboundHandlerAdapter {

    /** HTTP/2 begins with {@code PRI}, and no method of HTTP/1.1 does. */
    private static final int TELLING_BYTES = 3;

    /** Why a connection is closed that speaks it. */
    static final String HTTP_2 = "it speaks HTTP/2, and the sidecar HTTP/1.1 only";

    /** The name of the handler of Vert.x that waits for the first request. */
    private static final String UPGRADE = "h2c";

    private int passed;

    private ClearText() {
    }

    /** The first bytes of the connection of {@code pipeline} are about to be read by the handlers behind {@code first}. */
    static void readAsHttp1(ChannelPipeline pipeline, String first) {
        if (!Pipelining.bound(pipeline) && pipeline.get(Http1xOrH2CHandler.class) != null) {
            pipeline.addAfter(first, null, new ClearText());
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        ChannelPipeline pipeline = context.pipeline();
        while (!isDecided(pipeline) && passed < TELLING_BYTES && bytes.isReadable()) {
            passed++;
            context.fireChannelRead(bytes.readRetainedSlice(1)); // one after another: what is behind must find the handlers there
        }
        if (isDecided(pipeline)) {
            pipeline.addBefore(UPGRADE, null, new NoUpgrade());
            pipeline.addAfter(UPGRADE, null, new Decided());
            pipeline.remove(this);
            context.fireChannelRead(message);
        } else {
            bytes.release();
            if (passed == TELLING_BYTES) {
                TlsRecords.close(context, HTTP_2);
            }
        }
    }

    private static boolean isDecided(ChannelPipeline pipeline) {
        return pipeline.get(UPGRADE) != null;
    }

    /** Before the handler that waits for the first request. */
    private static final class NoUpgrade extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof HttpRequest request
                    && request.headers().contains(HttpHeaderNames.UPGRADE, UPGRADE, true)) {
                request.headers().remove(HttpHeaderNames.UPGRADE);
            }
            context.pipeline().remove(this);
            context.fireChannelRead(message);
        }
    }

    /** Behind it. */
    private static final class Decided extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            Pipelining.bound(context.pipeline());
            context.pipeline().remove(this);
            context.fireChannelRead(message);
        }
    }
}
