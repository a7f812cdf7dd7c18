package io.mirrorbootstrap.access;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.eclipse.microprofile.config.Config;

import io.mirrorbootstrap.wire.Looks;
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
 * Cuts a connection that does not read its answers, also one with a stream of events. A link has a rule of its own, from its
 * upgrade on.
 * Event loop only.
 */
@ApplicationScoped
class UnreadAnswers {

    /** The longest time between two looks at a connection, however long idle-timeout is. */
    private static final Duration LONGEST_BETWEEN_LOOKS = Duration.ofSeconds(15);

    /** A key for links, read by its name because the settings of {@code mirror} have it; the default is the one there. */
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
            pipeline.addBefore("handler", null, new Watch(config.getValue(PATIENCE, Duration.class), System::nanoTime));
        }
        if (!OpenPaths.isLong(request.path())) { // whatever was asked for first: each request may be the last that is read
            Connections.holdFew(channel); // for links as well: their answers are short
        }
    }

    /** Counts bytes that leave for the socket; more bytes that are written to the connection do not count. */
    static final class Watch extends ChannelDuplexHandler {

        private final Duration patience;
        private final LongSupplier nanoTime;
        private final Duration betweenLooks;
        private final Looks looks;
        private ScheduledFuture<?> pulse;
        private long movedNanos;
        private long seenOfFirst;

        /** @param nanoTime a clock that only goes forward */
        Watch(Duration patience, LongSupplier nanoTime) {
            this.patience = patience;
            this.nanoTime = nanoTime;
            this.movedNanos = nanoTime.getAsLong();
            this.betweenLooks = Looks.distance(patience, LONGEST_BETWEEN_LOOKS);
            this.looks = new Looks(betweenLooks, movedNanos);
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            pulse = context.executor().scheduleWithFixedDelay(() -> look(context), betweenLooks.toMillis(),
                    betweenLooks.toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            pulse.cancel(false);
        }

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            context.write(message, promise.unvoid().addListener(gone -> movedNanos = nanoTime.getAsLong()));
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
            long now = nanoTime.getAsLong();
            if (looks.isLate(now) || waits.totalPendingWriteBytes() == 0 || ofFirst != seenOfFirst) {
                seenOfFirst = ofFirst;
                movedNanos = now;
            } else if (now - movedNanos > patience.toNanos()) {
                context.channel().config().setOption(ChannelOption.SO_LINGER, 0); // else the kernel would go on holding the answers
                context.close(); // not through the handlers of Vert.x, which would wait until all is written
            }
        }
    }
}
