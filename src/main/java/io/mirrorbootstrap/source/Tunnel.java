package io.mirrorbootstrap.source;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.mirrorbootstrap.snapshot.Text;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;

/**
 * Stands first in a pipeline, and has the socket connected only when the proxy at its other end leads on: TLS and HTTP
 * begin behind it. What the proxy says is told as the proxy's, as a {@link BlockedException}. Event loop only.
 */
final class Tunnel extends ChannelDuplexHandler {

    private static final int MAX_HEAD_BYTES = 16 * 1024;
    private static final int LOGIN_WANTED = 407;
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3})(?: ([^\r\n]*))?\r?\n");
    private static final Pattern RETRY_AFTER = Pattern.compile("(?im)^Retry-After:([^\r\n]*)");

    private final HttpProxy proxy;
    private final Endpoint endpoint;
    private final long patienceMillis;
    private final StringBuilder head = new StringBuilder();
    private ChannelPromise connected;
    private ScheduledFuture<?> timeout;

    /** @param patienceMillis for the proxy's answer, when it is connected */
    Tunnel(HttpProxy proxy, Endpoint endpoint, long patienceMillis) {
        this.proxy = proxy;
        this.endpoint = endpoint;
        this.patienceMillis = patienceMillis;
    }

    @Override
    public void connect(ChannelHandlerContext context, SocketAddress remote, SocketAddress local,
            ChannelPromise promise) {
        connected = promise;
        ChannelPromise toProxy = context.newPromise();
        toProxy.addListener(done -> {
            if (!done.isSuccess()) {
                promise.tryFailure(new BlockedException(new Obstacle.Unreachable(
                        said("cannot be reached: " + Failures.network(done.cause())))));
            }
        });
        context.connect(remote, local, toProxy);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        timeout = context.executor().schedule(() -> fail(context, new Obstacle.Unreachable(said("does not answer"))),
                patienceMillis, TimeUnit.MILLISECONDS);
        context.writeAndFlush(Unpooled.copiedBuffer(proxy.request(endpoint), StandardCharsets.US_ASCII));
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        int end = -1;
        while (end < 0 && bytes.isReadable() && head.length() < MAX_HEAD_BYTES) {
            head.append((char) (bytes.readByte() & 0xFF));
            end = head.indexOf("\r\n\r\n") < 0 && head.indexOf("\n\n") < 0 ? -1 : head.length();
        }
        Matcher status = STATUS.matcher(head);
        if (end < 0 && head.length() < MAX_HEAD_BYTES) {
            ReferenceCountUtil.release(bytes);
        } else if (!status.lookingAt()) {
            ReferenceCountUtil.release(bytes);
            fail(context, new Obstacle.Unfit(said("does not speak HTTP")));
        } else if (status.group(1).startsWith("2") && end >= 0) {
            leadsOn(context, bytes);
        } else {
            ReferenceCountUtil.release(bytes);
            fail(context, refused(Integer.parseInt(status.group(1)), Optional.ofNullable(status.group(2)).orElse("")));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        fail(context, new Obstacle.Unreachable(said("closed the connection without an answer")));
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        fail(context, new Obstacle.Unreachable(said("is lost: " + Failures.network(failure))));
    }

    private void leadsOn(ChannelHandlerContext context, ByteBuf rest) {
        timeout.cancel(false);
        var pipeline = context.pipeline();
        pipeline.remove(this);
        connected.trySuccess();
        pipeline.fireChannelActive(); // now for the others
        if (rest.isReadable()) {
            pipeline.fireChannelRead(rest);
        } else {
            rest.release();
        }
    }

    private Obstacle refused(int status, String reason) {
        Matcher retryAfter = RETRY_AFTER.matcher(head);
        String why = status != LOGIN_WANTED
                ? "does not lead on to " + endpoint.name() + ":" + endpoint.port()
                : proxy.login().isPresent()
                        ? "does not accept the user and the password"
                        : "wants a user and a password";
        return new Obstacle.Answered(status,
                said(why + ": HTTP " + status + " " + Text.readable(reason)).strip(),
                RetryAfter.of(retryAfter.find() ? retryAfter.group(1) : null, Instant.now()));
    }

    private String said(String what) {
        return "the proxy " + proxy + " " + what;
    }

    private void fail(ChannelHandlerContext context, Obstacle obstacle) {
        if (timeout != null) {
            timeout.cancel(false);
        }
        if (connected != null && connected.tryFailure(new BlockedException(obstacle))) {
            context.close();
        }
    }
}
