package io.mirrorbootstrap.link;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.PayloadSpill;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ChunkDecoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * Puts the pieces of frames of one link together to messages, and each message to the mirrors it is for. Payload goes to its
 * transfer as it arrives, nothing is collected: if a chunk brings its payload before it says where it belongs, that
 * waits on disk ({@link PayloadSpill}). Worker only, one thread at a time.
 */
final class MessageReader {

    private final Mirrors mirrors;
    private final Source source;
    private final LinkLimits limits;
    private final PayloadSpill spill;

    private ByteArrayOutputStream text = new ByteArrayOutputStream();
    private Optional<SnapshotIdentity> opening = Optional.empty();
    private Optional<ChunkDecoder> decoder = Optional.empty();
    private Optional<IncomingChunk> chunk = Optional.empty();

    MessageReader(Mirrors mirrors, Source source, LinkLimits limits) {
        this.mirrors = mirrors;
        this.source = source;
        this.limits = limits;
        this.spill = mirrors.spill();
    }

    /**
     * Takes the next piece of a message.
     *
     * @return the answer, when the message ends with it
     */
    Optional<Answer> read(Frame.Piece piece) {
        try {
            return piece.text() ? control(piece.payload(), piece.last()) : chunk(piece.payload(), piece.last());
        } catch (RefusedException e) {
            return Optional.of(new Answer.Refused(e.refusal(), Optional.empty()));
        }
    }

    /** Nothing will follow: of the chunk under way nothing remains, the transfers of this link end or wait. */
    void end() throws IOException {
        opening = Optional.empty();
        try {
            cancelChunk();
        } finally {
            try {
                mirrors.disconnected(source);
            } finally {
                spill.close();
            }
        }
    }

    private Optional<Answer> control(ByteBuffer piece, boolean last) {
        if (text.size() + piece.remaining() > JsonMessages.MAX_CONTROL_BYTES) {
            throw new RefusedException(new Refusal.MalformedControl(
                    "a control message may have at most " + JsonMessages.MAX_CONTROL_BYTES + " bytes"));
        }
        byte[] bytes = new byte[piece.remaining()];
        piece.get(bytes);
        text.writeBytes(bytes);
        if (!last) {
            return Optional.empty();
        }
        ByteBuffer whole = ByteBuffer.wrap(text.toByteArray());
        text = new ByteArrayOutputStream();
        String message;
        try {
            message = StandardCharsets.UTF_8.newDecoder().decode(whole).toString();
        } catch (CharacterCodingException e) {
            throw new RefusedException(new Refusal.MalformedControl("the control message is not UTF-8"));
        }
        Control control = JsonMessages.control(message);
        if (control instanceof Control.Open open) {
            opening = Optional.of(open.identity());
            return openFurther();
        }
        return Optional.of(abort((Control.Abort) control));
    }

    /** Whether an open has not been answered yet: {@link #openFurther} comes before the next {@link #read}. */
    boolean isOpening() {
        return opening.isPresent();
    }

    /** @return the answer to the open, when all is done that it takes */
    Optional<Answer> openFurther() {
        SnapshotIdentity identity = opening.orElseThrow();
        opening = Optional.empty();
        OpenOutcome outcome = mirrors.open(source, identity);
        if (outcome instanceof OpenOutcome.Verifying) {
            opening = Optional.of(identity);
            return Optional.empty();
        } else if (outcome instanceof OpenOutcome.Opened opened) {
            return Optional.of(new Answer.Opened(identity.database(), opened.offset(), limits.maxChunkBytes(),
                    limits.windowBytes()));
        } else if (outcome instanceof OpenOutcome.AlreadyCommitted already) {
            return Optional.of(committed(already.snapshot(), already.path().toString()));
        }
        return Optional.of(refused(((OpenOutcome.Refused) outcome).refusal(), identity.database()));
    }

    private Answer abort(Control.Abort abort) {
        Optional<Refusal> refusal = mirrors.abort(source.provenCluster(), abort.database());
        return refusal.isPresent() ? refused(refusal.get(), abort.database()) : new Answer.Aborted(abort.database());
    }

    private Optional<Answer> chunk(ByteBuffer piece, boolean last) {
        if (decoder.isEmpty()) {
            decoder = Optional.of(new ChunkDecoder(limits.maxChunkBytes()));
        }
        ChunkDecoder reading = decoder.get();
        try {
            reading.feed(piece, this::payload);
            if (!last) {
                return Optional.empty();
            }
            reading.finish(this::payload);
            return Optional.of(finish(reading));
        } catch (RefusedException e) {
            return Optional.of(new Answer.Refused(e.refusal(), reading.database()));
        } finally {
            if (last) {
                cancelChunk(); // where all went well there is none left
                decoder = Optional.empty();
            }
        }
    }

    private void cancelChunk() {
        chunk.ifPresent(IncomingChunk::cancel);
        chunk = Optional.empty();
    }

    private Answer finish(ChunkDecoder whole) {
        if (chunk.isEmpty()) {
            begin(whole.head().orElseThrow());
            spill.drainTo(chunk.get());
        }
        IncomingChunk complete = chunk.get();
        chunk = Optional.empty();
        DatabaseId database = whole.database().orElseThrow();
        ChunkOutcome outcome = complete.finish(whole.done(), whole.chunkCrc32c());
        if (outcome instanceof ChunkOutcome.Pending pending) {
            return new Answer.Pending(database, pending.bytesDone(), pending.durableBytes());
        } else if (outcome instanceof ChunkOutcome.Committed committed) {
            return committed(committed.snapshot(), committed.path().toString());
        }
        return refused(((ChunkOutcome.Refused) outcome).refusal(), database);
    }

    private void payload(ByteBuffer slice) {
        if (chunk.isEmpty()) {
            decoder.flatMap(ChunkDecoder::head).ifPresent(this::begin);
        }
        if (chunk.isPresent()) {
            chunk.get().write(slice);
        } else {
            spill.write(slice);
        }
    }

    private void begin(ChunkDecoder.Head head) {
        chunk = Optional.of(mirrors.chunk(source, head.identity(), head.offset()));
    }

    private static Answer committed(CommittedSnapshot snapshot, String path) {
        return new Answer.Committed(snapshot.database(), snapshot.lsn(), snapshot.bytes(), snapshot.crc32c(), path);
    }

    private static Answer refused(Refusal refusal, DatabaseId database) {
        return new Answer.Refused(refusal, Optional.of(database));
    }
}
