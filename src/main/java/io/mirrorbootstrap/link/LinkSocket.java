package io.mirrorbootstrap.link;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.netty.channel.Channel;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;

/**
 * A link's socket as its event loop sees it: frames in, reading switched off and on, a pulse.
 * <p>
 * Messages do not come by Vert.x, but from a {@link FrameReader} below it. So reading is switched at the channel.
 */
final class LinkSocket {

    /** WebSocket close code: what came is not WebSocket. */
    static final int PROTOCOL_ERROR = 1002;

    /** WebSocket close code: that is not allowed here. */
    static final int POLICY_VIOLATION = 1008;

    /** WebSocket close code: come back later. */
    static final int SERVICE_RESTART = 1012;

    /** A message may take so many time outs: a source that sends a byte now and then holds a place of others. */
    private static final int MESSAGE_TIMEOUTS = 10;

    private final ServerWebSocket webSocket;
    private final Channel channel;
    private final UpgradeGuard guard;
    private final Context context;
    private final Duration idleTimeout;
    private final long maxFrameBytes;

    // event loop only
    private final Set<PauseReason> reasons = EnumSet.noneOf(PauseReason.class);
    private boolean discarding;
    private FrameReader frames;
    private long readingSinceNanos = System.nanoTime();
    private long writableNanos = System.nanoTime();

    LinkSocket(ServerWebSocket webSocket, Channel channel, UpgradeGuard guard, Context context, LinkLimits limits) {
        this.webSocket = webSocket;
        this.channel = channel;
        this.guard = guard;
        this.context = context;
        this.idleTimeout = limits.idleTimeout();
        this.maxFrameBytes = limits.maxFrameBytes();
    }

    /**
     * Starts reading. Event loop only.
     *
     * @param listener hears what comes, and what ends the link; after {@link Inbound.LinkLost} nothing comes
     */
    void start(FrameReader.Listener listener) {
        long pulse = context.owner().setPeriodic(Math.max(1, idleTimeout.toMillis() / 4), id -> feelPulse());
        frames = new FrameReader(maxFrameBytes, listener);
        channel.pipeline().addBefore("wsdecoder", "frames", frames);
        guard.tell(listener);
        if (channel.pipeline().get("idle") != null) {
            channel.pipeline().remove("idle"); // the time-out of connections, which may be silent for less than a link
        }
        // not the WebSocket's close handler: it is not called if the connection was lost before it was set
        channel.closeFuture().addListener(closed -> {
            context.owner().cancelTimer(pulse);
            listener.ended(new Inbound.LinkLost());
        });
    }

    /** Stops reading, also what has come already, until {@link #resume} is called for the same reason. Event loop only. */
    void pause(PauseReason reason) {
        if (!discarding) {
            reasons.add(reason);
            channel.config().setAutoRead(false);
            frames.pause();
        }
    }

    /** Reads on, if nothing else speaks against it. Any thread. */
    void resume(PauseReason reason) {
        context.runOnContext(nothing -> resumeNow(reason));
    }

    /** Reads on whatever speaks against it: what comes is thrown away, but the close behind it must be seen. Any thread. */
    void discard() {
        context.runOnContext(nothing -> {
            discarding = true;
            reasons.clear();
            readOn();
        });
    }

    /** As {@link #resume}, at once. Event loop only. */
    void resumeNow(PauseReason reason) {
        reasons.remove(reason);
        readOn();
    }

    /** Calls {@code action} on the event loop, after all that was handed to it before. Any thread. */
    void afterWrites(Runnable action) {
        context.runOnContext(nothing -> action.run());
    }

    /** Calls {@code action} on the event loop in so many milliseconds. Event loop only. */
    void later(long millis, Runnable action) {
        // not a timer of Vert.x: in a handler of Netty there is no context, and it would run on any event loop
        channel.eventLoop().schedule(action, millis, TimeUnit.MILLISECONDS);
    }

    private void readOn() {
        if (reasons.isEmpty()) {
            readingSinceNanos = System.nanoTime(); // while it was not read, it could not be heard
            channel.config().setAutoRead(true);
            frames.resume();
        }
    }

    /** Who is at the other end, for the log. */
    String remote() {
        return String.valueOf(webSocket.remoteAddress());
    }

    private void feelPulse() {
        long now = System.nanoTime();
        if (channel.isWritable()) {
            writableNanos = now;
        } else if (now - writableNanos > idleTimeout.toNanos()) {
            channel.close(); // it does not read: answers, pongs and even the close frame would wait for ever
            return;
        }
        long silence = Math.min(now - frames.heardNanos(), now - readingSinceNanos);
        if (!channel.config().isAutoRead() || webSocket.isClosed()) {
            return;
        }
        long reading = Math.min(frames.messageNanos(now), now - readingSinceNanos);
        if (silence > idleTimeout.toNanos()) {
            channel.close(); // no close frame: nobody is there to read it
        } else if (reading > MESSAGE_TIMEOUTS * idleTimeout.toNanos()) {
            frames.giveUp(idleTimeout.multipliedBy(MESSAGE_TIMEOUTS));
        } else if (silence > idleTimeout.toNanos() / 3) {
            webSocket.writePing(Buffer.buffer());
        }
    }
}
