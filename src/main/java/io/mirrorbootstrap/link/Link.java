package io.mirrorbootstrap.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.access.Caller;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.http.ServerWebSocket;

/**
 * One WebSocket. Two sides:
 * <ul>
 * <li>the event loop reads the socket when it is asked to, and puts what comes into a queue;</li>
 * <li>one worker job at a time does the rest: it parses frames, decodes, checks, writes, and hands the answers back. Once
 * started, it reads on by itself as long as there is something, and asks the event loop for what comes next when there is
 * not. So while it works nothing is read, and when it is done much has come. What is likely to wait for the disk for long, as
 * a commit is, goes on aside, on another worker: meanwhile the job reads on as far as the next message, so that control
 * frames are answered.</li>
 * </ul>
 * Where the job cannot read by itself ({@link SocketReader}), the event loop goes on reading beside it, until the queue
 * holds the link's share.
 * <p>
 * It ends once, for the first of these: the socket is closed, a refusal that closes the link, a takeover, a failure.
 * What comes after that is not looked at.
 */
final class Link implements Source, SocketReader.Listener {

    private static final Logger LOG = Logger.getLogger(Link.class);

    /** How long a job may have its worker while others wait for one. */
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /**
     * A read that brings less than this has met the source's pace: the next is worth a short wait, if more is sure to come.
     */
    private static final int MANY_BYTES = 256 * 1024;

    /** After a read that brings less than this the event loop is asked: a source that drips must not hold a worker. */
    private static final int SOME_BYTES = 16 * 1024;

    /** As much as one read may bring. */
    private static final long STALLED_BYTES = 64 * 1024;

    private static final long SHORT_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** As many control frames are handed back at once. */
    private static final int MAX_CONTROLS = 64;

    private static final long NOT_BUSY = Long.MIN_VALUE;

    /** How long to wait before a database that is busy is asked again. */
    private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** A source that sends on while its message waits is told to come back after so long: what is held is missed by others. */
    private static final long BUSY_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** After so long it is said in the log that somebody waits. */
    private static final long TELL_BUSY_NANOS = TimeUnit.MINUTES.toNanos(1);

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final LinkSocket socket;
    private final Caller caller;
    private final Links links;
    private final LinkLimits limits;
    private final IngestBudget.Share budget;
    private final IngestRate rate;
    private final Turns.Workers workers;
    private final FrameParser parser;
    private final MessageReader reader;
    private final Answers answers;

    private final Queue<Inbound> queue = new ConcurrentLinkedQueue<>();
    private final AtomicLong queuedBytes = new AtomicLong();
    private final AtomicBoolean working = new AtomicBoolean();

    /** Set once; what comes is then thrown away. */
    private volatile boolean ended;
    /** Set once, on the event loop; what is in the queue still counts. */
    private volatile boolean lost;
    /** Until the event loop has done with control frames: they must not pile up there. */
    private volatile boolean awaitsControl;
    /** Until more is due by the common rate. */
    private volatile boolean awaitsRate;
    /**
     * While a message goes on aside, or is to be asked for again in a while: nothing but control frames is taken, and while it
     * goes on aside the reader is not the job's to use.
     */
    private volatile boolean stalled;
    /** What has come of going on aside; for the job to take. */
    private volatile Optional<Aside> aside = Optional.empty();
    /** Set on the event loop; a worker that gives bytes back reads it. */
    private volatile boolean overShare;
    /** Event loop only. */
    private boolean awaitsBudget;

    // worker only
    /** What is being parsed, and what to do when that is over. */
    private ByteBuffer parsing = NOTHING;
    private Runnable parsed = () -> {
    };
    private final List<ByteBuffer> controls = new ArrayList<>();
    /** Whether the socket is the job's to read, as the event loop is not asked to. */
    private boolean pulling;
    /** How much the last read brought. */
    private int pulledBytes;
    /** What came behind a message that is not finished, or control frames that have not been answered yet. */
    private Optional<Frame> held = Optional.empty();
    /** Why the sidecar has to give the link up, once the message that goes on aside is over. */
    private Optional<Throwable> failure = Optional.empty();
    /** Whether the message that came last is not finished yet. */
    private boolean unfinished;
    /** Since when its message finds the database busy. */
    private long busySinceNanos = NOT_BUSY;
    private boolean toldBusy;
    /** Whether transfers have been told. Written by the job only. */
    private volatile boolean released;

    Link(ServerWebSocket webSocket, Channel channel, UpgradeGuard guard, Context context, Caller caller, Links links,
            Mirrors mirrors, LinkLimits limits, IngestBudget.Share budget, IngestRate rate, Turns.Workers workers) {
        this.caller = caller;
        this.links = links;
        this.limits = limits;
        this.budget = budget;
        this.rate = rate;
        this.workers = workers;
        this.parser = new FrameParser(limits.maxFrameBytes());
        this.reader = new MessageReader(mirrors, this, limits);
        this.answers = new Answers(webSocket, context, limits.windowMessages(), this::startJob, this::saidGoodbye);
        this.socket = new LinkSocket(webSocket, channel, guard, context, limits.idleTimeout(), this, this::ended);
    }

    /** How going on aside has ended: with an answer or without, or by a failure. */
    private record Aside(Optional<MessageReader.Further> further, Optional<Throwable> failure) {
    }

    private void saidGoodbye() {
        socket.saidGoodbye();
    }

    /** Starts reading. Event loop only. */
    void start() {
        links.opened(this);
        socket.start();
        ask();
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
    public void superseded(DatabaseId database, Source successor) {
        LOG.infof("link from %s: the source at %s has taken over %s, closing this link", socket.remote(),
                successor.address(), database);
        end(new Answer.Refused(new Refusal.Superseded(database), Optional.of(database)));
        enqueue(new Inbound.LinkLost()); // its other transfers end or wait as if the link had dropped
    }

    @Override
    public boolean isGone() {
        return ended || lost;
    }

    @Override
    public Principal principal() {
        return caller.principal();
    }

    @Override
    public String address() {
        return socket.remote();
    }

    /** What has let its source in does so no more. Any thread. */
    void letInNoMore(String reason) {
        ended = true; // nor is what waits in the queue, which was not confirmed
        enqueue(new Inbound.LetInNoMore(reason));
    }

    private void ended(Inbound reason) {
        lost |= reason instanceof Inbound.LinkLost;
        enqueue(reason);
        answers.flushSoon(); // a job may be waiting for a source that will never read
    }

    @Override
    public void arrived(ByteBuf data) {
        Inbound.Bytes bytes = new Inbound.Bytes(data);
        queuedBytes.addAndGet(bytes.cost());
        budget.take(bytes.cost());
        queue.add(bytes);
    }

    /** One job for all that a read has brought. */
    @Override
    public void arrivedAll() {
        if (!queue.isEmpty()) {
            startJob();
        }
        if (!socket.canPull()) {
            overShare = queuedBytes.get() >= share();
            askIfUnderShare();
        }
    }

    /** How much may wait, in bytes: little while a message goes on aside, because what comes meanwhile is not looked at. */
    private long share() {
        return stalled ? Math.min(STALLED_BYTES, budget.bytesPerLink()) : budget.bytesPerLink();
    }

    private void askIfUnderShare() {
        if (!overShare) {
            ask();
        } else {
            askWhenUnderShare(); // the job may have emptied the queue before the flag was up
        }
    }

    private void askWhenUnderShare() {
        if (overShare && queuedBytes.get() <= share() / 2) {
            overShare = false;
            socket.onLoop(this::ask);
        }
    }

    /** Asks for what comes next, as soon as there is room for it. Event loop only. */
    private void ask() {
        if (isGone() || budget.hasRoom()) {
            socket.ask(); // of a link that has ended, the close behind what is thrown away must be seen
        } else if (!awaitsBudget) {
            awaitsBudget = true;
            budget.await(() -> socket.onLoop(() -> {
                awaitsBudget = false;
                ask();
            }));
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
        boolean ending = isEnding();
        Uni.createFrom().voidItem().invoke(() -> work(ending))
                .runSubscriptionOn(ending ? workers.asides() : workers.jobs())
                .subscribe().with(nothing -> LOG.tracef("link from %s: job ended", socket.remote()), this::lostWorker);
    }

    /** Whether what it received has to be made durable now, for which a job waits for the disk. */
    private boolean isEnding() {
        return isGone() && !released;
    }

    private void lostWorker(Throwable failure) {
        LOG.errorf(failure, "link from %s: no worker for it, closing it", socket.remote());
        working.set(false);
        socket.cut();
    }

    /**
     * The job: one at a time. It goes on until nothing is left to do, something must be waited for, or its turn is over:
     * then it goes to the end of the line. Answers are sent then, not before: as long as there is something to read, the
     * source waits for none, and each sending wakes two threads.
     */
    private void work(boolean ending) {
        long began = System.nanoTime();
        boolean waits;
        boolean isHolding;
        boolean mayReadOn;
        do {
            while (isEnding() == ending && step()) {
                if (System.nanoTime() - began > TURN_NANOS) {
                    answers.flushSoon();
                    submit();
                    return;
                }
            }
            answers.flushSoon();
            if (isEnding() != ending) { // on the other's workers
                submit();
                return;
            }
            isHolding = held.isPresent() || failure.isPresent();
            mayReadOn = !isHolding && (parsing.hasRemaining() || pulling && queue.isEmpty());
            waits = pulling || parsing.hasRemaining() || held.isPresent() || unfinished;
            working.set(false);
            // what came, or was waited for, before the flag was down has started no job
        } while (mayWork() && (stalled ? mayReadOn || !isHolding && hasBytes() : waits || !queue.isEmpty())
                && working.compareAndSet(false, true));
    }

    /** Does the next thing; false when there is nothing to do now. */
    private boolean step() {
        if (!mayWork()) {
            return false;
        }
        try {
            if (stalled) {
                return held.isEmpty() && failure.isEmpty() && readAhead();
            } else if (unfinished) {
                goOn();
                return true;
            } else if (held.isPresent()) {
                takeHeld(held.get());
                return true;
            }
            return readOn();
        } catch (Exception | Error e) {
            // an Error too: a link must not die silently, nor leave its transfers half-way
            failure = Optional.of(e);
            return endBroken();
        }
    }

    /** Ends it for the failure, unless a message goes on aside: then when that is over. */
    private boolean endBroken() {
        if (!stalled) {
            broken(failure.orElseThrow());
        }
        return !stalled;
    }

    private void takeHeld(Frame frame) throws IOException {
        held = Optional.empty();
        try {
            take(frame);
        } finally {
            endIfParsed();
        }
    }

    /** The next of what has come; false when nothing has. */
    private boolean readOn() throws IOException {
        if (parsing.hasRemaining()) {
            parse();
            return true;
        }
        Inbound item = queue.poll();
        if (item != null) {
            process(item);
            return true;
        }
        return pulling && pull();
    }

    /** As far as the next message: bytes only, because the rest of the queue is about the end, which the reader must hear of. */
    private boolean readAhead() throws IOException {
        if (parsing.hasRemaining()) {
            parse();
            return true;
        } else if (hasBytes()) {
            process(queue.poll());
            return true;
        }
        return queue.isEmpty() && pulling && pull();
    }

    private boolean hasBytes() {
        return queue.peek() instanceof Inbound.Bytes;
    }

    /** Goes on with the message that is not finished yet. */
    private void goOn() throws IOException {
        Optional<Aside> over = aside;
        aside = Optional.empty();
        failure = failure.or(() -> over.flatMap(Aside::failure));
        if (failure.isPresent()) {
            broken(failure.get());
        } else if (over.isPresent()) {
            further(over.get().further().orElseThrow());
        } else if (!reader.isWhole() && !queue.isEmpty() && !hasBytes()) {
            process(queue.poll()); // about the end, whatever the message still waits for
        } else if (ended || lost && !reader.isWhole()) {
            reader.abandon();
            unfinished = false;
        } else if (reader.mayTakeLong()) {
            stalled = true;
            goOnAside();
        } else {
            further(reader.further());
            if (unfinished && !stalled && !reader.isWhole() && held.isEmpty()) {
                readOn(); // it may take long, and pings are to be answered meanwhile
            }
        }
    }

    private void further(MessageReader.Further further) throws IOException {
        unfinished = reader.isUnfinished();
        if (further instanceof MessageReader.Further.Answered answered) {
            answer(answered.answer());
        }
        if (!(further instanceof MessageReader.Further.Busy)) {
            busySinceNanos = NOT_BUSY;
        } else if (isPatient()) {
            stalled = true;
            socket.later(BUSY_NANOS, this::goOnLater);
        } else {
            answer(new Answer.Refused(new Refusal.Transport(
                    "the disk is at work for this database and what is sent meanwhile cannot be held: try again"),
                    Optional.empty()));
        }
    }

    /** Whether a message may go on waiting for its database: as long as nothing is held for it that others may need. */
    private boolean isPatient() {
        long now = System.nanoTime();
        if (busySinceNanos == NOT_BUSY) {
            busySinceNanos = now;
            toldBusy = false;
        }
        long waited = now - busySinceNanos;
        if (!toldBusy && waited > TELL_BUSY_NANOS) {
            toldBusy = true;
            LOG.infof("link from %s waits for a database for which the disk is at work", socket.remote());
        }
        return held.isEmpty() || waited < BUSY_PATIENCE_NANOS;
    }

    private void goOnLater() {
        stalled = false;
        startJob();
    }

    private void goOnAside() {
        Uni.createFrom().item(reader::further).runSubscriptionOn(workers.asides()).subscribe().with(
                further -> endAside(new Aside(Optional.of(further), Optional.empty())),
                failure -> endAside(new Aside(Optional.empty(), Optional.of(failure))));
    }

    private void endAside(Aside over) {
        aside = Optional.of(over);
        goOnLater();
    }

    private boolean mayWork() {
        return !awaitsControl && (isGone() || !answers.isFull() && !awaitsRate);
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
            pulledBytes = socket.pull(buffer.limit(rate.atMost(buffer.limit())));
            if (pulledBytes > 0) {
                begin(buffer.flip(), () -> budget.takeBack(buffer));
                return true;
            }
            budget.takeBack(buffer);
        }
        pulling = false;
        socket.onLoop(this::ask);
        return false;
    }

    /** Parses {@code bytes} from now on, and calls {@code then} when that is over. */
    private void begin(ByteBuffer bytes, Runnable then) {
        parsing = bytes;
        parsed = then;
        endIfParsed(); // there may be none
    }

    /** The next frame, or piece of one. */
    private void parse() throws IOException {
        try {
            Optional<Frame> frame = parser.next(parsing);
            socket.isMidway(parser.isMidway());
            if (frame.isPresent()) {
                take(frame.get());
            }
            boolean last = held.isPresent() || !parsing.hasRemaining();
            if (controls.size() >= MAX_CONTROLS || last && !controls.isEmpty()) {
                handBackControls();
            }
        } finally {
            endIfParsed();
        }
    }

    private void endIfParsed() {
        if (!parsing.hasRemaining() && held.isEmpty() && parsing != NOTHING) {
            int bytes = parsing.limit();
            parsing = NOTHING;
            parsed.run();
            if (!isGone()) {
                awaitRate(rate.take(bytes)); // what is thrown away counts for nobody
            }
        }
    }

    private void take(Frame frame) throws IOException {
        if (frame instanceof Frame.Control control) {
            controls.add(control.bytes());
        } else if (unfinished || !controls.isEmpty()) {
            held = Optional.of(frame);
        } else if (frame instanceof Frame.Piece piece) {
            if (!ended) {
                Optional<Answer> answer = reader.read(piece);
                unfinished = reader.isUnfinished();
                answer(answer);
            }
        } else if (frame instanceof Frame.Unacceptable unacceptable) {
            process(unacceptable.reason());
        }
    }

    /** Nothing else is taken until they are answered: whoever floods the link with them is slowed down. */
    private void handBackControls() {
        List<ByteBuffer> frames = List.copyOf(controls);
        controls.clear();
        awaitsControl = true;
        answers.flushSoon(); // before a close, behind which nothing is sent
        socket.onLoop(() -> {
            socket.control(frames);
            awaitsControl = false;
            startJob();
        });
    }

    private void awaitRate(long nanos) {
        if (nanos > 0) {
            awaitsRate = true;
            socket.later(nanos, () -> {
                awaitsRate = false;
                startJob();
            });
        }
    }

    private void process(Inbound item) throws IOException {
        if (item instanceof Inbound.LinkLost) {
            ended = true;
            try {
                release(KeptReason.LINK_LOST);
            } finally {
                links.closed(this);
            }
        } else if (item instanceof Inbound.Bytes bytes) {
            pulling = socket.canPull();
            pulledBytes = bytes.data().readableBytes();
            begin(bytes.data().nioBuffer(), () -> giveBack(bytes));
        } else if (item instanceof Inbound.Shutdown) {
            try {
                release(KeptReason.PROCESS_ENDING);
            } finally {
                sayGoodbye();
                socket.onLoop(() -> links.closed(this));
            }
        } else if (item instanceof Inbound.LetInNoMore over) {
            hangUp(LinkSocket.TRY_AGAIN_LATER, over.reason()); // with what may have been renewed
        } else if (ended) {
            return;
        } else if (item instanceof Inbound.FrameTooLarge) {
            answer(new Answer.Refused(new Refusal.ChunkTooLarge(limits.maxChunkBytes()), Optional.empty()));
        } else if (item instanceof Inbound.NoMemory none) {
            LOG.errorf("link from %s: no memory for what it brings (%s): give more outside the heap "
                    + "(-XX:MaxDirectMemorySize), or allow fewer sources at once", socket.remote(), none.reason());
            answer(new Answer.Refused(new Refusal.Transport("the sidecar has no memory for more now: try again"),
                    Optional.empty()));
        } else if (item instanceof Inbound.NotWebSocket violation) {
            hangUp(LinkSocket.PROTOCOL_ERROR, violation.reason());
        } else if (item instanceof Inbound.NotText violation) {
            hangUp(LinkSocket.NOT_TEXT, violation.reason());
        } else if (item instanceof Inbound.TooSlow slow) {
            hangUp(LinkSocket.POLICY_VIOLATION, "a message takes longer than " + slow.limit().toMillis() + " ms");
        }
    }

    /** Ends it for what the protocol has no error object for. */
    private void hangUp(int closeCode, String reason) throws IOException {
        LOG.warnf("link from %s: %s, closing it", socket.remote(), reason);
        ended = true;
        release(KeptReason.LINK_LOST);
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
            release(KeptReason.LINK_LOST); // before the source hears of it: then it finds things as they will stay
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
    }

    private void broken(Throwable failure) {
        LOG.errorf(failure, "link from %s: the sidecar failed, closing it", socket.remote());
        ended = true;
        try {
            release(KeptReason.LINK_LOST);
        } catch (Exception | Error e) {
            LOG.errorf(e, "link from %s: its transfers could not be ended", socket.remote());
        }
        end(new Answer.Refused(new Refusal.Transport("the sidecar failed unexpectedly, its log says why"),
                Optional.empty()));
    }

    private void release(KeptReason reason) throws IOException {
        if (!released) {
            released = true;
            unfinished = false;
            reader.end(reason);
            LOG.debugf("link from %s ended", socket.remote());
        }
    }

    private void giveBack(Inbound.Bytes bytes) {
        int cost = bytes.cost();
        bytes.data().release();
        queuedBytes.addAndGet(-cost);
        askWhenUnderShare();
        budget.giveBack(cost);
    }
}
