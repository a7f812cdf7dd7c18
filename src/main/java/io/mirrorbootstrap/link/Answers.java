package io.mirrorbootstrap.link;

import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.vertx.core.Context;
import io.vertx.core.http.ServerWebSocket;

/**
 * Answers on their way from the worker back to the socket, in order and in batches: whoever adds them says when it is time to
 * send, and one hop to the event loop takes all that have come by then. A source that does not read them is not answered further until it does.
 */
final class Answers {

    /** As many may wait before the link stops working for a source that does not read. */
    private static final int MAX_WAITING = 256;

    /** @param closes the close code to end the link with, after the text if there is one */
    private record Outgoing(String text, OptionalInt closes, String reason) {
    }

    private final ServerWebSocket socket;
    private final Context context;
    private final Runnable whenDrained;
    private final Queue<Outgoing> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean flushing = new AtomicBoolean();
    private final AtomicBoolean refilling = new AtomicBoolean();

    /** @param whenDrained called on the event loop when, after {@link #isFull}, there is room again */
    Answers(ServerWebSocket socket, Context context, Runnable whenDrained) {
        this.socket = socket;
        this.context = context;
        this.whenDrained = whenDrained;
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
        if (waiting.get() < MAX_WAITING) {
            return false;
        }
        refilling.set(true);
        // it may have been drained before the flag was up
        return waiting.get() >= MAX_WAITING || !refilling.compareAndSet(true, false);
    }

    private void add(Outgoing outgoing) {
        queue.add(outgoing);
        waiting.incrementAndGet();
    }

    /** Sends what waits, or forgets it if the socket is closed. Any thread. */
    void flushSoon() {
        if (flushing.compareAndSet(false, true)) {
            context.runOnContext(nothing -> flush());
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
        }
        if (waiting.get() < MAX_WAITING / 2 && refilling.compareAndSet(true, false)) {
            whenDrained.run();
        }
    }

    private void send(Outgoing outgoing) {
        waiting.decrementAndGet();
        if (!outgoing.text().isEmpty()) {
            socket.writeTextMessage(outgoing.text());
        }
        outgoing.closes().ifPresent(code -> socket.close((short) code, outgoing.reason()));
    }
}
