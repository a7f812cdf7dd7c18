package io.mirrorbootstrap.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;

import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.PayloadSpill;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.Removal;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ChunkDecoder;
import io.mirrorbootstrap.wire.Control;

/**
 * Puts the pieces of frames of one link together to messages, and each message to the mirrors it is for. Payload goes to its
 * transfer as it arrives, nothing is collected: if a chunk brings its payload before it says where it belongs, that
 * waits on disk ({@link PayloadSpill}). A message may be whole and its answer not be there yet, because the disk is at work:
 * then it is unfinished, and {@link #further} comes before the next {@link #read}. Worker only, one thread at a time.
 */
final class MessageReader {

    private final Mirrors mirrors;
    private final Source source;
    private final LinkLimits limits;
    private final LinkMeters meters;
    private final HeadTime headTime;
    private final Aside aside;
    private final OneThread oneThread = new OneThread();
    private final ControlText text;
    private final SmallSlices slices = new SmallSlices(this::pass);

    private Optional<DiskWait> unfinished = Optional.empty();
    private Optional<ChunkDecoder> decoder = Optional.empty();
    /** Whether chunks may be compressed, as was agreed on. */
    private boolean takesZstd;
    private Optional<IncomingChunk> chunk = Optional.empty();

    /** @param yields is told by how many bytes more than it took on its way a payload is that came compressed */
    MessageReader(Mirrors mirrors, Source source, LinkLimits limits, HeapRoom room, LinkMeters meters,
            IntConsumer yields) {
        this.mirrors = mirrors;
        this.source = source;
        this.limits = limits;
        this.meters = meters;
        this.headTime = new HeadTime(meters.times());
        this.aside = new Aside(mirrors.spill(), limits.zstd().of(source.principal()), meters, yields);
        this.text = new ControlText(room);
    }

    /**
     * Takes the next piece of a message.
     *
     * @return the answer, when the message ends with it and is finished
     */
    Optional<Answer> read(Frame.Piece piece) {
        assert unfinished.isEmpty() : unfinished;
        assert oneThread.enters() : oneThread;
        try {
            return piece.text()
                    ? text.take(piece.payload(), piece.last()).flatMap(this::control)
                    : chunk(piece.payload(), piece.last());
        } catch (RefusedException e) {
            return Optional.of(new Answer.Refused(e.refusal(), Optional.empty()));
        } finally {
            assert oneThread.leaves() : oneThread;
        }
    }

    /** Whether {@link #further} comes before the next {@link #read}. */
    boolean isUnfinished() {
        return unfinished.isPresent();
    }

    /** Whether the next {@link #further} is likely to wait for the disk for long. */
    boolean mayTakeLong() {
        return unfinished.isPresent() && unfinished.get() instanceof DiskWait.Finishing finishing
                && finishing.mayTakeLong();
    }

    /** Whether all of the unfinished message has come, so that it counts though the link is lost. */
    boolean isWhole() {
        return unfinished.isPresent() && unfinished.get() instanceof DiskWait.Finishing;
    }

    /** Nothing becomes of the unfinished message. */
    void abandon() {
        assert oneThread.enters() : oneThread;
        try {
            unfinished = Optional.empty();
            forgetChunk();
        } finally {
            assert oneThread.leaves() : oneThread;
        }
    }

    /** Goes on with the unfinished message. */
    Further further() {
        assert oneThread.enters() : oneThread;
        try {
            return goOn();
        } finally {
            assert oneThread.leaves() : oneThread;
        }
    }

    private Further goOn() {
        DiskWait before = unfinished.orElseThrow();
        unfinished = Optional.empty();
        if (before instanceof DiskWait.Opening opening) {
            return open(opening.open());
        } else if (before instanceof DiskWait.Aborting aborting) {
            return abort(aborting.database());
        }
        Optional<DatabaseId> database = decoder.flatMap(ChunkDecoder::database);
        try {
            Further further = before instanceof DiskWait.Starting
                    ? start()
                    : before instanceof DiskWait.Decoding ? drain() : finish();
            if (further instanceof Further.Answered) {
                forgetChunk();
            }
            return further;
        } catch (RefusedException e) {
            forgetChunk();
            return new Further.Answered(new Answer.Refused(e.refusal(), database));
        }
    }

    /**
     * Nothing will follow: of the chunk under way nothing remains, the transfers of this link end or wait.
     *
     * @param reason why they wait
     */
    void end(KeptReason reason) throws IOException {
        assert oneThread.enters() : oneThread;
        unfinished = Optional.empty();
        text.forget();
        try {
            cancelChunk();
        } finally {
            try {
                mirrors.disconnected(source, reason);
            } finally {
                assert oneThread.leaves() : oneThread;
                aside.close();
            }
        }
    }

    private Optional<Answer> control(Control control) {
        return (control instanceof Control.Open open
                ? open(open)
                : abort(((Control.Abort) control).database())).ifAnswered();
    }

    private Further open(Control.Open open) {
        DatabaseId database = open.snapshot().identity().database();
        OpenOutcome outcome = mirrors.open(source, open.snapshot());
        if (outcome instanceof OpenOutcome.Verifying) {
            return unfinished(new DiskWait.Opening(open), new Further.GoingOn());
        } else if (outcome instanceof OpenOutcome.Busy) {
            return unfinished(new DiskWait.Opening(open), new Further.Busy());
        } else if (outcome instanceof OpenOutcome.Opened opened) {
            boolean isAgreed = open.offersZstd() && limits.zstd().areThere();
            takesZstd |= isAgreed;
            return new Further.Answered(limits.tell(database, opened, isAgreed));
        } else if (outcome instanceof OpenOutcome.AlreadyCommitted already) {
            return Further.committed(already.snapshot(), already.path());
        }
        return Further.refused(((OpenOutcome.Refused) outcome).refusal(), database);
    }

    private Further abort(DatabaseId database) {
        Removal outcome = mirrors.abort(source, database);
        if (outcome instanceof Removal.Busy) {
            return unfinished(new DiskWait.Aborting(database), new Further.Busy());
        }
        return outcome instanceof Removal.Refused refused
                ? Further.refused(refused.refusal(), database)
                : new Further.Answered(new Answer.Aborted(database));
    }

    private Further unfinished(DiskWait message, Further further) {
        unfinished = Optional.of(message);
        return further;
    }

    private Optional<Answer> chunk(ByteBuffer piece, boolean last) {
        if (decoder.isEmpty()) {
            decoder = Optional.of(new ChunkDecoder(limits.maxChunkBytes(), takesZstd));
        }
        ChunkDecoder reading = decoder.get();
        Optional<Answer> answer = Optional.empty();
        try {
            headTime.goesOn();
            reading.feed(piece, this::take);
            headTime.rests();
            if (last) {
                reading.finish(this::take);
                headTime.isOver();
                slices.passOn();
                meters.receivedChunk();
                answer = (chunk.isEmpty() ? start() : finishSoon()).ifAnswered();
            }
        } catch (RefusedException e) {
            unfinished = Optional.empty();
            answer = Optional.of(new Answer.Refused(e.refusal(), reading.database()));
        } finally {
            if (last && !isUnfinished()) {
                forgetChunk();
            }
        }
        return answer;
    }

    /** The message is over; where all went well there is no chunk left to cancel. */
    private void forgetChunk() {
        cancelChunk();
        decoder = Optional.empty();
        headTime.clear();
        slices.clear();
        aside.clear(); // or it would be taken for the payload of the next
    }

    private void cancelChunk() {
        chunk.ifPresent(IncomingChunk::cancel);
        chunk = Optional.empty();
    }

    private void take(ByteBuffer payload) {
        headTime.isOver();
        slices.take(payload);
    }

    private void pass(ByteBuffer slice) {
        ChunkDecoder reading = decoder.orElseThrow();
        if (chunk.isEmpty() && !aside.isTaking() && !reading.mayBeCompressed() && reading.head().isPresent()) {
            begin();
        }
        if (chunk.isPresent()) {
            meters.received(slice.remaining());
            chunk.get().write(slice);
        } else {
            aside.take(slice);
        }
    }

    private ChunkStart begin() {
        ChunkDecoder.Head head = decoder.flatMap(ChunkDecoder::head).orElseThrow();
        ChunkStart start = mirrors.chunk(source, head.identity(), head.offset());
        if (start instanceof ChunkStart.Arriving arriving) {
            chunk = Optional.of(arriving.chunk());
        }
        return start;
    }

    /** A whole chunk is written as it was put aside, if its database is free now. */
    private Further start() {
        ChunkStart start = begin();
        if (start instanceof ChunkStart.Verifying) {
            return unfinished(new DiskWait.Starting(), new Further.GoingOn());
        } else if (start instanceof ChunkStart.Busy) {
            return unfinished(new DiskWait.Starting(), new Further.Busy());
        }
        return drain();
    }

    private Further drain() {
        CompletableFuture<Void> free = new CompletableFuture<>();
        return aside.drainTo(chunk.orElseThrow(), decoder.orElseThrow().dataBytes(), () -> free.complete(null))
                ? finishSoon()
                : unfinished(new DiskWait.Decoding(), new Further.OthersDecode(free));
    }

    /** Now, unless that may take long. */
    private Further finishSoon() {
        return chunk.orElseThrow().mayTakeLong(decoder.orElseThrow().done())
                ? unfinished(new DiskWait.Finishing(true), new Further.GoingOn())
                : finish();
    }

    private Further finish() {
        ChunkDecoder message = decoder.orElseThrow();
        DatabaseId database = message.database().orElseThrow();
        IncomingChunk complete = chunk.orElseThrow();
        ChunkOutcome outcome = complete.finish(message.done(), message.chunkCrc32c(), message.position());
        if (outcome instanceof ChunkOutcome.Busy) {
            return unfinished(new DiskWait.Finishing(complete.mayTakeLong(message.done())), new Further.Busy());
        }
        chunk = Optional.empty();
        if (outcome instanceof ChunkOutcome.Pending pending) {
            return new Further.Answered(new Answer.Pending(database, pending.bytesDone(), pending.durableBytes()));
        } else if (outcome instanceof ChunkOutcome.Committed committed) {
            return Further.committed(committed.snapshot(), committed.path());
        }
        return Further.refused(((ChunkOutcome.Refused) outcome).refusal(), database);
    }
}
