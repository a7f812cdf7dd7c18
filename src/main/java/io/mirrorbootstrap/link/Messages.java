package io.mirrorbootstrap.link;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.wire.Answer;
import io.smallrye.mutiny.Uni;

/**
 * The messages of a link, one after another: each is read, and gone on with until it has its answer. A message that is likely to wait
 * for the disk for long, as a commit is, goes on aside, on another worker; one that finds its database busy, or no place to be decoded, is
 * asked for again in a while. Meanwhile the job is free to look for control frames. The job only.
 */
final class Messages implements LinkEnd.Transfers {

    private static final Logger LOG = Logger.getLogger(Messages.class);

    /** How long to wait before a database that is busy is asked again. */
    private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /**
     * A source that sends on while its message waits is told to come back after so long: others miss the memory that is held for it.
     */
    private static final Duration BUSY_PATIENCE = Duration.ofSeconds(10);

    /** After so long it is said in the log that a source waits. */
    private static final Duration TELL_BUSY = Duration.ofMinutes(1);

    /** How far the last message is. */
    private sealed interface State {

        /** It has its answer, or is not whole yet: the next frame may be taken. */
        record Ready() implements State {
        }

        /**
         * The job goes on with it.
         *
         * @param busy what it waits for, if it does
         */
        record Unfinished(Optional<Busy> busy) implements State {
        }

        /**
         * Nothing is done with it until {@code over}.
         *
         * @param over done with what has come of going on aside, or with nothing when its database is to be asked again
         */
        record Stalled(Unfinished before, CompletableFuture<Optional<Further>> over) implements State {
        }
    }

    /**
     * A wait for what others do.
     *
     * @param sinceNanos since when, whatever it was for before
     */
    private record Busy(long sinceNanos, LinkMeters.Pause reason) {
    }

    private final MessageReader reader;
    private final Turns.Workers workers;
    private final Transport transport;
    private final LinkMeters meters;
    private final Consumer<Answer> whenAnswered;
    private final Runnable wake;

    private State state = new State.Ready();
    private boolean toldBusy;

    /**
     * @param whenAnswered takes each answer
     * @param wake called on any thread when {@link #isStalled} is over
     */
    Messages(MessageReader reader, Turns.Workers workers, Transport transport, LinkMeters meters,
            Consumer<Answer> whenAnswered, Runnable wake) {
        this.reader = reader;
        this.workers = workers;
        this.transport = transport;
        this.meters = meters;
        this.whenAnswered = whenAnswered;
        this.wake = wake;
    }

    /** Whether the last message has all its bytes and no answer: no data frame may be taken. */
    boolean isUnfinished() {
        return !(state instanceof State.Ready);
    }

    /** Whether nothing may be done with the last message now. */
    boolean isStalled() {
        return state instanceof State.Stalled stalled && !stalled.over().isDone();
    }

    /** Whether the unfinished message counts though the link is lost. */
    boolean isWhole() {
        return reader.isWhole();
    }

    /** Takes the next part of a message. */
    void take(Frame.Piece piece) {
        assert !isUnfinished() : state;
        Optional<Answer> answer = reader.read(piece);
        state = reader.isUnfinished() ? new State.Unfinished(Optional.empty()) : new State.Ready();
        answer.ifPresent(whenAnswered);
    }

    /**
     * Takes what has come of going on aside.
     *
     * @return false if there is nothing to be taken
     */
    boolean takeResult() throws Exception {
        if (!(state instanceof State.Stalled stalled)) {
            return false;
        }
        state = stalled.before();
        Optional<Further> result;
        try {
            result = stalled.over().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof Exception failure ? failure : new IllegalStateException(e.getCause());
        }
        result.ifPresent(further -> took(further, false));
        return result.isPresent();
    }

    /**
     * Goes on with the unfinished message.
     *
     * @param othersWait whether memory is held for frames behind it
     */
    void goOn(boolean othersWait) {
        assert state instanceof State.Unfinished : state;
        if (reader.mayTakeLong()) {
            meters.paused(LinkMeters.Pause.DISK);
            stall(Uni.createFrom().item(reader::further).map(Optional::of).runSubscriptionOn(workers.asides())
                    .subscribeAsCompletionStage());
        } else {
            took(reader.further(), othersWait);
        }
    }

    private void stall(CompletableFuture<Optional<Further>> over) {
        state = new State.Stalled((State.Unfinished) state, over);
        over.whenComplete((result, failure) -> wake.run());
    }

    private void took(Further further, boolean othersWait) {
        Optional<Busy> before = ((State.Unfinished) state).busy();
        state = reader.isUnfinished() ? new State.Unfinished(Optional.empty()) : new State.Ready();
        if (further instanceof Further.Answered answered) {
            whenAnswered.accept(answered.answer());
        } else if (further instanceof Further.Busy) {
            busy(before, othersWait, LinkMeters.Pause.DISK, "the disk is at work for its database");
        } else if (further instanceof Further.OthersDecode others) {
            CompletableFuture<Optional<Further>> askAgain = busy(before, othersWait, LinkMeters.Pause.DECODING,
                    "the compressed chunks of others are being decoded");
            others.over().thenRun(() -> askAgain.complete(Optional.empty()));
        }
    }

    /**
     * It waits on, as long as nothing is held for it that others may need.
     *
     * @param before what it has been waiting for, unless it begins now
     * @return done when it is asked again
     */
    private CompletableFuture<Optional<Further>> busy(Optional<Busy> before, boolean othersWait,
            LinkMeters.Pause reason, String why) {
        if (before.filter(same -> same.reason() == reason).isEmpty()) {
            meters.paused(reason);
        }
        long sinceNanos = before.map(Busy::sinceNanos).orElseGet(System::nanoTime);
        CompletableFuture<Optional<Further>> askAgain = new CompletableFuture<>();
        Duration waited = Duration.ofNanos(System.nanoTime() - sinceNanos);
        boolean isLong = waited.compareTo(TELL_BUSY) > 0;
        if (isLong && !toldBusy) {
            LOG.infof("a message of the link from %s waits: %s", transport.remote(), why);
        }
        toldBusy = isLong;
        if (othersWait && waited.compareTo(BUSY_PATIENCE) > 0) {
            whenAnswered.accept(new Answer.Refused(new Refusal.Transport(
                    why + ", and what is sent meanwhile cannot be held: try again"), Optional.empty()));
            return askAgain;
        }
        state = new State.Unfinished(Optional.of(new Busy(sinceNanos, reason)));
        stall(askAgain);
        transport.later(BUSY_NANOS, () -> askAgain.complete(Optional.empty()));
        return askAgain;
    }

    /** Nothing becomes of the unfinished message. */
    void abandon() {
        assert areAtRest() : state;
        reader.abandon();
        state = new State.Ready();
    }

    @Override
    public boolean areAtRest() {
        return !isStalled();
    }

    /** Nothing follows: as {@link MessageReader#end}. */
    @Override
    public void release(KeptReason reason) throws IOException {
        assert areAtRest() : state;
        state = new State.Ready();
        reader.end(reason);
    }
}
