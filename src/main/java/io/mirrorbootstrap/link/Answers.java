package io.mirrorbootstrap.link;

import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * What a link says, on its way from the job to the transport, in order and in batches: the caller that adds an answer also says when it is
 * time to send, and one hop to the event loop takes all that have come by then. A source that does not read its answers is not
 * answered further until it does.
 * <p>
 * At most as many may wait as a source may have messages unanswered: a source that writes all of these before it reads finds each
 * answered. What they hold is bounded too, for each link and for all ({@link HeapRoom}): a {@code pending} of the longest name takes 328
 * bytes of the heap, most less than 200. Refusals may be longer, so that fewer of them may wait.
 */
final class Answers {

    /** Of the heap, for each that may wait. */
    private static final long BYTES_EACH = 384;

    /** One write to the transport, about. */
    private static final int BATCH_BYTES = 16 * 1024;

    /** At most as many pings may come while no pong can be written: more are a flood. */
    private static final int MAX_UNANSWERED_PINGS = 64;

    private enum Kind {
        ANSWER, PONG, CLOSE
    }

    private record Outgoing(byte[] frame, Kind kind) {

        /** The objects around the bytes of a frame. */
        private static final int OVERHEAD_BYTES = 80;

        int cost() {
            return OVERHEAD_BYTES + frame.length;
        }
    }

    private final Transport transport;
    private final HeapRoom room;
    private final int maxWaiting;
    private final Runnable whenDrained;
    private final Queue<Outgoing> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicBoolean flushing = new AtomicBoolean();
    private final AtomicBoolean refilling = new AtomicBoolean();

    /** While the source does not read, the latest of its pings stands for those before it (RFC 6455, 5.5.3). */
    private final AtomicReference<byte[]> latestPong = new AtomicReference<>();
    /** Whether the transport took no more when it was last looked at. Written on the event loop. */
    private volatile boolean isBlocked;

    /** Of the job only. */
    private int unansweredPings;

    /** Whether the close frame has been sent, or nothing can be: nothing may follow. Event loop only. */
    private boolean closed;

    /**
     * @param room what the answers of all links may hold
     * @param maxWaiting at most as many wait; then the link stops working for a source that does not read
     * @param whenDrained called on the event loop when, after {@link #isFull}, there is room again
     */
    Answers(Transport transport, HeapRoom room, int maxWaiting, Runnable whenDrained) {
        this.transport = transport;
        this.room = room;
        this.maxWaiting = maxWaiting;
        this.whenDrained = whenDrained;
    }

    /** Sent with the next {@link #flushSoon}. Any thread; the order is that of the calls. */
    void add(String text) {
        add(new Outgoing(OutFrame.text(text), Kind.ANSWER));
    }

    /**
     * The last answer: the link is closed after it. Any thread.
     *
     * @param text none, if it is empty
     */
    void addAndClose(String text, int code, String reason) {
        if (!text.isEmpty()) {
            add(text);
        }
        close(OutFrame.close(code, reason));
    }

    /** Closes the link as the source has. Any thread. */
    void echo(Frame.Close close) {
        close(OutFrame.close(close.payload()));
    }

    private void close(byte[] frame) {
        add(new Outgoing(frame, Kind.CLOSE));
        flushSoon();
    }

    /**
     * Answers a ping, with the next {@link #flushSoon}. The job only.
     *
     * @return false when pings come faster than their pongs are read
     */
    boolean pong(Frame.Ping ping) {
        byte[] frame = OutFrame.pong(ping.payload());
        if (isBlocked) {
            latestPong.set(frame);
            return ++unansweredPings <= MAX_UNANSWERED_PINGS;
        }
        unansweredPings = 0;
        add(new Outgoing(frame, Kind.PONG));
        return true;
    }

    /** Whether no more should be added now; if so, {@code whenDrained} will be called. Any thread. */
    boolean isFull() {
        if (holdsLessThan(1)) {
            return false;
        }
        refilling.set(true);
        // it may have been drained before the flag was up
        return !holdsLessThan(1) || !refilling.compareAndSet(true, false);
    }

    /** @param part of what may wait: 1, or 2 for half of it */
    private boolean holdsLessThan(int part) {
        long bytes = waitingBytes.get();
        int answers = maxWaiting / part;
        return waiting.get() < answers && bytes < answers * BYTES_EACH
                && (bytes < HeapRoom.ANSWERS_PER_LINK / part || room.isThere());
    }

    private void add(Outgoing outgoing) {
        waiting.incrementAndGet(); // counted first: once it is in the queue, the event loop may take it
        waitingBytes.addAndGet(outgoing.cost());
        room.take(outgoing.cost());
        queue.add(outgoing);
    }

    private void took(Outgoing outgoing) {
        waiting.decrementAndGet();
        waitingBytes.addAndGet(-outgoing.cost());
        room.take(-outgoing.cost());
    }

    /** The connection is gone: what waits is forgotten. Event loop only. */
    void forget() {
        closed = true;
        flush();
    }

    /** Sends what waits, or forgets it if the link is closed. Any thread. */
    void flushSoon() {
        if (flushing.compareAndSet(false, true)) {
            transport.onLoop(this::flush);
        }
    }

    private void flush() {
        flushing.set(false);
        isBlocked = !closed && !transport.takesMore();
        byte[] pong = isBlocked || closed ? null : latestPong.getAndSet(null);
        if (pong != null) {
            transport.write(Unpooled.wrappedBuffer(pong));
        }
        while (!closed && !isBlocked && !queue.isEmpty()) {
            sendBatch();
            isBlocked = !closed && !transport.takesMore();
        }
        if (closed) {
            for (Outgoing late = queue.poll(); late != null; late = queue.poll()) {
                took(late);
            }
        } else if (isBlocked) {
            if (!holdsLessThan(2)) { // as much as a link that is full waits for
                keepLatestPong();
            }
            transport.whenItTakesMore(this::flushSoon);
        }
        if (holdsLessThan(2) && refilling.compareAndSet(true, false)) {
            whenDrained.run();
        }
    }

    /**
     * Those that came before it was seen that none is read: they must not fill the room of the answers, because a link with full answers
     * looks at no more pings, and would not find out that they are a flood.
     */
    private void keepLatestPong() {
        byte[] latest = null;
        for (Iterator<Outgoing> each = queue.iterator(); each.hasNext();) {
            Outgoing next = each.next();
            if (next.kind() == Kind.PONG) {
                each.remove();
                took(next);
                latest = next.frame();
            }
        }
        latestPong.compareAndSet(null, latest); // one that is there has come since
    }

    private void sendBatch() {
        ByteBuf batch = Unpooled.buffer();
        while (!closed && batch.readableBytes() < BATCH_BYTES && !queue.isEmpty()) {
            Outgoing next = queue.remove();
            took(next);
            batch.writeBytes(next.frame());
            closed = next.kind() == Kind.CLOSE;
        }
        transport.write(batch);
        if (closed) {
            transport.saidGoodbye();
        }
    }
}
