package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import io.mirrorbootstrap.mirror.SharedRate;
import io.netty.buffer.ByteBuf;

/**
 * Brings the bytes of a link from its transport to its job, as frames, and bounds what waits: by the link's share, by the common
 * budget, by the common rate.
 * <p>
 * The event loop reads when it is asked to, and puts what comes into a queue. Where the transport allows it, the job reads on by itself
 * once something has come, and asks the event loop only when there is nothing left: so while it works nothing is read, and when it
 * is done much has come. Where it does not, the event loop goes on reading beside the job, until the queue holds the link's share.
 */
final class Intake {

    /**
     * A read that brings less than this has met the source's pace: the next is worth a short wait, if more is sure to come.
     */
    private static final int MANY_BYTES = 256 * 1024;

    /** After a read that brings less than this the event loop is asked: a source that drips must not hold a worker. */
    private static final int SOME_BYTES = 16 * 1024;

    /** As much as one read may bring. */
    private static final long LITTLE_BYTES = 64 * 1024;

    private static final long SHORT_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private static final Runnable NO_RELEASE = () -> {
    };

    private final Transport transport;
    private final FrameParser parser;
    private final IngestBudget.Share budget;
    private final SharedRate.Share rate;
    private final LinkMeters meters;
    private final BooleanSupplier isGone;
    private final BooleanSupplier isEnded;
    private final Runnable wake;
    private final Runnable budgetHasRoom;

    private final Queue<Inbound> queue = new ConcurrentLinkedQueue<>();
    private final AtomicLong queuedBytes = new AtomicLong();

    /** Whether the queue has more than the link's share. Set on the event loop; the thread that makes it less asks again. */
    private volatile boolean isOverShare;
    /** Whether {@link #ask} waits for the budget. Event loop only. */
    private boolean awaitsBudget;
    /** Whether more is not due yet by the common rate. Set by the job, ended on the event loop. */
    private volatile boolean awaitsRate;
    /** Whether little may wait, because nothing but control frames is looked at. Set by the job. */
    private volatile boolean takesLittle;

    // the job's
    private ByteBuffer parsing = NOTHING;
    /** Gives the memory of {@link #parsing} back. */
    private Runnable release = NO_RELEASE;
    /** Whether {@link #parsing} counts for the rate: bytes that are thrown away do not. */
    private boolean counts;
    /** Whether the socket is the job's to read, because the event loop is not asked to. */
    private boolean isPulling;
    /** How much the last read has brought. */
    private int pulledBytes;

    /**
     * @param isGone whether arriving bytes are thrown away, or none can arrive any more
     * @param isEnded whether arriving bytes are thrown away
     * @param wake called on any thread when there is something for the job
     */
    Intake(Transport transport, FrameParser parser, IngestBudget.Share budget, SharedRate.Share rate,
            LinkMeters meters, BooleanSupplier isGone, BooleanSupplier isEnded, Runnable wake) {
        this.transport = transport;
        this.parser = parser;
        this.budget = budget;
        this.rate = rate;
        this.meters = meters;
        this.isGone = isGone;
        this.isEnded = isEnded;
        this.wake = wake;
        this.budgetHasRoom = () -> transport.onLoop(this::goOn);
    }

    /** Puts a read of the event loop into the queue. Event loop only. */
    void arrived(ByteBuf data) {
        Inbound.Bytes bytes = new Inbound.Bytes(data);
        queuedBytes.addAndGet(bytes.cost());
        budget.take(bytes.cost());
        queue.add(bytes);
    }

    /** Wakes the job once for all that a read has brought. Event loop only. */
    void arrivedAll() {
        if (!queue.isEmpty()) {
            wake.run();
        }
        if (!transport.canPull()) {
            isOverShare = queuedBytes.get() >= share();
            if (isOverShare) {
                meters.paused(LinkMeters.Pause.BUDGET);
                askWhenUnderShare(); // the job may have emptied the queue before the flag was up
            } else {
                ask();
            }
        }
    }

    /** Puts the reason for the end behind what has come. Any thread. */
    void add(Ending ending) {
        queue.add(ending);
        wake.run();
    }

    /**
     * Asks the transport for the first time, when all is due that the caller's links, open or not, have brought: else links that come and
     * go would bring as much as they like. It waits once, as they do, who are ahead again by then. Event loop only.
     */
    void start() {
        long nanos = isGone.getAsBoolean() ? 0 : rate.take(0);
        if (nanos > 0) {
            meters.paused(LinkMeters.Pause.RATE);
            transport.later(nanos, this::ask);
        } else {
            ask();
        }
    }

    /** Asks the transport for one more read, as soon as there is room for it. Event loop only. */
    void ask() {
        if (isGone.getAsBoolean() || budget.hasRoom()) {
            transport.ask(); // of a link that has ended, the close behind what is thrown away must be seen
        } else if (!awaitsBudget) {
            awaitsBudget = true;
            meters.paused(LinkMeters.Pause.BUDGET);
            budget.await(budgetHasRoom);
        }
    }

    private void goOn() {
        awaitsBudget = false;
        ask();
    }

    /** The connection is gone: nothing is waited for. Event loop only. */
    void forget() {
        budget.forget(budgetHasRoom);
    }

    /** Little of a link that is gone: the job may wait for the disk, and throws nothing away meanwhile. */
    private long share() {
        return takesLittle || isGone.getAsBoolean()
                ? Math.min(LITTLE_BYTES, budget.bytesPerLink())
                : budget.bytesPerLink();
    }

    private void askWhenUnderShare() {
        if (isOverShare && queuedBytes.get() <= share() / 2) {
            isOverShare = false;
            transport.onLoop(this::ask);
        }
    }

    /** Whether more is not due yet by the common rate: then the job is woken when it is. The job only. */
    boolean awaitsRate() {
        return awaitsRate;
    }

    /** Lets little wait from now on, or much again. The job only. */
    void takesLittle(boolean little) {
        if (takesLittle != little) { // asked for with each frame
            takesLittle = little;
        }
    }

    /** The reason for the end, if the bytes that came before it have been taken out of the queue. The job only. */
    Optional<Ending> nextEnding() {
        return queue.peek() instanceof Ending ? Optional.of((Ending) queue.remove()) : Optional.empty();
    }

    /** Whether there are bytes to parse, after a read if need be. If not, the job is woken when there are. The job only. */
    boolean hasBytes() {
        while (!parsing.hasRemaining()) {
            if (queue.peek() instanceof Inbound.Bytes) {
                begin((Inbound.Bytes) queue.remove());
            } else if (!queue.isEmpty() || !isPulling || !pull()) {
                return false;
            }
        }
        return true;
    }

    private void begin(Inbound.Bytes bytes) {
        isPulling = transport.canPull();
        pulledBytes = bytes.data().readableBytes();
        Optional<ByteBuffer> plain = Optional.empty();
        try {
            plain = Optional.of(transport.plain(bytes.data()));
        } finally {
            if (plain.isEmpty()) {
                giveBack(bytes);
            }
        }
        begin(plain.get(), () -> giveBack(bytes));
    }

    /** Reads on in the job; false when there is nothing more to be read now, and the event loop is asked for it. */
    private boolean pull() {
        boolean hasPace = pulledBytes >= SOME_BYTES;
        if (hasPace && pulledBytes < MANY_BYTES && parser.isMidway()) {
            LockSupport.parkNanos(SHORT_WAIT_NANOS); // fewer and larger reads
        }
        Optional<ByteBuffer> lent = hasPace ? budget.lend() : Optional.empty();
        if (lent.isPresent()) {
            ByteBuffer buffer = lent.get();
            pulledBytes = 0;
            try {
                pulledBytes = transport.pull(buffer, rate.atMost(buffer.capacity()));
            } finally {
                if (pulledBytes <= 0) {
                    budget.takeBack(buffer);
                }
            }
            if (pulledBytes > 0) {
                begin(buffer.position(0).limit(pulledBytes), () -> budget.takeBack(buffer));
                return true;
            }
        }
        isPulling = false;
        transport.onLoop(this::ask);
        return false;
    }

    private void begin(ByteBuffer bytes, Runnable release) {
        this.parsing = bytes;
        this.release = release;
        this.counts = !isEnded.getAsBoolean(); // now: what is in front of its end is not thrown away
        done(); // there may be none
    }

    /** The next frame of the bytes that have come; empty when it is not whole. {@link #done} follows. The job only. */
    Optional<Frame> next() {
        Optional<Frame> frame = parser.next(parsing);
        transport.isMidway(parser.isMidway());
        return frame;
    }

    /** The frame that came last is not looked at any more: its memory may go to others. The job only. */
    void done() {
        if (!parsing.hasRemaining() && parsing != NOTHING) {
            int bytes = parsing.limit();
            Runnable over = release;
            parsing = NOTHING;
            release = NO_RELEASE;
            over.run();
            if (counts) {
                takeFromRate(bytes);
            }
        }
    }

    /**
     * What came stands for more: so many bytes more count for the rate, and nothing else is looked at before they are due. The job only.
     *
     * @param bytes 0 or more
     */
    void takeFromRate(int bytes) {
        long nanos = rate.take(bytes);
        if (nanos > 0 && !isGone.getAsBoolean()) {
            awaitRate(nanos);
        }
    }

    /** Forgets the bytes that are being parsed, because they make the sidecar fail. The job only. */
    void passOver() {
        parsing.position(parsing.limit());
        done();
    }

    private void awaitRate(long nanos) {
        awaitsRate = true;
        meters.paused(LinkMeters.Pause.RATE);
        transport.later(nanos, () -> {
            awaitsRate = false;
            wake.run();
        });
    }

    private void giveBack(Inbound.Bytes bytes) {
        int cost = bytes.cost();
        bytes.data().release();
        queuedBytes.addAndGet(-cost);
        askWhenUnderShare();
        budget.giveBack(cost);
    }
}
