package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.source.Progress.Phase;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.ErrorCode;

/**
 * One attempt to bring a snapshot over one link. Sending thread only.
 *
 * <pre>
 * open ──► opened ──► chunks, while the window and the memory allow ──► last chunk ──► committed
 *   └────► committed (it was there already)
 * </pre>
 *
 * Any refusal and the loss of the link end it, at whatever point. An input that fails, or turns out to be no snapshot, is
 * aborted at the sidecar.
 */
final class Transmission {

    /** How often progress is reported when nothing happens. */
    private static final Duration REPORT_INTERVAL = Duration.ofMillis(500);

    /** How long to wait until the sidecar has dropped what is of no use. */
    private static final Duration ABORT_PATIENCE = Duration.ofSeconds(5);

    private final SourceLink link;
    private final Shipment shipment;
    private final Supply supply;
    private final Progress progress;
    private final long startedNanos = System.nanoTime();
    private final Claim claim;

    /** Empty until the sidecar has said from where to send. */
    private Optional<Flow> flow = Optional.empty();

    Transmission(SourceLink link, Shipment shipment) {
        this.link = link;
        this.shipment = shipment;
        this.supply = shipment.supply();
        this.progress = shipment.progress();
        this.claim = new Claim(link, shipment, startedNanos);
        supply.tells(link::wake);
    }

    /** Also another reading of it, where this mirror goes on by itself. */
    private SnapshotInput input() {
        return shipment.input();
    }

    /**
     * Waits until the input has a byte, and what is said when it is opened, or is known to have none. Nothing is asked for before.
     *
     * @return the outcome if the link ends first, or what comes is an answer all the same
     */
    Optional<Outcome> awaitInput() throws IOException, InterruptedException {
        Optional<Outcome> outcome = Optional.empty();
        while (outcome.isEmpty() && !shipment.cargo().isReady(REPORT_INTERVAL)) {
            outcome = unasked();
            report();
        }
        return outcome;
    }

    /** What has come while nothing was asked: the end, or a refusal; anything else is no answer. */
    private Optional<Outcome> unasked() throws IOException, InterruptedException {
        Optional<Outcome> outcome = Optional.empty();
        for (Optional<LinkEvent> event = link.poll(); outcome.isEmpty() && event.isPresent(); event = link.poll()) {
            outcome = event.get() instanceof LinkEvent.Answered answered
                    && !(answered.answer() instanceof Answer.Failure)
                            ? Optional.of(new Outcome.NotUnderstood("nothing was asked: " + answered.answer()))
                            : on(event.get());
        }
        return outcome;
    }

    /**
     * Goes on until there is an outcome.
     *
     * @throws IOException when a file cannot be read
     */
    Outcome run() throws IOException, InterruptedException {
        try {
            return send();
        } catch (BlockedException e) {
            return e.obstacle() instanceof Obstacle.Changed changed
                    ? aborted(new Outcome.InputChanged(input().name(), changed.message()))
                    : new Outcome.InputCut(input().name(), e.obstacle(), answeredBytes());
        } catch (IOException e) {
            if (!shipment.isStream()) {
                throw e; // it can be gone on with
            }
            return aborted(shipment.cargo().flaw().orElse(new Outcome.InputFailed(input().name(), Reason.of(e))));
        }
    }

    private Outcome send() throws IOException, InterruptedException {
        if (shipment.isStream() && supply.isLeft()) {
            return shipment.leftBehind(0);
        }
        link.send(shipment.open());
        while (!supply.isLeft() || goesOnAlone()) {
            boolean maySend = flow.isPresent() && flow.get().maySend();
            Optional<LinkEvent> event = maySend ? link.poll() : link.await(REPORT_INTERVAL);
            Optional<Outcome> outcome = Optional.empty();
            if (event.isPresent()) {
                outcome = on(event.get());
            } else if (maySend && supply.read(REPORT_INTERVAL)) {
                outcome = sendChunk(flow.get());
            }
            if (outcome.isPresent()) {
                return outcome.get();
            }
            flow.ifPresent(Flow::askIfNeeded);
            report();
        }
        return shipment.leftBehind(answeredBytes());
    }

    /** The others go on without this mirror: what can be read again is sent on all the same, over the same link. */
    private boolean goesOnAlone() throws IOException, InterruptedException {
        if (shipment.isStream()) {
            return false;
        }
        long seconds = supply.lagLimit().toSeconds();
        supply.readAlone();
        progress.found("the others have waited for this mirror for more than " + seconds
                + " s: it goes on by itself at byte " + supply.nextByte() + " of " + input().name());
        return true;
    }

    private Optional<Outcome> sendChunk(Flow flow) throws IOException, InterruptedException {
        Optional<Payload> payload = supply.take();
        if (payload.isEmpty()) {
            return Optional.empty(); // left meanwhile
        }
        Optional<Outcome> flaw = payload.get().isLast() ? shipment.becomesWhole() : Optional.empty();
        if (flaw.isPresent()) {
            return Optional.of(aborted(flaw.get()));
        }
        flow.send(payload.get());
        return Optional.empty();
    }

    private Optional<Outcome> on(LinkEvent event) throws IOException, InterruptedException {
        if (event instanceof LinkEvent.Written written) {
            supply.written(written.chunk());
            shipment.compressor().ifPresent(each -> each.written(written.chunk().bytes(), supply.isBusy()));
            return Optional.empty();
        } else if (event instanceof LinkEvent.Woken) {
            return Optional.empty(); // to look again is all
        } else if (event instanceof LinkEvent.Answered answered) {
            return on(answered.answer());
        } else if (event instanceof LinkEvent.Unreadable unreadable) {
            return Optional.of(new Outcome.NotUnderstood(unreadable.reason()));
        }
        LinkEvent.Closed closed = (LinkEvent.Closed) event;
        Outcome.LinkLost lost = new Outcome.LinkLost(closed.code(), closed.reason(), answeredBytes());
        boolean isUnknown = lastChunkIsSent() && !supply.canGoOn();
        return Optional.of(isUnknown ? shipment.commitUnknown(lost, startedNanos, lost.canHeal()) : lost);
    }

    private Optional<Outcome> on(Answer answer) throws IOException, InterruptedException {
        if (answer instanceof Answer.Pending pending && flow.isPresent() && flow.get().isAnsweredBy(pending)) {
            return Optional.empty();
        } else if (answer instanceof Answer.Opened opened && flow.isEmpty()) {
            return start(opened);
        } else if (answer instanceof Answer.Committed committed && flow.isEmpty()
                && claim.isOfEmptyNamesake(committed)) {
            return begin(0, Optional.empty(), Flow.usual(committed));
        } else if (answer instanceof Answer.Committed committed && (flow.isEmpty() || lastChunkIsSent())) {
            return claim.check(committed, flow);
        } else if (answer instanceof Answer.Failure failure) {
            return Optional.of(refused(failure));
        }
        return Optional.of(new Outcome.NotUnderstood("unexpected here: " + answer));
    }

    private Optional<Outcome> start(Answer.Opened opened) throws IOException, InterruptedException {
        boolean isStream = shipment.isStream();
        boolean goesOn = opened.checkpointBytes().isPresent();
        // what an older sidecar has of a stream may be of another run of its producer: it begins again at its start
        long offset = isStream && !goesOn ? 0 : opened.offset();
        if (Math.min(opened.maxChunkBytes(), opened.windowBytes()) < 1
                || offset > input().size().orElse(supply.furthestByte())) {
            return Optional.of(new Outcome.NotUnderstood("impossible: " + opened));
        } else if (!supply.keepsFrom(offset)) {
            return Optional.of(supply.isLeft()
                    ? shipment.leftBehind(offset)
                    : new Outcome.BytesLost(input().name(), offset, supply.firstByte()));
        } else if (shipment.identity().streamId().isEmpty()) {
            return begin(offset, Optional.empty(), opened);
        } else if (offset == 0 && (isStream || goesOn)) {
            return begin(0, Optional.empty(), opened);
        } else if (isStream) {
            Optional<Crc32c> held = supply.heldCrc32c(offset);
            if (held.isEmpty()) {
                return Optional.of(shipment.leftBehind(offset));
            }
            Optional<Crc32c> other = opened.crc32c().filter(crc32c -> goesOn && !crc32c.equals(held.get()));
            return other.isPresent()
                    ? Optional.of(new Outcome.BytesDiffer(input().name(), offset, held.get(), other.get()))
                    : begin(offset, held, opened);
        }
        if (goesOn && input().isVouchedFor()) {
            opened.crc32c().ifPresent(crc32c -> supply.marks().believe(offset, crc32c));
        }
        long known = goesOn ? offset : input().size().getAsLong();
        Rereading reading = new Rereading(supply.readAlone(), supply.marks().before(known), known);
        while (!reading.isOver()) {
            reading.read(progress);
            supply.marks().add(reading.at(), reading.crc32c()); // a link that ends meanwhile costs no second reading
            Optional<Outcome> outcome = unasked();
            if (outcome.isPresent()) {
                return outcome;
            }
        }
        if (!goesOn) {
            shipment.identify(reading.crc32c());
            link.send(shipment.open());
            return Optional.empty();
        } else if (opened.crc32c().filter(crc32c -> !crc32c.equals(reading.crc32c())).isPresent()) {
            supply.marks().clear(); // one of the two has other bytes now: the end will tell
            return begin(0, Optional.empty(), opened);
        }
        return begin(offset, Optional.of(reading.crc32c()), opened);
    }

    private Optional<Outcome> begin(long offset, Optional<Crc32c> crc32c, Answer.Opened opened)
            throws IOException, InterruptedException {
        int chunkBytes = (int) Math.min(Math.min(opened.maxChunkBytes(), opened.windowBytes()),
                ChunkBuffer.MAX_PAYLOAD_BYTES);
        shipment.begins(opened);
        supply.goTo(offset, crc32c, chunkBytes, opened.checkpointBytes().isPresent());
        flow = Optional.of(new Flow(link, shipment, opened, chunkBytes));
        return Optional.empty();
    }

    private Outcome refused(Answer.Failure failure) throws IOException, InterruptedException {
        Outcome refused = new Outcome.Refused(failure, answeredBytes());
        // the CRC-32C of a stream is that of what was sent, whatever has happened to it since
        return !shipment.isStream() && failure.code().equals(ErrorCode.SNAPSHOT_CRC_MISMATCH.spelling())
                ? supply.asked(() -> input().flaw()).orElse(refused)
                : refused;
    }

    /** What the sidecar has is of no use to anybody; it is dropped there, or the link ends, or nobody answers. */
    private Outcome aborted(Outcome outcome) throws InterruptedException {
        link.send(new Control.Abort(shipment.identity().database()));
        long end = System.nanoTime() + ABORT_PATIENCE.toNanos();
        boolean over = false;
        while (!over) {
            Optional<LinkEvent> event = link.await(Duration.ofNanos(end - System.nanoTime()));
            over = event.isEmpty() || event.get() instanceof LinkEvent.Closed
                    || event.get() instanceof LinkEvent.Answered answered
                            && answered.answer() instanceof Answer.Aborted;
        }
        return outcome;
    }

    private boolean lastChunkIsSent() {
        return flow.isPresent() && flow.get().lastChunkIsSent();
    }

    private long answeredBytes() {
        return flow.map(Flow::answeredBytes).orElse(0L);
    }

    private void report() {
        if (flow.isEmpty()) {
            progress.update(Phase.CONNECTING, 0, input().size());
        } else if (flow.get().isCommitting()) {
            progress.update(Phase.COMMITTING, supply.nextByte(), OptionalLong.of(supply.nextByte()));
        } else {
            progress.update(Phase.SENDING, answeredBytes(), input().size());
        }
    }
}
