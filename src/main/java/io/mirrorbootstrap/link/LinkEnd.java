package io.mirrorbootstrap.link;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * How a link ends: each way with what the source is told, and once. Its state only goes forward, whatever the threads do.
 */
final class LinkEnd {

    private static final Logger LOG = Logger.getLogger(LinkEnd.class);

    /** WebSocket close code: the bytes are not WebSocket. */
    private static final int PROTOCOL_ERROR = 1002;

    /** WebSocket close code: a text is not UTF-8. */
    private static final int NOT_TEXT = 1007;

    /** WebSocket close code: that is not allowed here. */
    private static final int POLICY_VIOLATION = 1008;

    /** WebSocket close code: come back later. */
    private static final int SERVICE_RESTART = 1012;

    /** WebSocket close code: a source may be let in when it comes back. */
    private static final int TRY_AGAIN_LATER = 1013;

    private enum State {
        OPEN,
        /** The connection is gone; the messages that arrived before still count. */
        LOST,
        /** Bytes that still arrive are thrown away. */
        ENDED,
        /** Its transfers have ended, or wait for their sources. */
        RELEASED
    }

    /** The transfers of a link. The job only. */
    interface Transfers {

        /** Whether nobody else is at work on them. */
        boolean areAtRest();

        /** They end, or are kept for {@code reason}. */
        void release(KeptReason reason) throws IOException;
    }

    private final Transport transport;
    private final Answers answers;
    private final Transfers transfers;
    private final Runnable whenClosed;
    private final int maxChunkBytes;
    private final LinkMeters meters;
    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);
    private volatile boolean isSuperseded;
    /** With what its source has closed it, until {@link #releaseClosed}. The job's. */
    private Optional<Frame.Close> closing = Optional.empty();

    /** @param whenClosed called when the transfers have ended, or are kept, and the source can be told nothing more */
    LinkEnd(Transport transport, Answers answers, Transfers transfers, Runnable whenClosed, int maxChunkBytes,
            LinkMeters meters) {
        this.transport = transport;
        this.answers = answers;
        this.transfers = transfers;
        this.whenClosed = whenClosed;
        this.maxChunkBytes = maxChunkBytes;
        this.meters = meters;
    }

    /** Whether nothing can arrive any more, or arriving bytes are thrown away. Any thread. */
    boolean isGone() {
        return state.get() != State.OPEN;
    }

    /** Whether another source has taken a database over. Any thread. */
    boolean isSuperseded() {
        return isSuperseded;
    }

    /** Whether arriving bytes are thrown away. Any thread. */
    boolean isEnded() {
        return has(State.ENDED);
    }

    /** Whether its transfers are still to be released, for which the disk is waited for. Any thread. */
    boolean isEnding() {
        State now = state.get();
        return now == State.LOST || now == State.ENDED;
    }

    private boolean has(State least) {
        return state.get().compareTo(least) >= 0;
    }

    private State becomes(State next) {
        return state.getAndAccumulate(next, (before, wanted) -> before.compareTo(wanted) < 0 ? wanted : before);
    }

    /** An ending is on its way to the job, behind what has come. Any thread. */
    void announce(Ending ending) {
        if (ending instanceof Ending.LinkLost) {
            becomes(State.LOST);
        } else if (ending instanceof Ending.Shutdown || ending instanceof Ending.LetInNoMore
                || ending instanceof Ending.MakesRoom) {
            becomes(State.ENDED); // what waits was not confirmed, and will be sent again
        }
    }

    /** Another source has taken {@code database} over. Any thread. */
    void superseded(DatabaseId database, Source successor) {
        LOG.infof("link from %s: the source at %s has taken over %s, closing this link", transport.remote(),
                successor.address(), database);
        isSuperseded = true;
        close(new Answer.Refused(new Refusal.Superseded(database), Optional.of(database)));
    }

    /** The process is ending. Any thread. */
    void sayGoodbye() {
        answers.addAndClose("", SERVICE_RESTART, "the sidecar is shutting down");
    }

    /** The source has closed the link. The job only. */
    void closed(Frame.Close close) {
        transport.onLoop(transport::heardGoodbye);
        Optional<Ending> flaw = isEnded() ? Optional.empty() : CloseFrame.flaw(close.payload());
        if (flaw.isPresent()) {
            end(flaw.get());
        } else if (!isEnded()) {
            becomes(State.ENDED);
            closing = Optional.of(close);
        }
    }

    /**
     * Releases the transfers of a link that its source has closed, and closes it, too; false where that is not to be done. Not in
     * {@link #closed}, as the disk may be waited for. The job only.
     */
    boolean releaseClosed() {
        Optional<Frame.Close> now = closing;
        closing = Optional.empty();
        now.ifPresent(close -> {
            release(KeptReason.LINK_LOST); // before the source hears of it: then it finds things as they will stay
            answers.echo(close);
        });
        return now.isPresent();
    }

    /** The job only. */
    void end(Ending ending) {
        if (ending instanceof Ending.LinkLost) {
            becomes(State.ENDED);
            release(KeptReason.LINK_LOST);
            whenClosed.run();
        } else if (ending instanceof Ending.Shutdown) {
            release(KeptReason.PROCESS_ENDING);
            sayGoodbye();
            transport.onLoop(whenClosed);
        } else if (ending instanceof Ending.LetInNoMore over) {
            hangUp(TRY_AGAIN_LATER, over.reason()); // with what may have been renewed
        } else if (ending instanceof Ending.MakesRoom over) {
            hangUp(TRY_AGAIN_LATER, over.reason()); // when there is a place
        } else if (isEnded()) {
            LOG.debugf("link from %s: %s, but it has ended", transport.remote(), ending);
        } else if (ending instanceof Ending.FrameTooLarge) {
            refuse(new Answer.Refused(new Refusal.ChunkTooLarge(maxChunkBytes), Optional.empty()));
        } else if (ending instanceof Ending.NoMemory none) {
            LOG.errorf("link from %s: no memory for what it brings (%s): give more outside the heap "
                    + "(-XX:MaxDirectMemorySize), or allow fewer sources at once", transport.remote(), none.reason());
            refuse(new Answer.Refused(new Refusal.Transport("the sidecar has no memory for more now: try again"),
                    Optional.empty()));
        } else if (ending instanceof Ending.NotWebSocket violation) {
            hangUp(PROTOCOL_ERROR, violation.reason());
        } else if (ending instanceof Ending.NotText violation) {
            hangUp(NOT_TEXT, violation.reason());
        } else if (ending instanceof Ending.TooSlow slow) {
            hangUp(POLICY_VIOLATION, "a message takes longer than " + slow.limit().toMillis() + " ms");
        }
    }

    /** Whether {@code answer} closes the link. */
    static boolean closes(Answer answer) {
        return answer instanceof Answer.Refused refused && ErrorCode.of(refused.refusal()).closes().isPresent();
    }

    /** Ends it with a refusal that {@link #closes} the link. The job only. */
    void refuse(Answer.Refused refused) {
        LOG.warnf("link from %s: %s, closing it", transport.remote(), refused.refusal().message());
        becomes(State.ENDED);
        release(KeptReason.LINK_LOST); // before the source hears of it: then it finds things as they will stay
        close(refused);
    }

    /** The sidecar has failed. The job only. */
    void broken(Throwable failure) {
        LOG.errorf(failure, "link from %s: the sidecar failed, closing it", transport.remote());
        becomes(State.ENDED);
        release(KeptReason.LINK_LOST);
        close(new Answer.Refused(new Refusal.Transport("the sidecar failed unexpectedly, its log says why"),
                Optional.empty()));
    }

    /** For what the protocol has no error object. */
    private void hangUp(int closeCode, String reason) {
        LOG.warnf("link from %s: %s, closing it", transport.remote(), reason);
        becomes(State.ENDED);
        release(KeptReason.LINK_LOST);
        answers.addAndClose("", closeCode, reason);
    }

    /** Tells the source the last thing it will hear. */
    private void close(Answer.Refused refused) {
        becomes(State.ENDED);
        ErrorCode code = ErrorCode.of(refused.refusal());
        meters.refused(refused);
        answers.addAndClose(JsonMessages.write(refused), code.closes().orElseThrow(), code.spelling());
    }

    private void release(KeptReason reason) {
        assert transfers.areAtRest() : "the message at hand is another worker's";
        if (becomes(State.RELEASED) != State.RELEASED) {
            try {
                transfers.release(reason);
                LOG.debugf("link from %s ended", transport.remote());
            } catch (Exception | Error e) { // an Error too: the source must be told, and the place given back
                LOG.errorf(e, "link from %s: its transfers could not be ended", transport.remote());
            }
        }
    }
}
