package io.mirrorbootstrap.link;

import java.util.Optional;
import java.util.concurrent.TimeUnit;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.SharedRate;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.EndedByOthers;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TraceContext;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.JsonMessages;
import io.netty.buffer.ByteBuf;

/**
 * One WebSocket, from its parts: bytes come by the {@link Transport}, wait in the {@link Intake}, are taken as frames by the
 * {@link LinkJob} to the {@link Messages}, and go back as {@link Answers}; {@link LinkEnd} is how it ends. The event loop touches
 * the transport and what waits; all else is the job's, on a worker.
 * <p>
 * The job rests while the answers are full, while the rate is ahead, while nothing has come, and while a message is stalled: then only
 * control frames are taken. Each of these wakes it when it is over.
 */
final class Link implements Source, Transport.Listener, LinkJob.Work {

    private static final Logger LOG = Logger.getLogger(Link.class);

    /** How long until a link that has found no worker asks for one again; sooner when the connection is gone. */
    private static final long WORKER_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Transport transport;
    private final Principal principal;
    private final EndedByOthers endedByOthers = new EndedByOthers();
    private final Links links;
    private final LinkJob job;
    private final Intake intake;
    private final Answers answers;
    private final Messages messages;
    private final LinkEnd end;
    private final LinkMeters meters;

    // the job's
    /** Whether the answers were full when they were last looked at. */
    private boolean wasFull;
    /** A frame that came behind a message that is not finished. */
    private Optional<Frame> held = Optional.empty();
    /** Why the sidecar gives the link up, as soon as the message is not stalled any more. */
    private Optional<Throwable> failure = Optional.empty();

    Link(Transport transport, Principal principal, Links links, Mirrors mirrors, LinkLimits limits,
            IngestBudget.Share budget, SharedRate.Share rate, HeapRoom room, Turns.Workers workers, LinkMeters meters) {
        this.transport = transport;
        this.principal = principal;
        this.links = links;
        this.meters = meters;
        this.job = new LinkJob(this, workers, System::nanoTime, this::lostWorker);
        this.answers = new Answers(transport, room, limits.windowMessages(), job::wake);
        this.messages = new Messages(new MessageReader(mirrors, this, limits, room, meters, this::yields), workers,
                transport, meters,
                this::answer, job::wake);
        this.end = new LinkEnd(transport, answers, messages, () -> links.closed(this), limits.maxChunkBytes(), meters);
        this.intake = new Intake(transport, new FrameParser(limits.maxFrameBytes()), budget, rate, meters, this::isGone,
                end::isEnded, job::wake);
    }

    /** What came compressed has so many bytes more than it took on its way: the disk is to be spared them, too. */
    private void yields(int more) {
        intake.takeFromRate(more);
    }

    /** Starts reading, when its transport listens. Event loop only. */
    void start() {
        intake.start();
        LOG.debugf("link from %s opened", transport.remote());
    }

    @Override
    public void arrived(ByteBuf bytes) {
        intake.arrived(bytes);
    }

    @Override
    public void arrivedAll() {
        intake.arrivedAll();
    }

    @Override
    public void ends(Ending reason) {
        announce(reason);
        if (reason instanceof Ending.LinkLost) {
            answers.forget(); // the job may be waiting for a source that will never read
            intake.forget();
        }
    }

    /** The process is ending: the received bytes are kept, the source is told to come back. Any thread. */
    void shutDown() {
        announce(new Ending.Shutdown());
    }

    /** The token or certificate of its source is not good any more. Any thread. */
    void letInNoMore(String reason) {
        announce(new Ending.LetInNoMore(reason));
    }

    /** Another caller gets the place: the received bytes are kept, the source is told to come back. Any thread. */
    void makeRoom(String reason) {
        announce(new Ending.MakesRoom(reason));
    }

    private void announce(Ending reason) {
        end.announce(reason);
        intake.add(reason);
    }

    /** Tells the source that the process is ending. Any thread. */
    void sayGoodbye() {
        end.sayGoodbye();
    }

    @Override
    public void superseded(DatabaseId database, Source successor) {
        end.superseded(database, successor);
        intake.add(new Ending.LinkLost()); // its other transfers end or wait as if the link had dropped
    }

    @Override
    public EndedByOthers endedByOthers() {
        return endedByOthers;
    }

    @Override
    public boolean isSuperseded() {
        return end.isSuperseded();
    }

    @Override
    public boolean isGone() {
        return end.isGone();
    }

    @Override
    public Principal principal() {
        return principal;
    }

    @Override
    public String address() {
        return transport.remote();
    }

    @Override
    public Optional<TraceContext> trace() {
        return transport.trace();
    }

    private void lostWorker(Throwable cause) {
        LOG.errorf(cause, "link from %s: no worker for it, closing it", transport.remote());
        transport.cut();
        transport.later(WORKER_AGAIN_NANOS, job::wake); // what it holds is not given back until it has had one
    }

    @Override
    public boolean isEnding() {
        return end.isEnding();
    }

    /** Answers are sent now, not before: a source that has more to send waits for none, and each sending wakes two threads. */
    @Override
    public void rests() {
        answers.flushSoon();
    }

    @Override
    public boolean step() {
        if (!isGone() && (areAnswersFull() || intake.awaitsRate())) {
            return false;
        }
        try {
            return takeNext();
        } catch (Exception | Error e) { // an Error too: a link must not die silently, nor leave its transfers half-way
            failure = Optional.of(e);
            return true;
        }
    }

    private boolean areAnswersFull() {
        boolean isFull = answers.isFull();
        if (isFull && !wasFull) {
            meters.paused(LinkMeters.Pause.ANSWERS);
        }
        wasFull = isFull;
        return isFull;
    }

    private boolean takeNext() throws Exception {
        if (messages.isStalled()) {
            return held.isEmpty() && failure.isEmpty() && readFrame();
        }
        intake.takesLittle(false);
        if (failure.isPresent()) {
            giveUp();
            return true;
        } else if (messages.isUnfinished()) {
            goOn();
            return true;
        } else if (held.isPresent()) {
            takeFrame();
            return true;
        }
        return end.releaseClosed() || readFrame() || processEnding();
    }

    private void giveUp() {
        Throwable cause = failure.orElseThrow();
        failure = Optional.empty();
        held = Optional.empty();
        intake.passOver();
        end.broken(cause);
    }

    /** Goes on with the message that is not finished, unless the end makes it pointless. */
    private void goOn() throws Exception {
        if (messages.takeResult() || !messages.isWhole() && processEnding()) {
            return;
        } else if (end.isEnded() || isGone() && !messages.isWhole()) {
            messages.abandon();
            return;
        }
        messages.goOn(held.isPresent());
        if (messages.isStalled()) {
            intake.takesLittle(true);
        } else if (messages.isUnfinished() && !messages.isWhole() && held.isEmpty()) {
            readFrame(); // it may take long, and pings are to be answered meanwhile
        }
    }

    private boolean processEnding() {
        Optional<Ending> ending = intake.nextEnding();
        ending.ifPresent(end::end);
        return ending.isPresent();
    }

    private boolean readFrame() {
        if (!intake.hasBytes()) {
            return false;
        }
        takeFrame();
        return true;
    }

    /** Takes the frame that is held, or else the next of what has come. */
    private void takeFrame() {
        Optional<Frame> before = held;
        held = Optional.empty();
        try {
            (before.isPresent() ? before : intake.next()).ifPresent(this::take);
        } finally {
            if (held.isEmpty()) {
                intake.done();
            }
        }
    }

    private void take(Frame frame) {
        if (frame instanceof Frame.Ping ping) {
            if (!end.isEnded() && !answers.pong(ping)) { // behind a close frame no pong may follow, nor is one kept
                inTurn(new Frame.Unacceptable(
                        new Ending.NotWebSocket("pings come faster than their pongs are read")));
            }
        } else {
            inTurn(frame);
        }
    }

    /** Takes what may touch the message at hand, or end it: behind that message. */
    private void inTurn(Frame frame) {
        if (messages.isUnfinished()) {
            assert held.isEmpty() : held;
            held = Optional.of(frame);
        } else if (frame instanceof Frame.Close close) {
            end.closed(close);
        } else if (frame instanceof Frame.Unacceptable unacceptable) {
            end.end(unacceptable.reason());
        } else if (!end.isEnded()) {
            messages.take((Frame.Piece) frame);
        }
    }

    private void answer(Answer answer) {
        if (!LinkEnd.closes(answer)) {
            if (answer instanceof Answer.Refused refused) {
                meters.refused(refused);
            }
            answers.add(JsonMessages.write(answer));
        } else if (!end.isEnded()) { // else its source is told why it has ended, and not what came of that
            end.refuse((Answer.Refused) answer);
        }
    }
}
