package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.tls.EndOfSession;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.Looks;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.impl.WebSocketInternal;

/**
 * One link, as the sending thread sees it: it writes messages in order, and reads one queue of events.
 */
final class SourceLink implements AutoCloseable {

    /** Proxies cut what is silent, some after 10 s: so often something goes both ways. It also shows that a sidecar is gone. */
    private static final Duration PING_EVERY = Duration.ofSeconds(4);

    /** A sidecar that has nothing to say still answers pings. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(60);

    private static final long CLOSING_SECONDS = 5;
    private static final int CLOSING_ATTEMPTS = 3;

    /** How long a sidecar may take to say goodbye, too. */
    private static final long GOODBYE_MILLIS = 1_000;

    /** How much may wait for the sending thread, in characters, before the socket is not read any more. */
    private static final int MAX_WAITING = 256 * 1024;

    /** What an event takes beside its text, in the same measure. */
    private static final int EVENT = 64;

    private final Vertx vertx;
    private final WebSocket socket;
    private final Context context;
    private final ChannelHandlerContext vertxHandler;
    private final Channel channel;
    private final LongSupplier nanoTime;
    private final long openedNanos;
    private final Looks looks;
    private final long pings;
    private final BlockingQueue<Waiting> events = new LinkedBlockingQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean woken = new AtomicBoolean();
    /** Written on the event loop only. */
    private volatile long heardNanos;
    /** Written on the event loop only. */
    private volatile boolean paused;
    /** Whether the end has been told. Event loop only. */
    private boolean over;
    /** Whether goodbye was said, or cannot be. Event loop only. */
    private boolean goodbye;
    /** How many chunks are not written. Event loop only. */
    private int unwritten;
    private final Promise<Void> out = Promise.promise();

    /** An event, and what it counts. */
    private record Waiting(LinkEvent event, int weight) {
    }

    /** Event loop only, when the socket has just been opened: nothing that it brings may be missed. */
    SourceLink(Vertx vertx, WebSocket socket, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.openedNanos = nanoTime.getAsLong();
        this.looks = new Looks(PING_EVERY, openedNanos);
        this.heardNanos = openedNanos;
        this.vertx = vertx;
        this.socket = socket;
        this.context = Vertx.currentContext();
        this.vertxHandler = ((WebSocketInternal) socket).channelHandlerContext();
        this.channel = vertxHandler.channel();
        BoundedTransport.lift(channel);
        EndOfSession.guard(channel.pipeline());
        FrameEncoder.install(channel);
        channel.pipeline().addBefore("handler", "pings", new BoundedPings(this::flooded))
                // Vert.x would replace what is no UTF-8: a path would be another one then
                .addBefore("handler", "texts", new Utf8FrameValidator());
        channel.pipeline().addBefore("pings", null, new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext channel, Object frame) {
                heardNanos = nanoTime.getAsLong();
                channel.fireChannelRead(frame);
            }
        });
        socket.textMessageHandler(this::text);
        socket.binaryMessageHandler(message -> said(new LinkEvent.Unreadable("a binary message"), EVENT));
        socket.exceptionHandler(failure -> {
            if (failure instanceof CorruptedWebSocketFrameException || failure instanceof IllegalStateException) {
                said(new LinkEvent.Unreadable(failure.getMessage()), EVENT); // no frame, no UTF-8, or a message that is too long
            }
            // any other failure of a socket is followed by its close
        });
        socket.closeHandler(nothing -> closed());
        this.pings = vertx.setPeriodic(PING_EVERY.toMillis(), id -> look());
    }

    /** When it was opened. Any thread. */
    long openedNanos() {
        return openedNanos;
    }

    /** When something last came, if only a pong. Any thread. */
    long heardNanos() {
        return heardNanos;
    }

    /** Sending thread. */
    void send(Control control) {
        String text = JsonMessages.write(control);
        context.runOnContext(nothing -> socket.writeTextMessage(text));
    }

    /** Sending thread; {@link LinkEvent.Written} gives the chunk back, unless the link ends before. */
    void send(ChunkMessage chunk) {
        // one task for the whole message: nothing else gets between its frames, and one hop is enough
        context.runOnContext(nothing -> write(chunk));
    }

    /** Has the sending thread look again. Any thread. */
    void wake() {
        if (woken.compareAndSet(false, true)) {
            events.add(new Waiting(new LinkEvent.Woken(), 0));
        }
    }

    /** The next event that is here already. Sending thread. */
    Optional<LinkEvent> poll() {
        return taken(events.poll());
    }

    /** The next event, waiting for it at most {@code patience}. Sending thread. */
    Optional<LinkEvent> await(Duration patience) throws InterruptedException {
        return taken(events.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
    }

    /**
     * Says goodbye, and waits until that has been written, or cannot be: a second, and as much as TLS takes, at most. Whatever was sent
     * before is out of the way then: chunk buffers are free again ({@link #isOut}). Sending thread.
     */
    @Override
    public void close() {
        context.runOnContext(nothing -> hangUp().onComplete(said -> {
            goodbye = true;
            lookWhetherOut();
        }));
        // whoever was stopped meanwhile, as by SIGSTOP, has not given the loop that time
        for (int i = 0; i < CLOSING_ATTEMPTS && !isOut() && !Thread.currentThread().isInterrupted(); i++) {
            Blocking.await(out.future(), Duration.ofSeconds(CLOSING_SECONDS));
        }
    }

    /** Whether it was closed, and reads nothing any more of what it was given. Any thread. */
    boolean isOut() {
        return out.future().isComplete();
    }

    /** Event loop only. */
    private void lookWhetherOut() {
        if (goodbye && unwritten == 0) {
            out.tryComplete();
        }
    }

    /** Says goodbye. Event loop only. */
    Future<Void> hangUp() {
        vertx.cancelTimer(pings);
        // not channel.close(), by which Vert.x would wait for the sidecar
        channel.eventLoop().schedule(() -> vertxHandler.close(), GOODBYE_MILLIS, TimeUnit.MILLISECONDS);
        return socket.close();
    }

    /** Past Vert.x, which has no frame without a copy: what it writes itself, on the same loop, is written in the same order. */
    private void write(ChunkMessage chunk) {
        unwritten++;
        vertxHandler.writeAndFlush(chunk).addListener(written -> {
            unwritten--;
            if (written.isSuccess()) {
                said(new LinkEvent.Written(chunk), 0);
            }
            lookWhetherOut();
        });
    }

    private void text(String text) {
        int weight = EVENT + text.length();
        try {
            said(new LinkEvent.Answered(JsonMessages.answer(text)), weight);
        } catch (RefusedException e) {
            said(new LinkEvent.Unreadable(e.getMessage()), weight);
        }
    }

    private void look() {
        long now = nanoTime.getAsLong();
        if (looks.isLate(now) || paused) { // while it is not read it cannot be heard
            heardNanos = now;
        }
        if (now - heardNanos > LONGEST_SILENCE.toNanos()) {
            over(new LinkEvent.Closed(Outcome.LinkLost.CUT,
                    "nothing came from the sidecar for " + LONGEST_SILENCE.toSeconds() + " seconds"));
            channel.pipeline().context("handler").close(); // from here: Vert.x would first say goodbye, behind what is not read
        } else if (channel.isWritable()) { // behind what is not read a ping would only wait, and the next behind it
            socket.writePing(Buffer.buffer());
        }
    }

    private void closed() {
        Short code = socket.closeStatusCode();
        String reason = socket.closeReason();
        over(new LinkEvent.Closed(code == null ? Outcome.LinkLost.CUT : code, reason == null ? "" : reason));
    }

    private void flooded() {
        over(new LinkEvent.Closed(Outcome.LinkLost.CUT, "the sidecar sends pings and reads no pongs"));
    }

    private void over(LinkEvent.Closed end) {
        vertx.cancelTimer(pings);
        if (!over) {
            over = true;
            said(end, 0);
        }
    }

    /** Event loop only. A sidecar that says more than the sending thread hears, or than it waits for, waits itself. */
    private void said(LinkEvent event, int weight) {
        int now = waiting.addAndGet(weight);
        events.add(new Waiting(event, weight));
        if (now > MAX_WAITING && !paused) {
            paused = true; // before the look whether the sending thread has already taken it all
            socket.pause();
            resume();
        }
    }

    private Optional<LinkEvent> taken(Waiting next) {
        if (next == null) {
            return Optional.empty();
        } else if (next.event() instanceof LinkEvent.Woken) {
            woken.set(false);
        }
        if (waiting.addAndGet(-next.weight()) <= MAX_WAITING && paused) {
            context.runOnContext(nothing -> resume());
        }
        return Optional.of(next.event());
    }

    private void resume() {
        if (paused && waiting.get() <= MAX_WAITING) {
            paused = false;
            socket.resume();
        }
    }
}
