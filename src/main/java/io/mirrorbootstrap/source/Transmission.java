package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.source.Progress.Phase;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.ErrorCode;

/**
 * One attempt to bring a snapshot over one link. Sending thread only.
 *
 * <pre>
 * open ──► opened ──► chunks, while the window and a free buffer allow ──► last chunk ──► committed
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

    /** What a sidecar takes by default, where it does not say. */
    private static final int USUAL_WINDOW_BYTES = 4 * ChunkBuffer.MAX_PAYLOAD_BYTES;

    private final SourceLink link;
    private final SnapshotInput input;
    private final SnapshotIdentity identity;
    private final Deque<ChunkBuffer> free;
    private final Progress progress;
    private final long startedNanos = System.nanoTime();

    /** The chunk that is being read; empty between two. */
    private Optional<Filling> filling = Optional.empty();
    /** The largest payload of a chunk; 0 until the sidecar has said from where to send. */
    private int chunkBytes;
    private long windowBytes;
    private long windowMessages;
    private long unansweredMessages;
    private long firstByte;
    private long nextByte;
    private long answeredBytes;
    private long lastChunkAt = Long.MAX_VALUE;
    /** The CRC of what was sent, which counts for a stream: it is always sent from its start. */
    private Crc32c runningCrc32c = Crc32c.EMPTY;

    /** @param payload where its bytes are read to */
    private record Filling(ChunkBuffer chunk, ByteBuffer payload) {
    }

    /**
     * @param identity of the whole; a stream's is completed on the last chunk
     * @param free memory for chunks; all of it may be used again when the link is closed
     */
    Transmission(SourceLink link, SnapshotInput input, SnapshotIdentity identity, Deque<ChunkBuffer> free,
            Progress progress) {
        this.link = link;
        this.input = input;
        this.identity = identity;
        this.free = free;
        this.progress = progress;
    }

    /**
     * Waits until the input has a byte, or is known to have none. Nothing is asked for before.
     *
     * @return the outcome if the link ends first, or what comes is an answer all the same
     */
    Optional<Outcome> awaitInput() throws IOException, InterruptedException {
        Optional<Outcome> outcome = Optional.empty();
        while (outcome.isEmpty() && !input.isReady(REPORT_INTERVAL)) {
            for (Optional<LinkEvent> event = link.poll(); outcome.isEmpty() && event.isPresent(); event = link.poll()) {
                outcome = event.get() instanceof LinkEvent.Answered answered
                        && !(answered.answer() instanceof Answer.Failure)
                                ? Optional.of(new Outcome.NotUnderstood("nothing was asked: " + answered.answer()))
                                : on(event.get());
            }
            report();
        }
        return outcome;
    }

    /**
     * Goes on until there is an outcome.
     *
     * @throws IOException when the input cannot be read
     */
    Outcome run() throws IOException, InterruptedException {
        try {
            return send();
        } catch (IOException e) {
            if (input.size().isPresent()) {
                throw e; // a file can be gone on with
            }
            Outcome failed = new Outcome.InputFailed(input.name(), Reason.of(e));
            return aborted(input.flaw().orElse(failed));
        }
    }

    private Outcome send() throws IOException, InterruptedException {
        link.send(new Control.Open(Announcement.of(identity)));
        while (true) {
            boolean maySend = maySend();
            Optional<LinkEvent> event = maySend ? link.poll() : link.await(REPORT_INTERVAL);
            Optional<Outcome> outcome = Optional.empty();
            if (event.isPresent()) {
                outcome = on(event.get());
            } else if (maySend && input.isReady(REPORT_INTERVAL)) {
                outcome = fill();
            }
            if (outcome.isPresent()) {
                return outcome.get();
            }
            report();
        }
    }

    private boolean maySend() {
        return chunkBytes > 0 && !lastChunkIsSent() && (filling.isPresent() || !free.isEmpty())
                && unansweredMessages < windowMessages
                && nextByte - answeredBytes <= windowBytes - chunkBytes;
    }

    private Optional<Outcome> on(LinkEvent event) throws IOException, InterruptedException {
        if (event instanceof LinkEvent.Written written) {
            free.add(written.chunk());
            return Optional.empty();
        } else if (event instanceof LinkEvent.Answered answered) {
            return on(answered.answer());
        } else if (event instanceof LinkEvent.Unreadable unreadable) {
            return Optional.of(new Outcome.NotUnderstood(unreadable.reason()));
        }
        LinkEvent.Closed closed = (LinkEvent.Closed) event;
        Outcome.LinkLost lost = new Outcome.LinkLost(closed.code(), closed.reason(), answeredBytes);
        return Optional.of(lastChunkIsSent() && identity.isStream() && nextByte > 0 ? commitUnknown(lost) : lost);
    }

    private Optional<Outcome> on(Answer answer) throws IOException, InterruptedException {
        if (answer instanceof Answer.Pending pending && unansweredMessages > 0 && pending.bytesDone() <= nextByte) {
            answeredBytes = Math.max(answeredBytes, pending.bytesDone());
            unansweredMessages--;
            return Optional.empty();
        } else if (answer instanceof Answer.Opened opened && chunkBytes == 0) {
            return start(opened);
        } else if (answer instanceof Answer.Committed committed && chunkBytes == 0 && isEmptyNamesake(committed)) {
            return start(new Answer.Opened(identity.database(), 0, ChunkBuffer.MAX_PAYLOAD_BYTES,
                    USUAL_WINDOW_BYTES, OptionalLong.empty(), OptionalLong.empty(), Optional.empty()));
        } else if (answer instanceof Answer.Committed committed && (chunkBytes == 0 || lastChunkIsSent())) {
            return Optional.of(committed(committed));
        } else if (answer instanceof Answer.Failure failure) {
            return Optional.of(refused(failure));
        }
        return Optional.of(new Outcome.NotUnderstood("unexpected here: " + answer));
    }

    /**
     * A stream opens with the identity of an empty snapshot. Where there is one, with this LSN, the sidecar takes it for
     * what is to be sent; but the stream has bytes, so it is sent all the same, as without an open.
     */
    private boolean isEmptyNamesake(Answer.Committed committed) throws IOException, InterruptedException {
        return identity.isStream() && committed.bytes() == 0 && input.begin();
    }

    private Outcome committed(Answer.Committed committed) {
        return isWhatWasSent(committed)
                ? Outcome.Committed.checked(committed, nextByte - firstByte,
                        Duration.ofNanos(System.nanoTime() - startedNanos))
                : new Outcome.NotUnderstood("it has committed something else: " + committed);
    }

    private Outcome.CommitUnknown commitUnknown(Outcome.LinkLost lost) {
        SnapshotIdentity sent = new SnapshotIdentity(identity.sourceClusterId(), identity.database(), identity.lsn(),
                nextByte, runningCrc32c);
        return new Outcome.CommitUnknown(sent, Duration.ofNanos(System.nanoTime() - startedNanos), lost.message(),
                lost.canHeal(), lost.comeBackAfter());
    }

    /** A success must be one of this snapshot. */
    private boolean isWhatWasSent(Answer.Committed committed) {
        return committed.database().equals(identity.database()) && committed.lsn() == identity.lsn()
                && committed.bytes() == (identity.isStream() ? nextByte : identity.totalBytes())
                && committed.crc32c().equals(identity.isStream() ? runningCrc32c : identity.totalCrc32c());
    }

    private Optional<Outcome> start(Answer.Opened opened) throws IOException {
        long smallest = Math.min(opened.maxChunkBytes(), opened.windowBytes());
        if (smallest < 1 || !identity.isStream() && opened.offset() > identity.totalBytes()) {
            return Optional.of(new Outcome.NotUnderstood("impossible: " + opened));
        }
        chunkBytes = (int) Math.min(smallest, ChunkBuffer.MAX_PAYLOAD_BYTES);
        windowBytes = opened.windowBytes();
        windowMessages = Math.max(1, opened.windowMessages().orElse(Long.MAX_VALUE));
        // what there is of a stream may be of another run of its producer: it begins again at its start
        firstByte = identity.isStream() ? 0 : opened.offset();
        nextByte = firstByte;
        answeredBytes = firstByte;
        return input.seek(firstByte)
                ? Optional.empty()
                : Optional.of(new Outcome.InputFailed(input.name(), "a stream cannot be read a second time"));
    }

    /** Reads on; a chunk of which nothing is missing is sent. */
    private Optional<Outcome> fill() throws IOException, InterruptedException {
        Filling now = filling.orElseGet(this::empty);
        boolean isWhole = input.read(now.payload());
        filling = isWhole ? Optional.empty() : Optional.of(now);
        return isWhole ? sendChunk(now.chunk(), now.payload()) : Optional.empty();
    }

    private Filling empty() {
        OptionalLong size = input.size();
        int wanted = size.isPresent() ? (int) Math.min(chunkBytes, size.getAsLong() - nextByte) : chunkBytes;
        ChunkBuffer chunk = free.remove();
        return new Filling(chunk, chunk.payload(wanted));
    }

    private Optional<Outcome> sendChunk(ChunkBuffer chunk, ByteBuffer payload)
            throws IOException, InterruptedException {
        OptionalLong size = input.size();
        int wanted = payload.limit();
        payload.flip();
        int length = payload.remaining();
        boolean last = size.isPresent() ? nextByte + length == size.getAsLong() : length < wanted;
        if (last || length < wanted) {
            Optional<Outcome> flaw = input.flaw().or(() -> last
                    ? Optional.empty()
                    : Optional.of(new Outcome.InputChanged(input.name(), "it ends at byte " + (nextByte + length))));
            if (flaw.isPresent()) {
                return Optional.of(aborted(flaw.get()));
            }
        }
        Crc32c crc32c = Crc32c.of(payload);
        SnapshotIdentity stamp = identity;
        if (identity.isStream()) {
            runningCrc32c = runningCrc32c.followedBy(crc32c, length);
            if (last) {
                stamp = new SnapshotIdentity(identity.sourceClusterId(), identity.database(), identity.lsn(), 0,
                        runningCrc32c);
            }
        }
        chunk.complete(stamp, nextByte, length, crc32c, last);
        link.send(chunk);
        unansweredMessages++;
        if (last) {
            lastChunkAt = nextByte;
        }
        nextByte += length;
        return Optional.empty();
    }

    private Outcome refused(Answer.Failure failure) throws IOException, InterruptedException {
        Outcome refused = new Outcome.Refused(failure, answeredBytes);
        // the CRC-32C of a stream is that of what was sent, whatever has happened to it since
        return input.size().isPresent() && failure.code().equals(ErrorCode.SNAPSHOT_CRC_MISMATCH.spelling())
                ? input.flaw().orElse(refused)
                : refused;
    }

    /** What the sidecar has is of no use to anybody; it is dropped there, or the link ends, or nobody answers. */
    private Outcome aborted(Outcome outcome) throws InterruptedException {
        link.send(new Control.Abort(identity.database()));
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

    boolean lastChunkIsSent() {
        return lastChunkAt != Long.MAX_VALUE;
    }

    private void report() {
        if (chunkBytes == 0) {
            progress.update(Phase.CONNECTING, 0, input.size());
        } else if (answeredBytes >= lastChunkAt) {
            progress.update(Phase.COMMITTING, nextByte, OptionalLong.of(nextByte));
        } else {
            progress.update(Phase.SENDING, answeredBytes, input.size());
        }
    }
}
