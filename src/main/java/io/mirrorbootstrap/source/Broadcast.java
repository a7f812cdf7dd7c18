package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.LongSupplier;

import io.netty.util.internal.PlatformDependent;

/**
 * Sends one snapshot to several sidecars at once: it is read and hashed once, and each has a link, a pace and an end of its own. Who is far
 * behind makes the others wait, for a while ({@link Lag}); what can be read again is then read again for it alone.
 * <p>
 * One thread at a time, which must not be an event loop; each sidecar has a thread more, unless there is only one.
 */
public final class Broadcast implements AutoCloseable {

    /** How long others wait for a mirror of what can be read again, all in all. */
    public static final Duration LAG_OF_FILES = Duration.ofSeconds(1);

    /** How long others wait for a mirror of what cannot be read again, in a row. */
    public static final Duration LAG_OF_STREAMS = Duration.ofSeconds(10);

    private final List<Destination> to;
    private final List<SnapshotSender> senders = new ArrayList<>();
    private final MemoryShares shares;
    private final ChunkMemory memory;
    private final boolean allowEmpty;
    private final long replayBytes;

    /**
     * Opens nothing yet.
     *
     * @param to one or more, each another one
     * @param allowEmpty whether an input without a byte is a snapshot
     * @param replayBytes how much is held for all of them together, in bytes, 1 MiB or more
     */
    public Broadcast(List<Destination> to, boolean allowEmpty, long replayBytes) {
        this(to, allowEmpty, replayBytes, System::nanoTime);
    }

    /** @param nanoTime a clock that only goes forward */
    Broadcast(List<Destination> to, boolean allowEmpty, long replayBytes, LongSupplier nanoTime) {
        this.to = List.copyOf(to);
        this.allowEmpty = allowEmpty;
        this.replayBytes = replayBytes;
        this.shares = MemoryShares.of(to);
        this.memory = new ChunkMemory(shares.buffers());
        to.forEach(each -> senders.add(new SnapshotSender(each, memory, nanoTime)));
    }

    /**
     * Sends one snapshot and waits for what becomes of it everywhere.
     *
     * @param input read from its start, a stream when there is a link; not closed
     * @param progress of each, in the order of the destinations; each is called from a thread of its own
     * @param patience how long each comes back after faults that can heal, as for {@link SnapshotSender#send}
     * @param lagLimit how long a mirror is waited for that is behind by all that can be held: all in all where the input can be read again,
     *        else in a row
     * @return of each, in the order of the destinations
     * @throws InterruptedException when the thread was interrupted; all links are closed
     */
    public List<Outcome> send(SnapshotInput input, Origin origin, List<? extends Progress> progress,
            Duration patience, Duration lagLimit) throws InterruptedException {
        boolean isOne = senders.size() == 1;
        Lag lag = isOne ? Lag.ofOne() : Lag.ofSeveral(lagLimit, input.size().isEmpty(), System::nanoTime);
        Stock stock = new Stock(input, memory, shares.held(replayBytes), lag);
        Cargo cargo = new Cargo(stock, origin, allowEmpty);
        List<Supply> supplies = senders.stream().map(each -> new Supply(stock, memory, shares.each())).toList(); // before one is read from
        List<FutureTask<Outcome>> all = new ArrayList<>();
        for (int i = 0; i < senders.size(); i++) {
            SnapshotSender sender = senders.get(i);
            Supply supply = supplies.get(i);
            Progress own = progress.get(i);
            all.add(new FutureTask<>(() -> sender.deliver(cargo, supply, own, patience)));
        }
        try {
            return outcomes(all);
        } finally {
            stock.close();
        }
    }

    private static List<Outcome> outcomes(List<FutureTask<Outcome>> all) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        try {
            for (FutureTask<Outcome> each : all.subList(1, all.size())) {
                Thread thread = new Thread(each, "mirror " + threads.size());
                thread.setDaemon(true);
                threads.add(thread);
                thread.start();
            }
            all.get(0).run();
            List<Outcome> outcomes = new ArrayList<>();
            for (FutureTask<Outcome> each : all) {
                outcomes.add(outcome(each));
            }
            return outcomes;
        } finally {
            threads.forEach(Thread::interrupt); // without effect on those that have ended
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    /** Of one that has failed as nobody expects, too: it takes nothing away from the others. */
    private static Outcome outcome(FutureTask<Outcome> one) throws InterruptedException {
        try {
            return one.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InterruptedException interrupted) {
                throw interrupted;
            } else if (e.getCause() instanceof Error error) {
                throw error;
            }
            return new Outcome.Unexpected(e.getCause());
        }
    }

    /**
     * How much can be held, in bytes, whatever is asked for: what this process may have outside the heap, less what each mirror has for
     * itself.
     *
     * @param to the mirrors, one or more
     */
    public static long mostReplayBytes(List<Destination> to) {
        return (long) MemoryShares.of(to).held(Long.MAX_VALUE) * ChunkBuffer.MAX_PAYLOAD_BYTES;
    }

    /**
     * How much memory outside the heap is needed to send to so many, in bytes; empty where this process has enough.
     *
     * @param to the mirrors, one or more
     */
    public static OptionalLong neededDirectBytes(List<Destination> to) {
        return MemoryShares.neededBytes(to, PlatformDependent.maxDirectMemory());
    }

    /** Closes all links, and ends their event loops. */
    @Override
    public void close() {
        senders.forEach(SnapshotSender::close);
    }
}
