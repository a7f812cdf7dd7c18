package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ChunkEncoder;

/**
 * The chunks of one link: what is on its way, and what has been answered. Of a stream more may be held than there is room for, with
 * nothing on its way and nothing durable: then an empty chunk asks the sidecar to make durable what it has. Sending thread only.
 */
final class Flow {

    /** What a sidecar takes by default, where it does not say. */
    private static final int USUAL_WINDOW_BYTES = 4 * ChunkBuffer.MAX_PAYLOAD_BYTES;

    /** How long to wait before a sidecar is asked again that has made nothing durable. */
    private static final long ASK_AGAIN_NANOS = Duration.ofMillis(500).toNanos();

    private final SourceLink link;
    private final Shipment shipment;
    private final Supply supply;
    private final Optional<Compressor> compressor;
    private final int chunkBytes;
    private final long windowBytes;
    private final long windowMessages;
    /** Whether the memory may be full before the sidecar makes anything durable by itself. */
    private final boolean mustAsk;
    private final long firstByte;

    private long unansweredMessages;
    private long answeredBytes;
    private long lastChunkAt = Long.MAX_VALUE;
    /** The byte before which all was to be made durable. */
    private long askedBytes;
    private long askedNanos;
    /** How many answers come up to that to the empty chunk. */
    private long answersToAsk;

    /** The supply stands where the sidecar wants it. */
    Flow(SourceLink link, Shipment shipment, Answer.Opened opened, int chunkBytes) {
        this.link = link;
        this.shipment = shipment;
        this.supply = shipment.supply();
        this.compressor = shipment.compressor().filter(any -> opened.takesZstd());
        compressor.ifPresent(Compressor::linked);
        this.chunkBytes = chunkBytes;
        this.windowBytes = opened.windowBytes();
        this.windowMessages = Math.max(1, opened.windowMessages().orElse(Long.MAX_VALUE));
        this.mustAsk = supply.mostHeldBytes() - opened.checkpointBytes().orElse(0) < opened.windowBytes();
        this.firstByte = supply.nextByte();
        this.answeredBytes = firstByte;
    }

    /** The answer to a stream that is sent as without an open. */
    static Answer.Opened usual(Answer.Committed namesake) {
        return new Answer.Opened(namesake.database(), 0, ChunkBuffer.MAX_PAYLOAD_BYTES, USUAL_WINDOW_BYTES,
                OptionalLong.empty(), OptionalLong.empty(), Optional.empty(), false);
    }

    boolean maySend() {
        return !lastChunkIsSent() && unansweredMessages < windowMessages
                && supply.nextByte() - answeredBytes <= windowBytes - chunkBytes && !supply.isAhead()
                && supply.hasRoom();
    }

    /** Sends the next chunk. */
    void send(Payload payload) {
        boolean isLast = payload.isLast();
        shipment.sent(payload);
        SnapshotIdentity stamp = shipment.identity();
        if (isLast && stamp.streamId().isPresent()) {
            stamp = new SnapshotIdentity(stamp.sourceClusterId(), stamp.database(), stamp.lsn(), stamp.totalBytes(),
                    supply.totalCrc32c().orElseThrow());
        }
        Optional<Compressor.Packed> packed = compressor.flatMap(each -> each.pack(payload, supply.isAwaited()));
        packed.ifPresent(frame -> shipment.packed(payload, frame));
        OptionalInt frameBytes = packed.isPresent() ? OptionalInt.of(packed.get().bytes()) : OptionalInt.empty();
        byte[] head = ChunkEncoder.head(stamp, payload.offset(), payload.bytes(), frameBytes, payload.crc32c(), isLast,
                isLast ? shipment.cargo().lastPosition() : Optional.empty());
        send(packed.map(frame -> frame.memory().message(head, 0, frame.bytes()))
                .or(() -> payload.memory().map(memory -> memory.message(head, payload.from(), payload.bytes())))
                .orElseGet(() -> ChunkMessage.of(head)));
        if (isLast) {
            lastChunkAt = payload.offset();
        }
    }

    private void send(ChunkMessage message) {
        link.send(message);
        unansweredMessages++;
    }

    /** Asks for what would free memory, where nothing else does, or will before it is needed. */
    void askIfNeeded() {
        boolean isStuck = unansweredMessages == 0 && !supply.hasRoom();
        boolean isClose = mustAsk && supply.isNearlyFull();
        long next = supply.nextByte();
        if (supply.isHeld() && (isStuck || isClose) && !lastChunkIsSent() && supply.durableBytes() < next
                && mayAsk()) {
            send(ChunkMessage.of(ChunkEncoder.head(shipment.identity(), next, 0, Crc32c.EMPTY, false)));
            askedBytes = next;
            askedNanos = System.nanoTime();
            answersToAsk = unansweredMessages;
        }
    }

    /** An empty chunk at byte 0 would begin afresh. */
    private boolean mayAsk() {
        return answersToAsk == 0 && supply.nextByte() > 0 && unansweredMessages < windowMessages
                && (supply.durableBytes() >= askedBytes || System.nanoTime() - askedNanos > ASK_AGAIN_NANOS);
    }

    /** Whether this answers a chunk. */
    boolean isAnsweredBy(Answer.Pending pending) {
        if (unansweredMessages == 0 || pending.bytesDone() > supply.nextByte()) {
            return false;
        }
        unansweredMessages--;
        if (unansweredMessages == 0 && pending.bytesDone() != supply.nextByte()) {
            return false; // all is answered, and less has come than was sent
        }
        answersToAsk = Math.max(0, answersToAsk - 1);
        answeredBytes = Math.max(answeredBytes, pending.bytesDone());
        supply.durable(Math.min(pending.durableBytes(), answeredBytes));
        return true;
    }

    boolean lastChunkIsSent() {
        return lastChunkAt != Long.MAX_VALUE;
    }

    boolean isCommitting() {
        return answeredBytes >= lastChunkAt;
    }

    long answeredBytes() {
        return answeredBytes;
    }

    long sentBytes() {
        return supply.nextByte() - firstByte;
    }
}
