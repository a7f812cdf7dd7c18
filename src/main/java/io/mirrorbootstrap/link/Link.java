package io.mirrorbootstrap.link;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.access.Caller;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;
import io.netty.channel.Channel;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.http.ServerWebSocket;

/**
 * One WebSocket. Two sides:
 * <ul>
 * <li>the event loop puts frames into a queue, and stops reading the socket when the queue or the common budget is
 * full;</li>
 * <li>one worker job at a time empties the queue: decodes, checks, writes, and hands the answers back.</li>
 * </ul>
 * No hop per frame: a job, once started, goes on as long as there is something in the queue.
 * <p>
 * It ends once, for the first of these: the socket is closed, a refusal that closes the link, a takeover, a failure.
 * What comes after that is not looked at.
 */
final class Link implements Source, FrameReader.Listener {

    private static final Logger LOG = Logger.getLogger(Link.class);

    /** How long a job may have its worker while others wait for one. */
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final LinkSocket socket;
    private final Caller caller;
    private final Links links;
    private final LinkLimits limits;
    private final IngestBudget budget;
    private final IngestRate rate;
    private final Executor workers;
    private final MessageReader reader;
    private final Answers answers;

    private final Queue<Inbound> queue = new ConcurrentLinkedQueue<>();
    private final AtomicLong queuedBytes = new AtomicLong();
    private final AtomicBoolean working = new AtomicBoolean();

    /** Set once; what is in the queue is then thrown away. */
    private volatile boolean ended;
    /** Set once, on the event loop; what is in the queue still counts. */
    private volatile boolean lost;
    /** Worker only: whether transfers have been told. */
    private boolean released;
    /** Set on the event loop; a worker that gives bytes back reads it. */
    private volatile boolean overShare;
    // event loop only
    private boolean awaitsBudget;
    private boolean awaitsRate;
    private long rateDueNanos;

    Link(ServerWebSocket webSocket, Channel channel, UpgradeGuard guard, Context context, Caller caller, Links links,
            Mirrors mirrors, LinkLimits limits, IngestBudget budget, IngestRate rate, Executor workers) {
        this.caller = caller;
        this.links = links;
        this.limits = limits;
        this.budget = budget;
        this.rate = rate;
        this.workers = workers;
        this.reader = new MessageReader(mirrors, this, limits);
        this.answers = new Answers(webSocket, context, this::startJob);
        this.socket = new LinkSocket(webSocket, channel, guard, context, limits);
    }

    /** Starts reading. Event loop only. */
    void start() {
        links.opened(this);
        socket.start(this);
        LOG.debugf("link from %s opened", socket.remote());
    }

    /** The process is ending: what came is kept, the source is told to come back. Any thread. */
    void shutDown() {
        ended = true; // what is still in the queue was not confirmed, and will be sent again
        enqueue(new Inbound.Shutdown());
    }

    /** Tells the source that the process is ending. Any thread. */
    void sayGoodbye() {
        answers.addAndClose("", LinkSocket.SERVICE_RESTART, "the sidecar is shutting down");
    }

    @Override
    public void superseded(DatabaseId database) {
        LOG.infof("link from %s: another link has taken over %s, closing this one", socket.remote(), database);
        end(new Answer.Refused(new Refusal.Superseded(database), Optional.of(database)));
        enqueue(new Inbound.LinkLost()); // its other transfers end or wait as if the link had dropped
    }

    @Override
    public boolean isGone() {
        return ended || lost;
    }

    @Override
    public Optional<String> provenCluster() {
        return caller.cluster();
    }

    @Override
    public void ended(Inbound reason) {
        lost |= reason instanceof Inbound.LinkLost;
        enqueue(reason);
        answers.flushSoon(); // a job may be waiting for a source that will never read
    }

    @Override
    public void piece(Inbound.Fragment fragment) {
        if (ended) {
            fragment.release();
            return;
        }
        long held = queuedBytes.addAndGet(fragment.cost());
        if (held >= budget.bytesPerLink()) {
            overShare = true;
            socket.pause(PauseReason.SHARE);
            // the job may have emptied the queue before the flag was up
            resumeIfUnderShare();
        }
        if (!budget.take(fragment.cost())) {
            socket.pause(PauseReason.BUDGET);
            if (!awaitsBudget) {
                awaitsBudget = true;
                budget.await(() -> socket.afterWrites(() -> {
                    awaitsBudget = false;
                    socket.resumeNow(PauseReason.BUDGET);
                }));
            }
        }
        long wait = rate.take(fragment.data().readableBytes());
        if (wait > 0) {
            rateDueNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(wait);
            socket.pause(PauseReason.RATE);
            if (!awaitsRate) {
                awaitsRate = true;
                socket.later(wait, this::rateIsDue);
            }
        }
        queue.add(fragment);
    }

    /** One timer for a link, however many frames have moved the time meanwhile. Event loop only. */
    private void rateIsDue() {
        long left = TimeUnit.NANOSECONDS.toMillis(rateDueNanos - System.nanoTime());
        if (left > 0 && !ended) {
            socket.later(left, this::rateIsDue);
        } else {
            awaitsRate = false;
            socket.resumeNow(PauseReason.RATE);
        }
    }

    /** One job for all that was there to be read. */
    @Override
    public void drained() {
        if (!queue.isEmpty()) {
            startJob();
        }
    }

    private void enqueue(Inbound item) {
        queue.add(item);
        startJob();
    }

    private void startJob() {
        if (working.compareAndSet(false, true)) {
            submit();
        }
    }

    private void submit() {
        Uni.createFrom().voidItem().invoke(this::work).runSubscriptionOn(workers)
                .subscribe().with(nothing -> LOG.tracef("link from %s: job ended", socket.remote()),
                        failure -> LOG.errorf(failure, "link from %s: no worker for it", socket.remote()));
    }

    /**
     * The job: one at a time. It goes on until nothing is left to do, the source does not read its answers, or its turn is
     * over: then it goes to the end of the line.
     */
    private void work() {
        long began = System.nanoTime();
        do {
            for (Optional<Inbound> item = next(); item.isPresent(); item = next()) {
                try {
                    process(item.get());
                } catch (Exception | Error e) {
                    // an Error too: a link must not die silently, nor leave its transfers half-way
                    broken(e);
                } finally {
                    giveBack(item.get());
                }
                if (System.nanoTime() - began > TURN_NANOS) {
                    submit();
                    return;
                }
            }
            working.set(false);
            // what came, or was drained, before the flag was down has started no job
        } while (mayWork() && !queue.isEmpty() && working.compareAndSet(false, true));
    }

    private Optional<Inbound> next() {
        if (!mayWork()) {
            return Optional.empty();
        }
        return reader.isOpening() && !isGone()
                ? Optional.of(new Inbound.OpenFurther())
                : Optional.ofNullable(queue.poll());
    }

    private boolean mayWork() {
        return ended || !answers.isFull();
    }

    private void process(Inbound item) throws IOException {
        if (item instanceof Inbound.LinkLost) {
            ended = true;
            try {
                release();
            } finally {
                links.closed(this);
            }
        } else if (item instanceof Inbound.Shutdown) {
            try {
                release();
            } finally {
                sayGoodbye();
                socket.afterWrites(() -> links.closed(this));
            }
        } else if (ended) {
            return;
        } else if (item instanceof Inbound.Fragment fragment) {
            answer(reader.read(fragment));
        } else if (item instanceof Inbound.OpenFurther) {
            answer(reader.openFurther());
        } else if (item instanceof Inbound.FrameTooLarge) {
            answer(new Answer.Refused(new Refusal.ChunkTooLarge(limits.maxChunkBytes()), Optional.empty()));
        } else if (item instanceof Inbound.NoMemory none) {
            LOG.errorf("link from %s: no memory for what it brings (%s): give more outside the heap "
                    + "(-XX:MaxDirectMemorySize), or allow fewer sources at once", socket.remote(), none.reason());
            answer(new Answer.Refused(new Refusal.Transport("the sidecar has no memory for more now: try again"),
                    Optional.empty()));
        } else if (item instanceof Inbound.NotWebSocket violation) {
            hangUp(LinkSocket.PROTOCOL_ERROR, violation.reason());
        } else if (item instanceof Inbound.TooSlow slow) {
            hangUp(LinkSocket.POLICY_VIOLATION, "a message takes longer than " + slow.limit().toMillis() + " ms");
        }
    }

    /** Ends it for what the protocol has no error object for. */
    private void hangUp(int closeCode, String reason) throws IOException {
        LOG.warnf("link from %s: %s, closing it", socket.remote(), reason);
        ended = true;
        release();
        answers.addAndClose("", closeCode, reason);
    }

    private void answer(Optional<Answer> answer) throws IOException {
        if (answer.isPresent()) {
            answer(answer.get());
        }
    }

    private void answer(Answer answer) throws IOException {
        if (answer instanceof Answer.Refused refused && ErrorCode.of(refused.refusal()).closes().isPresent()) {
            LOG.warnf("link from %s: %s, closing it", socket.remote(), refused.refusal().message());
            ended = true;
            release(); // before the source hears of it: then it finds things as they will stay
            end(refused);
        } else {
            answers.add(JsonMessages.write(answer));
        }
    }

    /** Tells the source the last thing it will hear. */
    private void end(Answer.Refused refused) {
        ended = true;
        ErrorCode code = ErrorCode.of(refused.refusal());
        OptionalInt closes = code.closes();
        answers.addAndClose(JsonMessages.write(refused), closes.orElseThrow(), code.spelling());
        socket.discard();
    }

    private void broken(Throwable failure) {
        LOG.errorf(failure, "link from %s: the sidecar failed, closing it", socket.remote());
        ended = true;
        try {
            release();
        } catch (Exception | Error e) {
            LOG.errorf(e, "link from %s: its transfers could not be ended", socket.remote());
        }
        end(new Answer.Refused(new Refusal.Transport("the sidecar failed unexpectedly, its log says why"),
                Optional.empty()));
    }

    private void release() throws IOException {
        if (!released) {
            released = true;
            reader.end();
            LOG.debugf("link from %s ended", socket.remote());
        }
    }

    private void giveBack(Inbound item) {
        if (item instanceof Inbound.Fragment fragment) {
            int cost = fragment.cost();
            fragment.release();
            queuedBytes.addAndGet(-cost);
            resumeIfUnderShare();
            budget.giveBack(cost);
        }
    }

    private void resumeIfUnderShare() {
        if (overShare && queuedBytes.get() <= budget.bytesPerLink() / 2) {
            overShare = false;
            socket.resume(PauseReason.SHARE);
        }
    }
}
