package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.access.Connections;
import io.mirrorbootstrap.snapshot.TraceContext;
import io.mirrorbootstrap.wire.Looks;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;

/**
 * The connection of a link, after Vert.x has upgraded it: Vert.x keeps it, and hears when it ends; the frames go by a
 * {@link SocketReader} below. Has a pulse: it pings a source that is silent, and ends the connection of one that is not there, or does
 * not read.
 */
final class LinkSocket implements Transport {

    /** A message may take so many times the idle time-out: a source that sends a byte now and then holds a place of others. */
    private static final int MESSAGE_TIMEOUTS = 10;

    /** However long idle-timeout is: some proxies cut what is silent for 10 s, and the next look comes later. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(4);

    /** However long idle-timeout is: a link is looked at at least so often. */
    private static final Duration LONGEST_BETWEEN_LOOKS = Duration.ofSeconds(2);

    /** A source may take so long to answer a close frame that it can read. */
    private static final Duration CLOSING_TIMEOUT = Duration.ofSeconds(5);

    /** What is due later is due so soon at the latest when there is no connection any more. */
    private static final Duration LONGEST_BEHIND_THE_END = Duration.ofMillis(100);

    private static final long NO_MESSAGE = -1;

    private final Channel channel;
    private final Duration idleTimeout;
    private final boolean mayPull;
    private final DecryptionTurn decrypting;
    private final Optional<TraceContext> trace;
    private final LongSupplier nanoTime;
    private final long pingAfterNanos;
    private final Duration betweenLooks;

    // set when it is started
    private Listener listener;
    private SocketReader reader;
    private Looks looks;

    /** When, on the clock of {@link SocketReader#waitedNanos}, the message began that is coming in. */
    private volatile long messageBeganNanos = NO_MESSAGE;

    // event loop only
    private long writableNanos;
    /** When this end has closed the WebSocket. */
    private long saidGoodbyeNanos;
    private boolean saidGoodbye;
    private boolean heardGoodbye;
    private final Set<Timer> timers = new HashSet<>();

    /**
     * @param channel of which the upgrade is done
     * @param mayPull whether the job may read the socket itself, if it can
     * @param trace what the handshake says of it
     */
    LinkSocket(Channel channel, Duration idleTimeout, boolean mayPull, DecryptionTurn decrypting,
            Optional<TraceContext> trace) {
        this(channel, idleTimeout, mayPull, decrypting, trace, System::nanoTime);
    }

    /** @param nanoTime a clock that only goes forward */
    LinkSocket(Channel channel, Duration idleTimeout, boolean mayPull, DecryptionTurn decrypting,
            Optional<TraceContext> trace, LongSupplier nanoTime) {
        this.trace = trace;
        this.nanoTime = nanoTime;
        this.writableNanos = nanoTime.getAsLong();
        this.mayPull = mayPull;
        this.decrypting = decrypting;
        this.channel = channel;
        this.idleTimeout = idleTimeout;
        this.pingAfterNanos = Math.min(idleTimeout.toNanos() / 3, LONGEST_SILENCE.toNanos());
        this.betweenLooks = Looks.distance(idleTimeout, LONGEST_BETWEEN_LOOKS);
    }

    /**
     * Listens; nothing is read until it is asked for. Event loop only, before all else.
     *
     * @throws RuntimeException when the connection is gone
     */
    void start(Listener listener) {
        this.listener = listener;
        reader = SocketReader.on(channel, listener, this::onLoop, mayPull, decrypting, nanoTime);
        looks = new Looks(betweenLooks, nanoTime.getAsLong());
        Future<?> pulse = channel.eventLoop().scheduleWithFixedDelay(this::feelPulse, betweenLooks.toMillis(),
                betweenLooks.toMillis(), TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> {
            pulse.cancel(false);
            List.copyOf(timers).forEach(Timer::endEarly);
            listener.ends(new Ending.LinkLost());
        });
    }

    @Override
    public void ask() {
        assert channel.eventLoop().inEventLoop();
        reader.ask();
    }

    @Override
    public boolean canPull() {
        return reader.canPull();
    }

    @Override
    public ByteBuffer plain(ByteBuf arrived) {
        return reader.plain(arrived);
    }

    @Override
    public int pull(ByteBuffer into, int atMost) {
        return reader.pull(into, atMost);
    }

    @Override
    public void isMidway(boolean midway) {
        if (!midway) {
            messageBeganNanos = NO_MESSAGE;
        } else if (messageBeganNanos == NO_MESSAGE) {
            messageBeganNanos = reader.waitedNanos();
        }
    }

    @Override
    public boolean takesMore() {
        return channel.isWritable();
    }

    @Override
    public void whenItTakesMore(Runnable action) {
        reader.whenItTakesMore(action);
    }

    @Override
    public void write(ByteBuf frames) {
        assert channel.eventLoop().inEventLoop();
        reader.send(frames);
    }

    @Override
    public void saidGoodbye() {
        saidGoodbye = true;
        saidGoodbyeNanos = nanoTime.getAsLong();
        // while it is not even written, the source has the idle time-out
        reader.whenSent(heardGoodbye
                ? reader::endConnection
                : () -> later(CLOSING_TIMEOUT.toNanos(), reader::endConnection));
    }

    @Override
    public void heardGoodbye() {
        heardGoodbye = true;
        if (saidGoodbye) {
            reader.whenSent(reader::endConnection);
        }
    }

    @Override
    public void onLoop(Runnable action) {
        try {
            channel.eventLoop().execute(action);
        } catch (RejectedExecutionException e) {
            // the process is ending, and with the loop every link has ended
        }
    }

    @Override
    public void later(long nanos, Runnable action) {
        onLoop(() -> {
            if (channel.isOpen()) {
                new Timer(action).start(nanos);
            } else {
                schedule(Math.min(nanos, LONGEST_BEHIND_THE_END.toNanos()), action);
            }
        });
    }

    @Override
    public void cut() {
        Connections.cut(channel);
    }

    @Override
    public String remote() {
        return Connections.source(channel);
    }

    @Override
    public Optional<TraceContext> trace() {
        return trace;
    }

    private Future<?> schedule(long nanos, Runnable action) {
        return channel.eventLoop().schedule(action, nanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Calls an action once: when it is due, or when the connection ends. One that outlived the connection would hold the whole link,
     * and there is no bound for links that come and go. Event loop only.
     */
    private final class Timer {

        private final Runnable action;
        private Future<?> due;

        Timer(Runnable action) {
            this.action = action;
        }

        void start(long nanos) {
            timers.add(this);
            due = schedule(nanos, this::end);
        }

        void endEarly() {
            due.cancel(false);
            end();
        }

        private void end() {
            timers.remove(this);
            action.run();
        }
    }

    private void feelPulse() {
        long now = nanoTime.getAsLong();
        if (looks.isLate(now)) {
            writableNanos = now;
            saidGoodbyeNanos = now;
            reader.beginSilenceAnew();
        }
        if (channel.isWritable()) {
            writableNanos = now;
        } else if (now - writableNanos > idleTimeout.toNanos()) {
            cut(); // it does not read: answers, pongs and even the close frame would wait for ever
            return;
        }
        if (saidGoodbye) {
            if (now - saidGoodbyeNanos > idleTimeout.toNanos()) {
                cut(); // the close frame is not even written
            }
            return;
        }
        long silence = reader.silentNanos(); // 0 while it is not read: then it cannot be heard
        long began = messageBeganNanos;
        if (silence > idleTimeout.toNanos()) {
            cut(); // no close frame: nobody is there to read it
        } else if (silence > 0 && began != NO_MESSAGE
                && reader.waitedNanos() + silence - began > MESSAGE_TIMEOUTS * idleTimeout.toNanos()) {
            listener.ends(new Ending.TooSlow(idleTimeout.multipliedBy(MESSAGE_TIMEOUTS)));
        } else if (channel.isWritable() && Math.max(silence, reader.untoldNanos()) > pingAfterNanos) {
            write(Unpooled.wrappedBuffer(OutFrame.ping())); // also while it is not read: the source hears that the sidecar is there
        }
    }
}
