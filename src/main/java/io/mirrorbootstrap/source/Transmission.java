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
    private final SnapshotInput input;
    private final Supply supply;
    private final Progress progress;
    private final long startedNanos = System.nanoTime();

    /** Empty until the sidecar has said from where to send. */
    private Optional<Flow> flow = Optional.empty();

    Transmission(SourceLink link, Shipment shipment) {
        this.link = link;
        this.shipment = shipment;
        this.input = shipment.input();
        this.supply = shipment.supply();
        this.progress = shipment.progress();
    }

    /**
     * Waits until the input has a byte, and what is said when it is opened, or is known to have none. Nothing is asked for before.
     *
     * @return the outcome if the link ends first, or what comes is an answer all the same
     */
    Optional<Outcome> awaitInput() throws IOException, InterruptedException {
        Optional<Outcome> outcome = Optional.empty();
        while (outcome.isEmpty() && !shipment.isReady(REPORT_INTERVAL)) {
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
                    ? aborted(new Outcome.InputChanged(input.name(), changed.message()))
                    : new Outcome.InputCut(input.name(), e.obstacle(), answeredBytes());
        } catch (IOException e) {
            if (!shipment.isStream()) {
                throw e; // it can be gone on with
            }
            return aborted(input.flaw().orElse(new Outcome.InputFailed(input.name(), Reason.of(e))));
        }
    }

    private Outcome send() throws IOException, InterruptedException {
        link.send(new Control.Open(shipment.announcement()));
        while (true) {
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
    }

    private Optional<Outcome> sendChunk(Flow flow) throws IOException, InterruptedException {
        if (supply.isLast() && !(shipment.isStream() && shipment.isWhole())) {
            OptionalLong size = input.size();
            Optional<Outcome> flaw = input.flaw()
                    .or(() -> size.isPresent() && supply.endByte() < size.getAsLong()
                            ? Optional.of(new Outcome.InputChanged(input.name(),
                                    "it ends at byte " + supply.endByte()))
                            : Optional.empty());
            if (flaw.isPresent()) {
                return Optional.of(aborted(flaw.get()));
            }
            Optional<Outcome> noPosition = shipment.readPosition();
            if (noPosition.isPresent()) {
                return Optional.of(aborted(noPosition.get()));
            }
            shipment.isNowWhole();
        }
        flow.send();
        return Optional.empty();
    }

    private Optional<Outcome> on(LinkEvent event) throws IOException, InterruptedException {
        if (event instanceof LinkEvent.Written written) {
            supply.written(written.chunk());
            return Optional.empty();
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
        } else if (answer instanceof Answer.Committed committed && flow.isEmpty() && isEmptyNamesake(committed)) {
            return begin(0, Crc32c.EMPTY, Flow.usual(committed));
        } else if (answer instanceof Answer.Committed committed && (flow.isEmpty() || lastChunkIsSent())) {
            return committed(committed);
        } else if (answer instanceof Answer.Failure failure) {
            return Optional.of(refused(failure));
        }
        return Optional.of(new Outcome.NotUnderstood("unexpected here: " + answer));
    }

    /**
     * A stream opens with the identity of an empty snapshot. Where there is one, with this LSN, a sidecar that knows no names of streams
     * takes it for what is to be sent; but the stream has bytes, so it is sent all the same, as without an open.
     */
    private boolean isEmptyNamesake(Answer.Committed committed) throws IOException, InterruptedException {
        return shipment.isStream() && committed.bytes() == 0 && supply.furthestByte() == 0 && input.begin();
    }

    private Optional<Outcome> committed(Answer.Committed committed) throws IOException, InterruptedException {
        if (!shipment.isWhatWasSent(committed, flow.isEmpty())) {
            return Optional.of(new Outcome.NotUnderstood("it has committed something else: " + committed));
        } else if (flow.isEmpty() && shipment.owesPosition()) {
            Optional<Outcome> noPosition = shipment.readPosition();
            if (noPosition.isEmpty()) {
                link.send(new Control.Open(shipment.announcement())); // what is there already takes what is said of it again
            }
            return noPosition;
        } else if (flow.isEmpty() && shipment.isNamedFile() && !input.isVouchedFor()
                && !readAgain(input.size().getAsLong()).equals(committed.crc32c())) {
            return Optional.of(input.flaw().orElseGet(
                    () -> new Outcome.NotUnderstood(
                            "it has committed other bytes than " + input.name() + " has: " + committed)));
        }
        // whoever has sent it over another link has sent it
        boolean isOfAnotherLink = flow.isEmpty() && shipment.isWhole();
        long bytesSent = isOfAnotherLink ? committed.bytes() : flow.map(Flow::sentBytes).orElse(0L);
        long since = isOfAnotherLink ? shipment.startedNanos() : startedNanos;
        return Optional.of(
                Outcome.Committed.checked(committed, bytesSent, Duration.ofNanos(System.nanoTime() - since)));
    }

    /** The CRC-32C of a file that is there already: the sidecar is not believed, though what it has is told at once. */
    private Crc32c readAgain(long bytes) throws IOException, InterruptedException {
        progress.found("the sidecar says that it has this snapshot already: its CRC-32C is compared");
        Rereading reading = new Rereading(input, supply.marks().before(bytes), bytes);
        while (!reading.isOver()) {
            reading.read(progress);
        }
        return reading.crc32c();
    }

    private Optional<Outcome> start(Answer.Opened opened) throws IOException, InterruptedException {
        boolean isStream = shipment.isStream();
        boolean goesOn = opened.checkpointBytes().isPresent();
        // what an older sidecar has of a stream may be of another run of its producer: it begins again at its start
        long offset = isStream && !goesOn ? 0 : opened.offset();
        if (Math.min(opened.maxChunkBytes(), opened.windowBytes()) < 1
                || offset > input.size().orElse(supply.furthestByte())) {
            return Optional.of(new Outcome.NotUnderstood("impossible: " + opened));
        } else if (offset < supply.firstByte()) {
            return Optional.of(new Outcome.BytesLost(input.name(), offset, supply.firstByte()));
        } else if (shipment.identity().streamId().isEmpty()) {
            return begin(offset, Crc32c.EMPTY, opened);
        } else if (isStream) {
            Crc32c held = supply.heldCrc32c(offset);
            Optional<Crc32c> other = opened.crc32c().filter(crc32c -> goesOn && offset > 0 && !crc32c.equals(held));
            return other.isPresent()
                    ? Optional.of(new Outcome.BytesDiffer(input.name(), offset, held, other.get()))
                    : begin(offset, held, opened);
        }
        if (goesOn && input.isVouchedFor()) {
            opened.crc32c().ifPresent(crc32c -> supply.marks().believe(offset, crc32c));
        }
        long known = goesOn ? offset : input.size().getAsLong();
        Rereading reading = new Rereading(input, supply.marks().before(known), known);
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
            link.send(new Control.Open(shipment.announcement()));
            return Optional.empty();
        } else if (opened.crc32c().filter(crc32c -> offset > 0 && !crc32c.equals(reading.crc32c())).isPresent()) {
            supply.marks().clear(); // one of the two has other bytes now: the end will tell
            return begin(0, Crc32c.EMPTY, opened);
        }
        return begin(offset, reading.crc32c(), opened);
    }

    private Optional<Outcome> begin(long offset, Crc32c crc32c, Answer.Opened opened) throws IOException {
        int chunkBytes = (int) Math.min(Math.min(opened.maxChunkBytes(), opened.windowBytes()),
                ChunkBuffer.MAX_PAYLOAD_BYTES);
        shipment.begins();
        supply.goTo(offset, crc32c, chunkBytes, opened.checkpointBytes().isPresent());
        flow = Optional.of(new Flow(link, shipment, opened, chunkBytes));
        return Optional.empty();
    }

    private Outcome refused(Answer.Failure failure) throws IOException, InterruptedException {
        Outcome refused = new Outcome.Refused(failure, answeredBytes());
        // the CRC-32C of a stream is that of what was sent, whatever has happened to it since
        return !shipment.isStream() && failure.code().equals(ErrorCode.SNAPSHOT_CRC_MISMATCH.spelling())
                ? input.flaw().orElse(refused)
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
            progress.update(Phase.CONNECTING, 0, input.size());
        } else if (flow.get().isCommitting()) {
            progress.update(Phase.COMMITTING, supply.nextByte(), OptionalLong.of(supply.nextByte()));
        } else {
            progress.update(Phase.SENDING, answeredBytes(), input.size());
        }
    }
}
