package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.mirrorbootstrap.access.Connections;
import io.netty.channel.Channel;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;

/**
 * A link's socket: bytes in when they are asked for, control frames, a pulse.
 * <p>
 * Messages do not come by Vert.x, but from a {@link SocketReader} below it.
 */
final class LinkSocket {

    /** WebSocket close code: what came is not WebSocket. */
    static final int PROTOCOL_ERROR = 1002;

    /** WebSocket close code: what has to be text is not UTF-8. */
    static final int NOT_TEXT = 1007;

    /** WebSocket close code: that is not allowed here. */
    static final int POLICY_VIOLATION = 1008;

    /** WebSocket close code: the sidecar failed. */
    static final short INTERNAL_ERROR = 1011;

    /** WebSocket close code: come back later. */
    static final int SERVICE_RESTART = 1012;

    /** WebSocket close code: a source may be let in when it comes back. */
    static final int TRY_AGAIN_LATER = 1013;

    /** A message may take so many time outs: a source that sends a byte now and then holds a place of others. */
    private static final int MESSAGE_TIMEOUTS = 10;

    /** However long idle-timeout is: whoever is in between may cut what is silent, some after 10 s; the next look comes later. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(4);

    /** However long idle-timeout is: a link is looked at so often. */
    private static final Duration LONGEST_BETWEEN_LOOKS = Duration.ofSeconds(2);

    /** As many pings may go unanswered while their pongs could not be written: more are a flood. */
    private static final int MAX_UNANSWERED_PINGS = 64;

    private static final int OPCODE = 0x0F;
    private static final int CLOSE = 8;
    private static final int PING = 9;

    private static final long NO_MESSAGE = -1;

    private final ServerWebSocket webSocket;
    private final Channel channel;
    private final UpgradeGuard guard;
    private final Context context;
    private final Duration idleTimeout;
    private final long pingAfterNanos;
    private final SocketReader reader;
    private final Consumer<Inbound> onEnd;

    /** When, on the clock of {@link SocketReader#waitedNanos}, the message began that is coming in. */
    private volatile long messageBeganNanos = NO_MESSAGE;

    // event loop only
    private long writableNanos = System.nanoTime();
    /** When it was first seen that the WebSocket is closed and the connection is not; 0: it has not been. */
    private long closedNanos;
    /** The latest of those that came since the channel took no more to write, and how many these are. */
    private Optional<ByteBuffer> unansweredPing = Optional.empty();
    private int unansweredPings;
    /** Whether the source has said its last. */
    private boolean peerClosed;

    /**
     * @param listener hears what comes
     * @param onEnd hears what ends the link, on the event loop; after {@link Inbound.LinkLost} nothing comes
     */
    LinkSocket(ServerWebSocket webSocket, Channel channel, UpgradeGuard guard, Context context, Duration idleTimeout,
            SocketReader.Listener listener, Consumer<Inbound> onEnd) {
        this.webSocket = webSocket;
        this.channel = channel;
        this.guard = guard;
        this.context = context;
        this.idleTimeout = idleTimeout;
        this.pingAfterNanos = Math.min(idleTimeout.toNanos() / 3, LONGEST_SILENCE.toNanos());
        this.reader = new SocketReader(channel, listener, this::answerUnansweredPing);
        this.onEnd = onEnd;
    }

    /** Listens; nothing is read until it is asked for. Event loop only. */
    void start() {
        channel.config().setAutoRead(false);
        channel.pipeline().addBefore("wsdecoder", "reader", reader);
        guard.tell(onEnd);
        // Vert.x flushes each answer on its own: those of a batch may go out together
        channel.pipeline().addBefore("wsdecoder", "flush",
                new FlushConsolidationHandler(FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, true));
        if (channel.pipeline().get("idle") != null) {
            channel.pipeline().remove("idle"); // the time-out of connections, which may be silent for less than a link
        }
        // last, as a pipeline that is gone already makes the above throw: nothing would cancel it
        long look = Math.max(1, Math.min(idleTimeout.toMillis() / 4, LONGEST_BETWEEN_LOOKS.toMillis()));
        long pulse = context.owner().setPeriodic(look, id -> feelPulse());
        // not the WebSocket's close handler: it is not called if the connection was lost before it was set
        channel.closeFuture().addListener(closed -> {
            context.owner().cancelTimer(pulse);
            onEnd.accept(new Inbound.LinkLost());
        });
    }

    /** Asks for what comes next; once is enough. Event loop only. */
    void ask() {
        reader.ask();
    }

    /** Whether {@link #pull} may be used at all. Any thread. */
    boolean canPull() {
        return reader.canPull();
    }

    /** As {@link SocketReader#pull}. */
    int pull(ByteBuffer into) {
        return reader.pull(into);
    }

    /** Whether a message is coming in, which must not take for ever. The thread that parses only. */
    void isMidway(boolean midway) {
        if (!midway) {
            messageBeganNanos = NO_MESSAGE;
        } else if (messageBeganNanos == NO_MESSAGE) {
            messageBeganNanos = reader.waitedNanos();
        }
    }

    /**
     * Has control frames answered. A pong needs no answer. While the source does not read, the latest of its pings waits,
     * and stands for those before it (RFC 6455, 5.5.3): what waits is bounded, and a source that writes all that it may
     * before it reads has done nothing wrong. Event loop only.
     */
    void control(List<ByteBuffer> frames) {
        for (ByteBuffer frame : frames) {
            int opcode = frame.get(0) & OPCODE;
            if (opcode == CLOSE) {
                closedByPeer(frame);
            } else if (opcode == PING && channel.isWritable()) {
                forgetUnansweredPings();
                reader.handBack(frame);
            } else if (opcode == PING) {
                unansweredPing = Optional.of(frame);
                unansweredPings++;
            }
        }
        if (unansweredPings > MAX_UNANSWERED_PINGS) {
            onEnd.accept(new Inbound.NotWebSocket("pings come faster than their pongs are read"));
        }
    }

    /** A close frame of the source: it may be the answer to the link's own, behind which nothing is waited for. */
    private void closedByPeer(ByteBuffer frame) {
        peerClosed = true;
        Optional<Inbound> flaw = CloseFrame.flaw(frame);
        if (webSocket.isClosed()) {
            reader.endConnection();
        } else if (flaw.isPresent()) {
            onEnd.accept(flaw.get());
        } else {
            reader.handBack(frame);
        }
    }

    /** The link's own close frame is on its way. Event loop only. */
    void saidGoodbye() {
        if (peerClosed) {
            reader.endConnection();
        }
    }

    private void answerUnansweredPing() {
        if (channel.isWritable()) {
            Optional<ByteBuffer> latest = unansweredPing.filter(any -> !webSocket.isClosed());
            forgetUnansweredPings();
            latest.ifPresent(reader::handBack);
        }
    }

    private void forgetUnansweredPings() {
        unansweredPing = Optional.empty();
        unansweredPings = 0;
    }

    /** Calls {@code action} on the event loop, after all that was handed to it before, unless that has ended. Any thread. */
    void onLoop(Runnable action) {
        onLoop(context, action);
    }

    /** As {@link #onLoop(Runnable)}. */
    static void onLoop(Context context, Runnable action) {
        try {
            context.runOnContext(nothing -> action.run());
        } catch (RejectedExecutionException e) {
            // the process is ending, and with the loop every link has ended
        }
    }

    /** Calls {@code action} on the event loop in so many nanoseconds. Any thread. */
    void later(long nanos, Runnable action) {
        // not a timer of Vert.x: where there is no context, it would run on any event loop
        try {
            channel.eventLoop().schedule(action, nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // as above
        }
    }

    /** Closes the connection without a word. Any thread. */
    void cut() {
        Connections.cut(channel);
    }

    /** Who is at the other end, for the log. */
    String remote() {
        return Connections.source(channel);
    }

    private void feelPulse() {
        long now = System.nanoTime();
        if (channel.isWritable()) {
            writableNanos = now;
        } else if (now - writableNanos > idleTimeout.toNanos()) {
            cut(); // it does not read: answers, pongs and even the close frame would wait for ever
            return;
        }
        if (webSocket.isClosed()) {
            if (closedNanos == 0) {
                closedNanos = now;
            } else if (now - closedNanos > idleTimeout.toNanos()) {
                cut(); // Vert.x waits for the close frame to be written, which may never be
            }
            return;
        }
        long silence = reader.silentNanos(); // 0 while it is not read: then it cannot be heard
        long began = messageBeganNanos;
        if (silence > idleTimeout.toNanos()) {
            cut(); // no close frame: nobody is there to read it
        } else if (silence > 0 && began != NO_MESSAGE
                && reader.waitedNanos() + silence - began > MESSAGE_TIMEOUTS * idleTimeout.toNanos()) {
            onEnd.accept(new Inbound.TooSlow(idleTimeout.multipliedBy(MESSAGE_TIMEOUTS)));
        } else if (channel.isWritable() && Math.max(silence, reader.untoldNanos()) > pingAfterNanos) {
            webSocket.writePing(Buffer.buffer()); // also while it is not read: the source must hear that we are there
        }
    }
}
