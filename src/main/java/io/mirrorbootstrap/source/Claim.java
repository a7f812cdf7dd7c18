package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.wire.Answer;

/** What a sidecar says on one link that it has committed: whether it is what was to be sent. Sending thread only. */
final class Claim {

    private final SourceLink link;
    private final Shipment shipment;
    private final Supply supply;
    private final Progress progress;
    private final long startedNanos;

    /** @param startedNanos when the link was there, by {@link System#nanoTime} */
    Claim(SourceLink link, Shipment shipment, long startedNanos) {
        this.link = link;
        this.shipment = shipment;
        this.supply = shipment.supply();
        this.progress = shipment.progress();
        this.startedNanos = startedNanos;
    }

    /**
     * A stream opens with the identity of an empty snapshot. Where there is one, with this LSN, a sidecar that knows no names of streams
     * takes it for what is to be sent; but the stream has bytes, so it is sent all the same, as without an open.
     */
    boolean isOfEmptyNamesake(Answer.Committed committed) throws IOException, InterruptedException {
        return shipment.isStream() && committed.bytes() == 0 && supply.furthestByte() == 0
                && supply.asked(() -> supply.input().begin());
    }

    /**
     * What comes of it.
     *
     * @param flow the chunks of this link; empty where none was asked for
     * @return empty where the sidecar is asked once more
     */
    Optional<Outcome> check(Answer.Committed committed, Optional<Flow> flow) throws IOException, InterruptedException {
        if (!shipment.isWhatWasSent(committed, flow.isEmpty())) {
            return Optional.of(new Outcome.NotUnderstood("it has committed something else: " + committed));
        } else if (flow.isEmpty() && shipment.owesPosition()) {
            Optional<Outcome> noPosition = shipment.cargo().readPosition();
            if (noPosition.isEmpty()) {
                link.send(shipment.open()); // what is there already takes what is said of it again
            }
            return noPosition;
        } else if (flow.isEmpty() && shipment.isNamedFile() && !supply.input().isVouchedFor()
                && !readAgain(supply.input().size().getAsLong()).equals(committed.crc32c())) {
            return Optional.of(supply.input().flaw().orElseGet(
                    () -> new Outcome.NotUnderstood(
                            "it has committed other bytes than " + supply.input().name() + " has: " + committed)));
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
        Rereading reading = new Rereading(supply.readAlone(), supply.marks().before(bytes), bytes);
        while (!reading.isOver()) {
            reading.read(progress);
        }
        return reading.crc32c();
    }
}
