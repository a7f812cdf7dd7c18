package io.mirrorbootstrap.access;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.eclipse.microprofile.config.Config;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;

/**
 * Cuts a connection that does not read its answers, a watcher's too. A link, from its upgrade on, has a rule of its own.
 * Event loop only.
 */
@ApplicationScoped
class UnreadAnswers {

    /** However long idle-timeout is: a connection is looked at so often. */
    private static final Duration LONGEST_BETWEEN_LOOKS = Duration.ofSeconds(15);

    /** What the kernel may hold of answers: by itself it takes megabytes for each connection, which count as the container's. */
    private static final int KERNEL_BYTES = 64 * 1024;

    /** Of links, and so of another room's settings: with the default that it has there. */
    private static final String PATIENCE = "mirror-bootstrap.idle-timeout";

    private final Config config;

    UnreadAnswers(Config config) {
        this.config = config;
    }

    void register(@Observes Router router) {
        watchAll(router);
    }

    void register(@Observes ManagementInterface management) {
        watchAll(management.router());
    }

    private void watchAll(Router router) {
        router.route().order(Integer.MIN_VALUE).handler(request -> {
            watch(request.request());
            request.next();
        });
    }

    private void watch(HttpServerRequest request) {
        Channel channel = Connections.channel(request.connection());
        ChannelPipeline pipeline = channel.pipeline();
        if (pipeline.get(Watch.class) == null && pipeline.get("handler") != null) {
            pipeline.addBefore("handler", null, new Watch(config.getValue(PATIENCE, Duration.class)));
            channel.config().setOption(ChannelOption.SO_SNDBUF, KERNEL_BYTES); // of links too: their answers are short
        }
    }

    /** Sees bytes leave for the socket: that more is written to it does not count. */
    private static final class Watch extends ChannelDuplexHandler {

        private final Duration patience;
        private ScheduledFuture<?> looks;
        private long movedNanos = System.nanoTime();
        private long seenOfFirst;

        Watch(Duration patience) {
            this.patience = patience;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            long every = Math.max(1, Math.min(patience.toMillis() / 4, LONGEST_BETWEEN_LOOKS.toMillis()));
            looks = context.executor().scheduleWithFixedDelay(() -> look(context), every, every, TimeUnit.MILLISECONDS);
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            looks.cancel(false);
        }

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            context.write(message, promise.unvoid().addListener(gone -> movedNanos = System.nanoTime()));
            if (Pipelining.isUpgrade(message)) {
                context.pipeline().remove(this);
            }
        }

        private void look(ChannelHandlerContext context) {
            ChannelOutboundBuffer waits = context.channel().unsafe().outboundBuffer();
            if (waits == null) {
                return; // it is closed
            }
            long ofFirst = waits.currentProgress();
            long now = System.nanoTime();
            if (waits.totalPendingWriteBytes() == 0 || ofFirst != seenOfFirst) {
                seenOfFirst = ofFirst;
                movedNanos = now;
            } else if (now - movedNanos > patience.toNanos()) {
                context.channel().config().setOption(ChannelOption.SO_LINGER, 0); // nor shall the kernel hold them on
                context.close(); // from here on: Vert.x, behind, would wait until all is written
            }
        }
    }
}
