package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

import jakarta.enterprise.context.ApplicationScoped;

import org.jboss.logging.Logger;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.store.PageMemory;
import io.netty.util.internal.PlatformDependent;
import io.quarkus.runtime.Startup;

/**
 * Bounds what is accepted but not yet written, over all links, however slow the disk is and however many sources push:
 * <ul>
 * <li>a link that holds more than its share, or finds the whole budget spent, asks its socket for no more;</li>
 * <li>one that stopped for its own share reads on when it holds half of it;</li>
 * <li>those that stopped for the whole budget read on, all of them, as soon as there is room again: to wake one only would
 * not do, as it may have nothing to read and so wake no other.</li>
 * </ul>
 * Where callers are told apart, the links of one of them spend at most half of it.
 * <p>
 * An event loop reads at most 64 KiB at a time, and 20 more are for what is encrypted, so the budget can be overdrawn by that for each
 * link, no more: the larger buffers, into which workers read, are lent only where there is room. Any thread.
 */
@ApplicationScoped
@Startup // its meter is there before the first link is
class IngestBudget {

    private static final Logger LOG = Logger.getLogger(IngestBudget.class);

    private static final long MAX_BYTES_PER_LINK = 8L * 1024 * 1024;

    /**
     * How much a worker reads at once: so much that the kernel's part of reading costs little for each byte
     * (docs/performance.md), so little that many can.
     */
    private static final int READ_BYTES = 1024 * 1024;

    /** So many callers are remembered, whether or not they have links. */
    private static final int MAX_SHARES = 1000;

    /** Of the memory outside the heap, the part that may be spent here: the budget must never be what exhausts it. */
    private static final long DIRECT_MEMORY_SHARE = 3;

    private final Callers callers;
    private final long bytes;
    private final AtomicLong spent = new AtomicLong();
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    private final Map<String, Share> shares = new ConcurrentHashMap<>();
    private final int readBytes;
    private final Queue<ByteBuffer> notLent = new ConcurrentLinkedQueue<>();

    IngestBudget(MirrorSettings settings, MeterRegistry metrics, Callers callers) {
        this.callers = callers;
        long wanted = settings.bufferBytes();
        long affordable = PlatformDependent.maxDirectMemory() / DIRECT_MEMORY_SHARE;
        this.bytes = Math.min(wanted, affordable);
        this.readBytes = (int) Math.min(READ_BYTES, Math.max(1, bytes / 2));
        if (bytes < wanted) {
            LOG.infof("mirror-bootstrap.buffer-bytes: %d of %d bytes are used, a third of the memory outside the "
                    + "heap (-XX:MaxDirectMemorySize)", bytes, wanted);
        }
        Gauge.builder("mirror.bootstrap.buffered.bytes", spent, AtomicLong::get)
                .description("accepted from sources but not yet written").baseUnit("bytes").register(metrics);
    }

    /** What the links of {@code caller} may spend together: half of the whole, where callers are told apart. */
    Share of(Principal caller) {
        if (shares.size() > MAX_SHARES) { // of callers that have come and gone for years
            shares.values().removeIf(share -> share.mine.get() == 0);
        }
        return shares.computeIfAbsent(callers.now().name(caller.id()), name -> new Share());
    }

    /** What the links of one caller spend: what it sends while the disk is at work must leave room for others. Any thread. */
    final class Share {

        private final AtomicLong mine = new AtomicLong();
        private final Queue<Runnable> waitingForMine = new ConcurrentLinkedQueue<>();

        /** Another caller may become known at any time. */
        private long most() {
            return callers.now().sharesBind() ? Math.max(1, bytes / 2) : bytes;
        }

        /** How much one link may hold, in bytes. */
        long bytesPerLink() {
            return Math.min(bytes, MAX_BYTES_PER_LINK);
        }

        /** Whether anything may be taken. */
        boolean hasRoom() {
            return mine.get() < most() && spent.get() < bytes;
        }

        /** Takes {@code cost} bytes, whether or not they are there. */
        void take(long cost) {
            mine.addAndGet(cost);
            spent.addAndGet(cost);
        }

        /** A buffer to read a socket into, empty when there is no room for it. */
        Optional<ByteBuffer> lend() {
            Optional<ByteBuffer> lent = Optional.empty();
            try {
                lent = mine.addAndGet(readBytes) > most() ? lent : IngestBudget.this.lend();
            } finally {
                if (lent.isEmpty()) {
                    giveBackMine(readBytes);
                }
            }
            return lent;
        }

        /** Takes back what was lent. */
        void takeBack(ByteBuffer buffer) {
            IngestBudget.this.takeBack(buffer);
            giveBackMine(readBytes);
        }

        /** Gives {@code cost} bytes back, and wakes the links that wait if there is room. */
        void giveBack(long cost) {
            IngestBudget.this.giveBack(cost);
            giveBackMine(cost);
        }

        /**
         * Has {@code wake} called once, from any thread, as soon as more may be taken, or is worth being asked for, unless it is
         * {@link #forget forgotten}.
         */
        void await(Runnable wake) {
            if (mine.get() < most()) {
                IngestBudget.this.await(wake);
            } else {
                waitingForMine.add(wake);
                giveBackMine(0); // what was given back just before has woken nobody
            }
        }

        /** Does not call {@code wake} any more: of links that end while nothing is given back, nothing may be kept. */
        void forget(Runnable wake) {
            waiting.remove(wake);
            waitingForMine.remove(wake);
        }

        private void giveBackMine(long cost) {
            if (mine.addAndGet(-cost) < most()) {
                wakeAll(waitingForMine);
            }
        }
    }

    private Optional<ByteBuffer> lend() {
        Optional<ByteBuffer> lent = Optional.empty();
        try {
            if (spent.addAndGet(readBytes) <= bytes) {
                lent = Optional.ofNullable(notLent.poll()).map(ByteBuffer::clear)
                        .or(() -> Optional.of(PageMemory.allocate(readBytes)));
            }
        } catch (OutOfMemoryError e) {
            return lent; // the event loop's smaller reads may find some
        } finally {
            if (lent.isEmpty()) {
                giveBack(readBytes);
            }
        }
        return lent;
    }

    private void takeBack(ByteBuffer buffer) {
        notLent.add(buffer);
        giveBack(readBytes);
    }

    private void giveBack(long cost) {
        if (spent.addAndGet(-cost) < bytes) {
            wakeAll(waiting);
        }
    }

    private void await(Runnable wake) {
        waiting.add(wake);
        giveBack(0); // what was given back just before has woken nobody
    }

    private static void wakeAll(Queue<Runnable> waiting) {
        for (Runnable wake = waiting.poll(); wake != null; wake = waiting.poll()) {
            wake.run();
        }
    }
}
