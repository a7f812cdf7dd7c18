package io.mirrorbootstrap.source;

import java.util.concurrent.TimeUnit;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;

/**
 * Stands before Vert.x, which answers each ping at once, whether or not the sidecar reads the pongs. While the socket takes
 * no more to write, the latest ping waits, and stands for those before it (RFC 6455, 5.5.3): of pongs there is never more
 * than the socket takes. A sidecar that is slow to read pings now and then; one that does it without end is told of, once.
 * <p>
 * One for each link. Event loop only.
 */
final class BoundedPings extends ChannelInboundHandlerAdapter {

    /** As many may come in a second in which no pong can be written: more are a flood. */
    private static final int MAX_HELD = 64;

    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Runnable onFlood;
    /** Null: none waits. */
    private PingWebSocketFrame latest;
    /** Pings since a pong could be written, or since the last second began in which none could. */
    private int held;
    private long heldSinceNanos;
    private boolean flooded;

    /** @param onFlood told once, before the connection is closed */
    BoundedPings(Runnable onFlood) {
        this.onFlood = onFlood;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!(message instanceof PingWebSocketFrame)) {
            context.fireChannelRead(message);
            return;
        }
        forget();
        latest = (PingWebSocketFrame) message;
        if (context.channel().isWritable()) {
            answer(context);
        } else {
            count(context);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable()) {
            held = 0;
            context.executor().execute(() -> answerLatest(context)); // not in the midst of a write
        }
        context.fireChannelWritabilityChanged();
    }

    /** Also when the channel ends. */
    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        forget();
    }

    private void answerLatest(ChannelHandlerContext context) {
        if (latest != null && context.channel().isWritable()) {
            answer(context);
            context.fireChannelReadComplete(); // until now Vert.x flushes nothing, whatever has written it
        }
    }

    private void answer(ChannelHandlerContext context) {
        if (latest != null && !flooded) {
            PingWebSocketFrame ping = latest;
            latest = null;
            context.fireChannelRead(ping); // to Vert.x, which answers it
        }
    }

    /** Many at once are none: their pongs are written when all have been read. */
    private void count(ChannelHandlerContext context) {
        long now = System.nanoTime();
        if (held == 0) {
            heldSinceNanos = now;
        } else if (now - heldSinceNanos >= SECOND_NANOS) {
            if (held > MAX_HELD && !flooded) {
                flooded = true;
                onFlood.run();
                context.close(); // from here: Vert.x would first say goodbye, behind what is not read
            }
            held = 0;
            heldSinceNanos = now;
        }
        held++;
    }

    private void forget() {
        if (latest != null) {
            latest.release();
            latest = null;
        }
    }
}
