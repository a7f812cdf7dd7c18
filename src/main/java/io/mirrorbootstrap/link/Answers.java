package io.mirrorbootstrap.link;

import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.vertx.core.Context;
import io.vertx.core.http.ServerWebSocket;

/**
 * Answers on their way from the worker back to the socket, in order and in batches: whoever adds them says when it is time to
 * send, and one hop to the event loop takes all that have come by then. A source that does not read them is not answered further until it does.
 * <p>
 * As many may wait as a source may have messages unanswered: a source that writes all of these before it reads finds each
 * answered. What they hold is bounded too: a {@code pending} of the longest name takes 328 bytes of the heap, most less
 * than 200; 64 links with all of them waiting hold 13 MiB, or 24 MiB when each holds all that it may. Refusals may be
 * longer, so that fewer of them may wait.
 */
final class Answers {

    /** Of the heap, for each that may wait. */
    private static final long BYTES_EACH = 384;

    /** @param closes the close code to end the link with, after the text if there is one */
    private record Outgoing(String text, OptionalInt closes, String reason, int bytes) {

        /** The objects around the characters of a waiting text. */
        private static final int OVERHEAD_BYTES = 96;

        Outgoing(String text, OptionalInt closes, String reason) {
            this(text, closes, reason, OVERHEAD_BYTES + text.length() * (isLatin(text) ? 1 : 2));
        }

        private static boolean isLatin(String text) {
            return text.chars().allMatch(each -> each <= 0xFF);
        }
    }

    private final ServerWebSocket socket;
    private final Context context;
    private final int maxWaiting;
    private final Runnable whenDrained;
    private final Runnable whenClosed;
    private final Queue<Outgoing> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicBoolean flushing = new AtomicBoolean();
    private final AtomicBoolean refilling = new AtomicBoolean();

    /**
     * @param maxWaiting as many may wait before the link stops working for a source that does not read
     * @param whenDrained called on the event loop when, after {@link #isFull}, there is room again
     * @param whenClosed called on the event loop when the last answer has been handed to the socket
     */
    Answers(ServerWebSocket socket, Context context, int maxWaiting, Runnable whenDrained, Runnable whenClosed) {
        this.socket = socket;
        this.context = context;
        this.maxWaiting = maxWaiting;
        this.whenDrained = whenDrained;
        this.whenClosed = whenClosed;
    }

    /** Sent with the next {@link #flushSoon}. Any thread; the order is that of the calls. */
    void add(String text) {
        add(new Outgoing(text, OptionalInt.empty(), ""));
    }

    /** The last answer: the link is closed after it. Any thread. */
    void addAndClose(String text, int code, String reason) {
        add(new Outgoing(text, OptionalInt.of(code), reason));
        flushSoon();
    }

    /**
     * Whether no more should be added now; if so, {@code whenDrained} will be called.
     */
    boolean isFull() {
        if (holdsLessThan(maxWaiting)) {
            return false;
        }
        refilling.set(true);
        // it may have been drained before the flag was up
        return !holdsLessThan(maxWaiting) || !refilling.compareAndSet(true, false);
    }

    private boolean holdsLessThan(int answers) {
        return waiting.get() < answers && waitingBytes.get() < answers * BYTES_EACH;
    }

    private void add(Outgoing outgoing) {
        queue.add(outgoing);
        waiting.incrementAndGet();
        waitingBytes.addAndGet(outgoing.bytes());
    }

    /** Sends what waits, or forgets it if the socket is closed. Any thread. */
    void flushSoon() {
        if (flushing.compareAndSet(false, true)) {
            LinkSocket.onLoop(context, this::flush);
        }
    }

    private void flush() {
        flushing.set(false);
        while (!socket.isClosed() && !queue.isEmpty()) {
            if (socket.writeQueueFull()) {
                socket.drainHandler(nothing -> flushSoon());
                return;
            }
            send(queue.poll());
        }
        if (socket.isClosed()) {
            queue.clear();
            waiting.set(0);
            waitingBytes.set(0);
        }
        if (holdsLessThan(maxWaiting / 2) && refilling.compareAndSet(true, false)) {
            whenDrained.run();
        }
    }

    private void send(Outgoing outgoing) {
        waiting.decrementAndGet();
        waitingBytes.addAndGet(-outgoing.bytes());
        if (!outgoing.text().isEmpty()) {
            socket.writeTextMessage(outgoing.text());
        }
        if (outgoing.closes().isPresent()) {
            socket.close((short) outgoing.closes().getAsInt(), outgoing.reason());
            whenClosed.run();
        }
    }
}
